/** What the forks of a callee have said before any of them answered, for a 2xx that comes without SDP. Pure. */

/** RFC 3261 §13.2.1 lets a reliable 18x hold the answer; peers do it unreliably, and each fork under its own To tag. */
export interface EarlySdp {
  readonly tag: string;
  readonly sdp: string;
}

export const noEarlySdp: readonly EarlySdp[] = [];

/** Phones that ring at the same time; of more, the first ones are forgotten. */
const MAX_FORKS = 8;

/** Exchanges with the relay that early media of one call may cost; what comes later rings, and no more. */
const MAX_RELAYED = 8;

export function mayRelay(relayed: readonly EarlySdp[]): boolean {
  return relayed.length < MAX_RELAYED;
}

/** Whether that fork has said the very same before: it repeats itself (RFC 3261 §13.3.1.1: each minute). */
export function hasSaid(said: readonly EarlySdp[], { tag, sdp }: EarlySdp): boolean {
  return said.some((each) => each.tag === tag && each.sdp === sdp);
}

/** The newest last; one of each fork. */
export function withEarlySdp(early: readonly EarlySdp[], latest: EarlySdp): readonly EarlySdp[] {
  return [...early.filter(({ tag }) => tag !== latest.tag), latest].slice(-MAX_FORKS);
}

/** What the fork that answers has said, else what was said last. */
export function earlySdpOf(early: readonly EarlySdp[], tag: string | undefined): string | undefined {
  return (early.find((each) => each.tag === tag) ?? early.at(-1))?.sdp;
}
