/** The timers of one call: at most one of each kind runs. */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { CallTimer } from './call-state.ts';

export class CallTimers {
  readonly #clock: Clock;
  readonly #onTimer: (timer: CallTimer) => void;
  readonly #running: Record<CallTimer, Timer | undefined> = {
    ring: undefined,
    attempt: undefined,
    reinvite: undefined,
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
