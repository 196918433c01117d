/** The names of pods and trunks by ordinal (one FQDN, one address, one pod). Pure. */
import { podFqdn, trunkFqdn } from '@teams-sbc/crds';
import type { SbcInstance, TeamsTrunk } from '@teams-sbc/crds';

/** Pod name as a StatefulSet gives it. */
export function podName(instance: SbcInstance, ordinal: number): string {
  return `${instance.metadata.name}-${String(ordinal)}`;
}

/** What Teams calls this trunk on each pod, by ordinal; short where `fqdns` has fewer entries than there are pods. */
export function trunkFqdns(instance: SbcInstance, trunk: TeamsTrunk): string[] {
  return ordinals(instance)
    .map((ordinal) => trunkFqdn(trunk.spec, { fqdn: podFqdn(instance, ordinal), ordinal }))
    .filter((fqdn) => fqdn !== undefined);
}

export function ordinals(instance: SbcInstance): number[] {
  return Array.from({ length: instance.spec.replicas }, (_, ordinal) => ordinal);
}
