/** The pod of an instance: the runtime, and RTPEngine as a native sidecar so that media outlives a crash of the SIP process. Pure. */
import type { Container, EnvVar, PodSpec, PodTemplate } from './kube-types.ts';
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { isControlOnPodAddress } from './control-address.ts';
import { defaultImages } from './images.ts';
import { instanceLabels, selectorLabels } from './labels.ts';
import { paths } from './paths.ts';
import { podVolumes } from './pod-volumes.ts';

export const runtimeContainer = 'runtime';
export const rtpengineContainer = 'rtpengine';

/** Not root, and nobody else's user either. */
const userId = 65532;
/** Kubernetes ends a pod after this; the runtime's own bound comes first, RTPEngine and the last BYEs need the rest. */
const graceSeconds = 30;

export function podTemplate(instance: SbcInstance, state: RoutingState): PodTemplate {
  return {
    metadata: {
      labels: instanceLabels(instance),
      // A mesh that ends TLS would hide the peer's certificate and SNI from the runtime.
      annotations: { 'sidecar.istio.io/inject': 'false', 'linkerd.io/inject': 'disabled' },
    },
    spec: podSpec(instance, state),
  };
}

function podSpec(instance: SbcInstance, state: RoutingState): PodSpec {
  const { media, drain, network } = instance.spec;
  const { volumes, mounts } = podVolumes(instance, state);
  const runtime: Container = {
    ...runtimeProcess(instance, state),
    volumeMounts: mounts,
  };
  return {
    ...(media.engine === 'RTPEngine' ? { initContainers: [rtpengine(instance)] } : {}),
    containers: [runtime],
    volumes,
    terminationGracePeriodSeconds: drain.timeoutSeconds + graceSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(network.hostAliases.length > 0
      ? { hostAliases: network.hostAliases.map(({ ip, hostnames }) => ({ ip, hostnames: [...hostnames] })) }
      : {}),
    ...(network.mode === 'HostNetwork' ? hostNetwork(instance) : {}),
  };
}

/** Pods that use the addresses of their node: two of one instance must not meet on one. */
function hostNetwork(instance: SbcInstance): Partial<PodSpec> {
  return {
    hostNetwork: true,
    dnsPolicy: 'ClusterFirstWithHostNet',
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: selectorLabels(instance) }, topologyKey: 'kubernetes.io/hostname' },
        ],
      },
    },
  };
}

function runtimeProcess(instance: SbcInstance, state: RoutingState): Container {
  const { images, media, observability } = instance.spec;
  const probe = (path: string) => ({ httpGet: { path, port: 'http' }, timeoutSeconds: 2 });
  return {
    name: runtimeContainer,
    image: images.runtime ?? defaultImages.runtime,
    args: [
      '--pod-name=$(POD_NAME)',
      '--bind-address=$(POD_IP)',
      `--state-directory=${paths.state}`,
      `--secrets-directory=${paths.secrets}`,
      `--trust-directory=${paths.trust}`,
      `--hosts-file=${paths.hosts}`,
      ...(media.engine === 'RTPEngine' ? [`--relay=$(CONTROL_ADDRESS):${String(media.controlPort)}`] : []),
      `--http-port=${String(observability.port)}`,
      `--admin-socket=${paths.adminSocket}`,
    ],
    // V8 lets its young generation grow to 16 MiB a half with the calls held: half of what a further call seems to cost.
    env: [...environment(instance), { name: 'NODE_OPTIONS', value: '--max-semi-space-size=4' }],
    ports: [
      { name: 'http', containerPort: observability.port, protocol: 'TCP' },
      ...state.listeners.map((listener) => ({
        name: listener.name,
        containerPort: listener.port,
        protocol: listener.protocol === 'UDP' ? 'UDP' : 'TCP',
      })),
    ],
    livenessProbe: { ...probe('/livez'), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 2, failureThreshold: 1 },
    securityContext: lockedDown(),
  };
}

function rtpengine(instance: SbcInstance): Container {
  const { capacity, images, media, observability } = instance.spec;
  return {
    name: rtpengineContainer,
    image: images.rtpengine ?? defaultImages.rtpengine,
    // What makes it a native sidecar: it starts before the runtime, and ends after it.
    restartPolicy: 'Always',
    args: [
      '--config-file=none',
      // Userspace forwarding: the kernel module would have to be on every node.
      '--table=-1',
      '--foreground',
      '--log-stderr',
      `--log-level=${String(rtpengineLogLevels[observability.logLevel])}`,
      '--interface=teams/$(POD_IP)',
      '--interface=pbx/$(POD_IP)',
      `--listen-ng=$(CONTROL_ADDRESS):${String(media.controlPort)}`,
      `--port-min=${String(media.portRange.start)}`,
      `--port-max=${String(media.portRange.end)}`,
      `--num-threads=${String(rtpengineThreads)}`,
      // The runtime deletes a call once; the ports are free again at that moment.
      '--delete-delay=0',
      '--timeout=60',
      '--silent-timeout=3600',
      `--max-sessions=${String(capacity.maxCalls)}`,
    ],
    env: environment(instance),
    securityContext: lockedDown(),
  };
}

/** syslog numbers. RTPEngine writes several lines a call at 6; `Info` is 5 (notice). */
const rtpengineLogLevels = { Error: 3, Warn: 4, Info: 5, Debug: 7 } as const;

/** Its default is one for each core of the node, whatever the pod may use. */
const rtpengineThreads = 4;

function environment(instance: SbcInstance): EnvVar[] {
  return [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'CONTROL_ADDRESS', value: isControlOnPodAddress(instance) ? '$(POD_IP)' : '127.0.0.1' },
  ];
}

function lockedDown() {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  };
}
