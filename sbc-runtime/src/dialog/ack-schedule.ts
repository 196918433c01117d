/**
 * When a 2xx to an INVITE is sent again while its ACK is missing (RFC 3261 §13.3.1.4): after T1, then twice as long each
 * time up to T2, whatever the transport; after 64*T1 the wait is over. Pure.
 */

export interface AckSchedule {
  /** Milliseconds until the next step. */
  readonly waitMs: number;
  /** The interval that `waitMs` was cut from, where the end comes first. */
  readonly intervalMs: number;
  /** Milliseconds since the 2xx was first sent, at the next step. */
  readonly elapsedMs: number;
}

export type AckStep = { readonly kind: 'retransmit'; readonly next: AckSchedule } | { readonly kind: 'give-up' };

export interface AckTimers {
  readonly T1: number;
  readonly T2: number;
}

export function startWaiting(timers: AckTimers): AckSchedule {
  return { waitMs: timers.T1, intervalMs: timers.T1, elapsedMs: timers.T1 };
}

/** What is due now that `waitMs` have passed. */
export function whenDue(schedule: AckSchedule, timers: AckTimers): AckStep {
  const endMs = 64 * timers.T1;
  if (schedule.elapsedMs >= endMs) return { kind: 'give-up' };
  const intervalMs = Math.min(2 * schedule.intervalMs, timers.T2);
  const waitMs = Math.min(intervalMs, endMs - schedule.elapsedMs);
  return { kind: 'retransmit', next: { waitMs, intervalMs, elapsedMs: schedule.elapsedMs + waitMs } };
}
