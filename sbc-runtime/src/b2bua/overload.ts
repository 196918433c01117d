/**
 * When the processor is the limit: which share of the new calls is let in, so that nothing waits long. Pure. The measure is
 * the time that a message waits before it is read, the kernel's buffers included; the share follows it as the drop
 * probability of RFC 8033 follows its queue: by how late it is (then slowly), and by how fast that changes (at once).
 *
 *   Calm ── late ≥ ENTER for a while ──► Overloaded: the share moves; nobody is let in while late ≥ CLOSED
 *    ▲                            │
 *    └── a share of 1 for LEAVE ──┘
 */
export interface OverloadState {
  readonly isOverloaded: boolean;
  /** Of the new calls that are let in, 0 to 1; 1 while calm. */
  readonly share: number;
  /** Of the last sample. */
  readonly atMs: number;
  readonly sampledMs: number;
  /** What the last step went by. */
  readonly lateMs: number;
  /** What `share` comes back to once nobody is kept out any more. */
  readonly aim: number;
  /** Calm: since when it is too late; overloaded: since when everybody is let in. Undefined where it is not so. */
  readonly sinceMs: number | undefined;
}

export interface LatenessSample {
  readonly atMs: number;
  /** How long a message that is read now has waited. */
  readonly lateMs: number;
}

/** Half of T1. While calm, less is what a collector's work or a neighbour on the core does: it passes, and callers do not notice. */
const ENTER_MS = 250;
/** And for so long: after a pause what has piled up is gone sooner, unless the load is too much. */
const ENTER_AFTER_MS = 60;
/** Once we choose who waits: far below T1 (500 ms), where callers begin to send again and add to the load. */
const TARGET_MS = 30;
/** Refusing costs little: while nobody is let in, what waits is gone within a fraction of this. */
const CLOSED_MS = 100;
const LEAVE_MS = 2000;
/** The smallest share: from there it is 1 again within a second. */
const MIN_SHARE = 0.02;
/** Exponent of the share, per second and second late. */
const BY_LATENESS = 20;
/** Per second that the lateness grows. */
const BY_CHANGE = 5;
/** As good as nothing waits: the load has gone, so that the share grows by this exponent a second beyond the rest. */
const NOTHING_MS = 5;
const BY_NOTHING = 4;
/** A pause in the samples (nobody called, or we were stopped) is no reason for a jump. */
const MAX_STEP_MS = 100;

export const calm: OverloadState = {
  isOverloaded: false,
  share: 1,
  atMs: 0,
  sampledMs: 0,
  lateMs: 0,
  aim: 1,
  sinceMs: undefined,
};

export function nextOverload(state: OverloadState, { atMs, lateMs: sampledMs }: LatenessSample): OverloadState {
  // One late sample between good ones is a pause of ours, not a queue.
  const lateMs = Math.min(sampledMs, state.sampledMs);
  const now = { atMs, sampledMs, lateMs };
  if (!state.isOverloaded) {
    if (lateMs < ENTER_MS) return { ...calm, ...now };
    const sinceMs = state.sinceMs ?? state.atMs;
    if (atMs - sinceMs < ENTER_AFTER_MS) return { ...calm, ...now, sinceMs };
  }
  const aim = nextAim(state, now);
  const share = lateMs >= CLOSED_MS ? 0 : aim;
  if (share < 1) return { isOverloaded: true, ...now, share, aim, sinceMs: undefined };
  const sinceMs = state.sinceMs ?? atMs;
  return atMs - sinceMs >= LEAVE_MS ? { ...calm, ...now } : { isOverloaded: true, ...now, share, aim, sinceMs };
}

/** Multiplied, not moved by a sum: what a step does to the load is then the same at twice and at ten times too much. */
function nextAim(state: OverloadState, now: { readonly atMs: number; readonly lateMs: number }): number {
  const seconds = Math.min(MAX_STEP_MS, Math.max(0, now.atMs - state.atMs)) / 1000;
  const beforeMs = state.isOverloaded ? state.lateMs : TARGET_MS;
  const byLateness = (-BY_LATENESS * seconds * (now.lateMs - TARGET_MS)) / 1000;
  const byChange = (-BY_CHANGE * (now.lateMs - beforeMs)) / 1000;
  const byNothing = now.lateMs < NOTHING_MS ? BY_NOTHING * seconds : 0;
  return Math.min(1, Math.max(MIN_SHARE, state.aim * Math.exp(byLateness + byChange + byNothing)));
}
