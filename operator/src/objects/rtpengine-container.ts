/** The media relay: a native sidecar, so that it starts before the runtime, ends after it and outlives its crash. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { Container } from './kube-types.ts';
import { environment, lockedDown } from './container-parts.ts';
import { defaultImages } from './images.ts';

export const rtpengineContainer = 'rtpengine';

export function rtpengineProcess(instance: SbcInstance): Container {
  const { capacity, images, media, observability } = instance.spec;
  return {
    name: rtpengineContainer,
    image: images.rtpengine ?? defaultImages.rtpengine,
    // What makes it a native sidecar.
    restartPolicy: 'Always',
    args: [
      '--config-file=none',
      // The table of the kernel module; -1: none, packets go through RTPEngine itself. Without the module it does so too.
      `--table=${isInKernel(instance) ? '0' : '-1'}`,
      '--foreground',
      '--log-stderr',
      `--log-level=${String(logLevels[observability.logLevel])}`,
      ...(observability.logLevel === 'Debug' ? withoutKeys : []),
      '--interface=teams/$(POD_IP)',
      '--interface=pbx/$(POD_IP)',
      `--listen-ng=$(CONTROL_ADDRESS):${String(media.controlPort)}`,
      `--port-min=${String(media.portRange.start)}`,
      `--port-max=${String(media.portRange.end)}`,
      `--num-threads=${String(threads)}`,
      // The runtime deletes a call once; the ports are free again at that moment.
      '--delete-delay=0',
      '--timeout=60',
      '--silent-timeout=3600',
      `--max-sessions=${String(capacity.maxCalls)}`,
    ],
    env: environment(instance),
    securityContext: isInKernel(instance) ? { ...lockedDown(), ...rootOfTheModule } : lockedDown(),
  };
}

const isInKernel = ({ spec: { media } }: SbcInstance) => media.forwarding === 'Kernel';

/** The files of the module below /proc/rtpengine are root's, and it wants NET_ADMIN of whoever opens them. */
const rootOfTheModule = {
  runAsNonRoot: false,
  runAsUser: 0,
  runAsGroup: 0,
  capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
};

/** syslog numbers. RTPEngine writes several lines a call at 6; `Info` is 5 (notice). */
const logLevels = { Error: 3, Warn: 4, Info: 5, Debug: 7 } as const;

/** At 7 these parts write every SDP, keys of SRTP among it, and the beginnings of session keys. */
const withoutKeys = ['control', 'crypto', 'srtp'].map((part) => `--log-level-${part}=6`);

/** Its default is one for each core of the node, whatever the pod may use. */
const threads = 4;
