/** The targets that one call tries, in order. Pure. */
import type { Peer } from '../peers/peer.ts';
import type { Hop } from '../sip/hop.ts';
import type { Attempt } from './call-ports.ts';
import type { Failover } from './call-state.ts';

export interface Places {
  readonly peers: ReadonlyMap<string, Peer>;
  /** In the order in which to try them: those that are down last, those that are held not at all. */
  readonly orderTargets: (hops: readonly Hop[]) => readonly Hop[];
}

/** More targets than this are not tried in one call without a CallRoute, however many peers its route has. */
const MAX_ATTEMPTS = 8;
/** A CallRoute may name as many trunks; each of them has its turn. */
const MAX_ROUTED_ATTEMPTS = 16;

/** Trunk after trunk. */
export function simpleAttempts(trunks: readonly string[], { peers, orderTargets }: Places): readonly Attempt[] {
  const attempts: Attempt[] = [];
  for (const trunk of trunks) {
    const peer = peers.get(trunk);
    if (peer) for (const hop of orderTargets(peer.targets)) attempts.push({ peer, hop });
  }
  return attempts.slice(0, MAX_ATTEMPTS);
}

/** Of a CallRoute: trunks of which every target is down come last. The targets of one trunk stay together. */
export function routedAttempts(trunks: readonly string[], { peers, orderTargets }: Places): readonly Attempt[] {
  const byFirst = new Map<Hop, readonly Attempt[]>();
  for (const trunk of trunks) {
    const peer = peers.get(trunk);
    const hops = peer === undefined ? [] : orderTargets(peer.targets);
    const [first] = hops;
    if (peer !== undefined && first !== undefined)
      byFirst.set(
        first,
        hops.map((hop) => ({ peer, hop })),
      );
  }
  if (byFirst.size === 0) return [];
  const each = Math.max(1, Math.floor(MAX_ROUTED_ATTEMPTS / byFirst.size));
  const firsts = byFirst.size === 1 ? [...byFirst.keys()] : orderTargets([...byFirst.keys()]);
  return firsts.flatMap((first) => byFirst.get(first)?.slice(0, each) ?? []);
}

/** @param attempts as `routedAttempts` gives them */
export function failoverOf(attempts: readonly Attempt[], statuses: ReadonlySet<number>): Failover {
  const nextDestination = new Array<number>(attempts.length).fill(attempts.length);
  for (let at = attempts.length - 2; at >= 0; at--) {
    const isSame = attempts[at]?.peer === attempts[at + 1]?.peer;
    nextDestination[at] = isSame ? (nextDestination[at + 1] ?? attempts.length) : at + 1;
  }
  return { statuses, nextDestination };
}
