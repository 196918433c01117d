/** The names of pods and trunks by ordinal (one FQDN, one address, one pod). Pure. */
import { podFqdn, trunkFqdn } from '@teams-sbc/crds';
import type { SbcInstance, TeamsTrunk } from '@teams-sbc/crds';

/** Pod name as a StatefulSet gives it. */
export function podName(instance: SbcInstance, ordinal: number): string {
  return `${instance.metadata.name}-${String(ordinal)}`;
}

/** One pod, as far as names go. */
export interface PodName {
  readonly ordinal: number;
  readonly fqdn: string;
}

/** By ordinal. */
export function podNames(instance: SbcInstance): readonly PodName[] {
  return ordinals(instance).map((ordinal) => ({ ordinal, fqdn: podFqdn(instance, ordinal) }));
}

/** What Teams calls this trunk on each pod, by ordinal; short where `fqdns` has fewer entries than there are pods. */
export function trunkFqdns(pods: readonly PodName[], trunk: TeamsTrunk): string[] {
  return pods.map((pod) => trunkFqdn(trunk.spec, pod)).filter((fqdn) => fqdn !== undefined);
}

export function ordinals(instance: SbcInstance): number[] {
  return Array.from({ length: instance.spec.replicas }, (_, ordinal) => ordinal);
}
