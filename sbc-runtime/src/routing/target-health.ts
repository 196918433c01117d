/**
 * The health of one target of a trunk, such as one of Microsoft's data centres. Pure.
 *
 *   Unknown ──answer──► Up ──silence, or nobody there──► Down ──answer──► Up
 *      any ──503 with Retry-After──► held: Down until that has passed, whatever OPTIONS says (RFC 3261 §21.5.4)
 *      any ──503 without──► Down like a target that refuses: tried last, never skipped (the same paragraph: as on 500)
 */

export type TargetStatus = 'Unknown' | 'Up' | 'Down';

export interface TargetHealth {
  readonly status: TargetStatus;
  /** Clock milliseconds; no call goes there before. 0: not held since it was up last. */
  readonly heldUntilMs: number;
  /** Clock milliseconds; a target that is down counts as unknown again from then on, since nobody may probe it. */
  readonly downUntilMs: number;
  /** Seconds between OPTIONS to it; 0 while none was sent. */
  readonly periodSeconds: number;
  /** Of OPTIONS; of a call only where that is why it is down. */
  readonly lastStatus: number | undefined;
  readonly lastAnsweredAtMs: number | undefined;
  /** Why the last request failed without a response: `connection refused`, `untrusted-root`, … */
  readonly lastFailure: string | undefined;
}

export type TargetEvent =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfterSeconds: number | undefined;
      /** The request was no OPTIONS. */
      readonly isOfCall?: boolean;
    }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unreachable'; readonly reason: string };

export const unknownTarget: TargetHealth = {
  status: 'Unknown',
  heldUntilMs: 0,
  downUntilMs: 0,
  periodSeconds: 0,
  lastStatus: undefined,
  lastAnsweredAtMs: undefined,
  lastFailure: undefined,
};

/** Down for longer than the OPTIONS period: a target that is probed stays down as long as its probes fail. */
const DOWN_PERIODS = 1.5;
const MIN_DOWN_MS = 90_000;
/** A peer cannot take itself away for longer than this with one response. */
const MAX_HOLD_SECONDS = 3600;

export function stepTarget(target: TargetHealth, event: TargetEvent, nowMs: number): TargetHealth {
  switch (event.kind) {
    case 'answered': {
      const seen = {
        ...target,
        lastStatus: lastStatus(target, event),
        lastAnsweredAtMs: nowMs,
        lastFailure: undefined,
      };
      if (event.status === 503) {
        const holdSeconds = Math.min(event.retryAfterSeconds ?? 0, MAX_HOLD_SECONDS);
        if (holdSeconds === 0) return { ...seen, status: 'Down', downUntilMs: downUntilMs(target, nowMs) };
        return { ...seen, status: 'Down', heldUntilMs: Math.max(target.heldUntilMs, nowMs + holdSeconds * 1000) };
      }
      return nowMs < target.heldUntilMs ? seen : { ...seen, status: 'Up', heldUntilMs: 0 };
    }
    // One is enough: it has lasted for seconds, over retransmissions, and a target that is down is tried last, not skipped.
    case 'silent':
      return failed(target, 'no answer', nowMs);
    case 'unreachable':
      return failed(target, event.reason, nowMs);
  }
}

/** What a call is answered is the called person's affair, and another one with every call. */
function lastStatus(target: TargetHealth, { status, isOfCall = false }: TargetEvent & { kind: 'answered' }) {
  if (!isOfCall || status === 503) return status;
  return target.status === 'Up' ? target.lastStatus : undefined;
}

function failed(target: TargetHealth, lastFailure: string, nowMs: number): TargetHealth {
  return { ...target, status: 'Down', downUntilMs: downUntilMs(target, nowMs), lastFailure };
}

function downUntilMs(target: TargetHealth, nowMs: number): number {
  return nowMs + Math.max(MIN_DOWN_MS, target.periodSeconds * 1000 * DOWN_PERIODS);
}

/** Tried after the others. */
export function isDown(target: TargetHealth, nowMs: number): boolean {
  return target.status === 'Down' && nowMs < target.downUntilMs;
}

export function isHeld(target: TargetHealth, nowMs: number): boolean {
  return nowMs < target.heldUntilMs;
}
