/** What a pod has beside its containers, in a cluster and in local mode. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { PodSpec } from './kube-types.ts';
import { selectorLabels } from './labels.ts';

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
