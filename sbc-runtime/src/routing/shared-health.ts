/**
 * Whose health counts. Teams: a customer's trunk below a carrier's sends no OPTIONS, the carrier's does to the same data
 * centres (teams-direct-routing.md §2.9); what either meets there is the data centre's doing. Pure.
 */
import type { Hop } from '../sip/hop.ts';

/** A trunk, as far as health asks. */
export interface ProbedTrunk {
  readonly side: string;
  /** Who we are there: `customer1.sbc.example.com:5061`. */
  readonly identity: { readonly listener: string; readonly sentBy: string };
  readonly targets: readonly Hop[];
  /** 0: nobody probes them for this trunk. */
  readonly optionsPeriodSeconds: number;
}

/** From the targets of derived trunks to those of the trunks they derive from. All others stand for themselves. */
export function sharedHealth(trunks: Iterable<ProbedTrunk>): ReadonlyMap<Hop, Hop> {
  const teams = [...trunks].filter(({ side }) => side === 'teams');
  const probed = teams.filter(({ optionsPeriodSeconds }) => optionsPeriodSeconds > 0);
  const bases = new Map(probed.map((trunk) => [trunk.identity.sentBy, trunk]));
  const shared = new Map<Hop, Hop>();
  for (const derived of teams) {
    if (derived.optionsPeriodSeconds > 0) continue;
    const { listener, sentBy } = derived.identity;
    const base = bases.get(sentBy.slice(sentBy.indexOf('.') + 1));
    if (base?.identity.listener !== listener) continue;
    for (const hop of derived.targets) {
      const same = base.targets.find(({ host, port }) => host === hop.host && port === hop.port);
      if (same !== undefined) shared.set(hop, same);
    }
  }
  return shared;
}
