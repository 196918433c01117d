/**
 * When a pod is asked next, and for how much. After a new document it is asked every 100 ms until it runs it, for a bounded
 * time; the whole report, which grows with the trunks, every ten seconds where no other period is set. Pure.
 */

export interface PollState {
  /** The document that the pod should run; undefined: none yet, nothing is waited for. */
  readonly wanted: string | undefined;
  /** Since when; a new pod: since it is known. */
  readonly wantedSinceMs: number;
  /** The document that it said it runs. */
  readonly hash: string | undefined;
  /** When it was last asked for the whole report; undefined: never. */
  readonly reportAskedMs: number | undefined;
  /** It said so: how many calls it still has is told. */
  readonly isDraining?: boolean | undefined;
  /** Kubernetes says that it is to stop. */
  readonly isGoing?: boolean | undefined;
  /** Questions without an answer in a row. */
  readonly failures: number;
  /** Between two whole reports. Default 10 s. */
  readonly reportMs?: number | undefined;
}

export interface NextPoll {
  readonly what: 'Report' | 'Summary';
  readonly inMs: number;
}

const REPORT_MS = 10_000;
/** A summary; the whole report comes as ever. */
const DRAINING_MS = 5000;
/** Until a pod that is to stop says that it drains: before that its number of calls may still grow. */
const GOING_MS = 1000;
const EAGER_MS = 100;
const EAGER_FOR_MS = 10_000;
const PATIENT_MS = 1000;
const PATIENT_FOR_MS = 120_000;
const MAX_BACK_OFF_MS = 10_000;

/** @param askedMs when the last question was asked; undefined: never */
export function nextPoll(state: PollState, askedMs: number | undefined, nowMs: number): NextPoll {
  const reportInMs = Math.max(0, (state.reportAskedMs ?? -Infinity) + (state.reportMs ?? REPORT_MS) - nowMs);
  if (state.failures > 0) {
    const backOffMs = Math.min(MAX_BACK_OFF_MS, EAGER_MS * 2 ** Math.min(state.failures, 10));
    // The first answer after a silence is a small one, whatever is due.
    return { what: 'Summary', inMs: Math.max(0, (askedMs ?? nowMs) + backOffMs - nowMs) };
  }
  const waitedMs = nowMs - state.wantedSinceMs;
  const isAsItShould = state.wanted === undefined || state.hash === state.wanted;
  if (isAsItShould || reportInMs === 0 || waitedMs > PATIENT_FOR_MS) {
    const countInMs = (askedMs ?? nowMs) + countMs(state) - nowMs;
    if (countInMs < reportInMs) return { what: 'Summary', inMs: Math.max(0, countInMs) };
    return { what: 'Report', inMs: reportInMs };
  }
  const everyMs = waitedMs < EAGER_FOR_MS ? EAGER_MS : PATIENT_MS;
  const summaryInMs = Math.max(0, (askedMs ?? -Infinity) + everyMs - nowMs);
  return summaryInMs < reportInMs ? { what: 'Summary', inMs: summaryInMs } : { what: 'Report', inMs: reportInMs };
}

function countMs({ isDraining, isGoing }: PollState): number {
  if (isDraining === true) return DRAINING_MS;
  return isGoing === true ? GOING_MS : Infinity;
}
