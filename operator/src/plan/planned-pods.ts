/** The pods of an instance, one FQDN and one address each (Teams refuses several addresses behind one name). Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';

export interface PlannedPod {
  readonly name: string;
  readonly ordinal: number;
  readonly fqdn: string;
  /** The public address; absent where the cluster gives the pod its address. */
  readonly address?: string;
  /** What the sockets are bound to: `bindAddress`, else `address`. */
  readonly bindAddress?: string;
}

export function plannedPods(instance: SbcInstance, state: RoutingState): PlannedPod[] {
  const addresses = instance.spec.network.addresses;
  return state.pods.map(({ name, ordinal, fqdn }) => {
    const entry = addresses[ordinal];
    if (entry === undefined) return { name, ordinal, fqdn };
    return { name, ordinal, fqdn, address: entry.address, bindAddress: entry.bindAddress ?? entry.address };
  });
}
