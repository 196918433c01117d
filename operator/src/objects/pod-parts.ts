/** What a pod has beside its containers, in a cluster and in local mode. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { PodSpec } from './kube-types.ts';
import { selectorLabels } from './labels.ts';

type SecurityContext = NonNullable<PodSpec['securityContext']>;

/** Not root, and nobody else's user either. */
const userId = 65532;
/** Kubernetes ends a pod after this; the runtime's own bound comes first, RTPEngine and the last BYEs need the rest. */
const graceSeconds = 30;

// A mesh that ends TLS would hide the peer's certificate and SNI from the runtime.
export const meshOptOut = { 'sidecar.istio.io/inject': 'false', 'linkerd.io/inject': 'disabled' } as const;

export function podSettings(instance: SbcInstance): Omit<PodSpec, 'containers'> {
  const { drain, network } = instance.spec;
  return {
    terminationGracePeriodSeconds: drain.timeoutSeconds + graceSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      seccompProfile: { type: 'RuntimeDefault' },
      ...lowPorts(instance),
    },
    ...(network.hostAliases.length > 0
      ? { hostAliases: network.hostAliases.map(({ ip, hostnames }) => ({ ip, hostnames: [...hostnames] })) }
      : {}),
    ...(network.mode === 'HostNetwork' ? hostNetwork(instance) : {}),
  };
}

/** A safe sysctl of the pod's own network, allowed by the Pod Security level `restricted`; the node's is not ours to set. */
function lowPorts({
  spec: { listeners, media, network, observability },
}: SbcInstance): Pick<SecurityContext, 'sysctls'> {
  const ports = [media.controlPort, observability.port, observability.statusPort, ...listeners.map(({ port }) => port)];
  if (network.mode === 'HostNetwork' || ports.every((port) => port >= 1024)) return {};
  return { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] };
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
