/** The container that speaks SIP: what is the same in a cluster and in local mode. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { ListenerState } from '@teams-sbc/crds/runtime';
import type { Container } from './kube-types.ts';
import { environment, lockedDown } from './container-parts.ts';
import { defaultImages } from './images.ts';
import { paths } from './paths.ts';

export const runtimeContainer = 'runtime';

/** Where the process reads what it is told; in a cluster the mirror writes there, in local mode they are mounted. */
export interface Inputs {
  readonly state: string;
  readonly secrets: string;
  readonly trust: string;
}

export function runtimeProcess(
  instance: SbcInstance,
  listeners: readonly ListenerState[],
  inputs: Inputs,
): Container & { readonly args: string[] } {
  const { drain, images, media, observability } = instance.spec;
  const probe = (path: string) => ({ httpGet: { path, port: 'http' }, timeoutSeconds: 2 });
  return {
    name: runtimeContainer,
    image: images.runtime ?? defaultImages.runtime,
    args: [
      '--pod-name=$(POD_NAME)',
      '--bind-address=$(POD_IP)',
      `--state-directory=${inputs.state}`,
      `--secrets-directory=${inputs.secrets}`,
      `--trust-directory=${inputs.trust}`,
      `--hosts-file=${paths.hosts}`,
      ...(media.engine === 'RTPEngine' ? [`--relay=$(CONTROL_ADDRESS):${String(media.controlPort)}`] : []),
      `--http-port=${String(observability.port)}`,
      `--admin-socket=${paths.adminSocket}`,
      `--journal-directory=${paths.journal}`,
      `--longest-drain-seconds=${String(drain.timeoutSeconds)}`,
    ],
    // V8 lets its young generation grow to 16 MiB a half with the calls held: half of what a further call seems to cost.
    env: [...environment(instance), { name: 'NODE_OPTIONS', value: '--max-semi-space-size=4' }],
    ports: [
      { name: 'http', containerPort: observability.port, protocol: 'TCP' },
      ...listeners.map((listener) => ({
        name: listener.name,
        containerPort: listener.port,
        protocol: listener.protocol === 'UDP' ? 'UDP' : 'TCP',
      })),
    ],
    // A process that hangs drains nothing: it is not given the hours of a pod that is to stop.
    livenessProbe: { ...probe('/livez'), periodSeconds: 10, failureThreshold: 6, terminationGracePeriodSeconds: 5 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 2, failureThreshold: 1 },
    securityContext: lockedDown(),
  };
}
