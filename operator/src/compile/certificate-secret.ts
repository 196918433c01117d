/** The `kubernetes.io/tls` Secret of an instance: the one it names, or the one that its Certificate is written to. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';

export function certificateSecret(instance: SbcInstance): string {
  return instance.spec.tls.secretRef?.name ?? `${instance.metadata.name}-tls`;
}
