/** The names that an instance answers to, and what a person registers in the tenant. Pure. */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { PodAddress } from './plan-addresses.ts';

/** Register exactly this FQDN and port in the tenant, and point the name to the address. */
export interface Gateway {
  readonly fqdn: string;
  readonly port: number;
  readonly pod: string;
  /** Absent: the pod has none yet. */
  readonly address?: string;
}

type Named = Pick<RoutingState, 'pods' | 'trunks'>;

/** Every name that the certificate must cover, each once: those of the pods, then those of the trunks in order. */
export function fqdnsOf({ pods, trunks }: Named): readonly string[] {
  const ofTrunks = trunks.flatMap((trunk) => (trunk.kind === 'TeamsTrunk' ? trunk.fqdns : [])).toSorted();
  return [...new Set([...pods.map(({ fqdn }) => fqdn), ...ofTrunks])];
}

/** By trunk name, those of TeamsTrunks alone. */
export function gatewaysOf(
  state: Pick<RoutingState, 'pods' | 'trunks' | 'listeners'>,
  addresses: ReadonlyMap<number, PodAddress>,
): ReadonlyMap<string, readonly Gateway[]> {
  const ports = new Map(state.listeners.map(({ name, port }) => [name, port]));
  return new Map(
    state.trunks.flatMap((trunk) => {
      if (trunk.kind !== 'TeamsTrunk') return [];
      const gateways = state.pods.flatMap(({ name, ordinal }): Gateway[] => {
        const fqdn = trunk.fqdns[ordinal];
        const port = ports.get(trunk.listener);
        if (fqdn === undefined || port === undefined) return [];
        const address = addresses.get(ordinal)?.address;
        return [{ fqdn, port, pod: name, ...(address === undefined ? {} : { address }) }];
      });
      return [[trunk.name, gateways] as const];
    }),
  );
}
