/** The timers of RFC 3261 table 4 and RFC 6026 §8.4, named as there; how long one runs, in words that a machine can hold as constants. */
import { assertNever } from '../kernel/error.ts';
import type { RequestTimers } from './transaction-user.ts';

/** Timer Cancel has no letter in RFC 3261: §9.1 gives a cancelled INVITE 64*T1 for its final response. */
export type TimerName = `Timer ${'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'Cancel'}`;

export type Duration = 'T1' | 'T2' | 'T4' | '64*T1' | '32s' | 'doubled' | 'doubled-up-to-T2';

export interface StartTimer {
  readonly kind: 'start-timer';
  readonly timer: TimerName;
  readonly after: Duration;
}

export interface StopTimer {
  readonly kind: 'stop-timer';
  readonly timer: TimerName;
}

export const startTimer = (timer: TimerName, after: Duration): StartTimer => ({ kind: 'start-timer', timer, after });
export const stopTimer = (timer: TimerName): StopTimer => ({ kind: 'stop-timer', timer });

/** Timers A, E and G repeat a message; all others end a state. One of each kind runs at most in a transaction. */
export function isRetransmissionTimer(timer: TimerName): boolean {
  return timer === 'Timer A' || timer === 'Timer E' || timer === 'Timer G';
}

/** `lastMs` is what the same timer took before: only the doubled durations look at it. */
export function durationMs(duration: Duration, lastMs: number, timers: RequestTimers): number {
  switch (duration) {
    case 'T1':
      return timers.T1;
    case 'T2':
      return timers.T2;
    case 'T4':
      return timers.T4;
    case '64*T1':
      return 64 * timers.T1;
    case '32s':
      // RFC 3261 §17.1.1.2: the peer's T1 is unknown, so Timer D is never below 32 s.
      return Math.max(32_000, 64 * timers.T1);
    case 'doubled':
      return 2 * lastMs;
    case 'doubled-up-to-T2':
      return Math.min(2 * lastMs, timers.T2);
    default:
      return assertNever(duration);
  }
}
