/** Trunks of customers below a carrier's own (teams-direct-routing.md §2.9): who of them speaks for all. Pure. */
import type { TeamsTrunk } from '@teams-sbc/crds';
import type { TrunkState } from '@teams-sbc/crds/runtime';
import type { PodName } from './fqdns.ts';
import { trunkFqdns } from './fqdns.ts';
import type { Note } from './problem.ts';
import { refOf } from './problem.ts';
import type { Trunk } from './trunk.ts';

/** Registered as a domain in the customer's tenant, and no gateway of its own. */
export function isDerived(trunk: TeamsTrunk): boolean {
  return trunk.spec.subdomain !== undefined;
}

/** One for each derived trunk for whose FQDNs nobody sends OPTIONS: Microsoft would try them last, or not at all. */
export function orphanNotes(
  pods: readonly PodName[],
  trunks: readonly Trunk[],
  served: readonly TrunkState[],
): readonly Note[] {
  const probed = new Set(
    served.flatMap((trunk) => (trunk.kind === 'TeamsTrunk' && trunk.options.periodSeconds > 0 ? trunk.fqdns : [])),
  );
  const names = new Set(served.map(({ name }) => name));
  return trunks.flatMap((trunk) => {
    if (trunk.kind !== 'TeamsTrunk' || !isDerived(trunk) || !names.has(trunk.metadata.name)) return [];
    const silent = trunkFqdns(pods, trunk).map(baseOf);
    const base = silent.find((fqdn) => !probed.has(fqdn));
    if (base === undefined) return [];
    const message = `no OPTIONS are sent for ${base}, whose health decides whether Microsoft uses the subdomain ${trunk.spec.subdomain ?? ''} below it, add a TeamsTrunk without subdomain and fqdns for the tenant of the carrier`;
    return [{ object: refOf(trunk), message }];
  });
}

function baseOf(fqdn: string): string {
  return fqdn.slice(fqdn.indexOf('.') + 1);
}
