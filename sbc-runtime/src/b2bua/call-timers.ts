/** The timers of one call: at most one of each kind runs. */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { CallTimer, Unsettled } from './call-state.ts';

/** No response of any kind, not even 100, for this long: the next target is tried (teams-direct-routing I-12). */
const ATTEMPT_TIMEOUT_MS = 4000;
/** 64*T1, as long as any transaction waits: a peer that says 100 and nothing more must not block re-INVITEs for ever. */
const REINVITE_TIMEOUT_MS = 32_000;
/**
 * RFC 3261 §14.1: who made the Call-ID (we, towards the callee) waits 2.1 to 4 s after glare, the other one less than 2 s.
 * The peer draws lots; any place within our range will do.
 */
const GLARE_MS = { asOwner: 3000, asOther: 1000 };

export function durationMs(timer: CallTimer, ringTimeoutMs: number, unsettled: Unsettled | undefined): number {
  switch (timer) {
    case 'ring':
      return ringTimeoutMs;
    case 'attempt':
      return ATTEMPT_TIMEOUT_MS;
    case 'reinvite':
      return REINVITE_TIMEOUT_MS;
    case 'glare':
      return unsettled?.leg === 'caller' ? GLARE_MS.asOwner : GLARE_MS.asOther;
  }
}

export class CallTimers {
  readonly #clock: Clock;
  readonly #onTimer: (timer: CallTimer) => void;
  readonly #running: Record<CallTimer, Timer | undefined> = {
    ring: undefined,
    attempt: undefined,
    reinvite: undefined,
    glare: undefined,
  };

  constructor(clock: Clock, onTimer: (timer: CallTimer) => void) {
    this.#clock = clock;
    this.#onTimer = onTimer;
  }

  isRunning(timer: CallTimer): boolean {
    return this.#running[timer] !== undefined;
  }

  /** One that runs already starts anew. */
  start(timer: CallTimer, afterMs: number): void {
    this.stop(timer);
    this.#running[timer] = this.#clock.after(afterMs, () => {
      this.#running[timer] = undefined;
      this.#onTimer(timer);
    });
  }

  stop(timer: CallTimer): void {
    const running = this.#running[timer];
    if (running) this.#clock.cancel(running);
    this.#running[timer] = undefined;
  }
}
