/** Real time: a timer wheel that one Node timer turns, and no Node timer while the wheel is empty. */
import type { Clock, Timer } from './clock.ts';
import { TICK_MS, TimerWheel } from './timer-wheel.ts';

export interface SystemClockOptions {
  /** Told what a timer's callback threw; the other timers go on. */
  readonly onError: (error: unknown) => void;
}

class SystemClock implements Clock {
  readonly #wheel: TimerWheel;
  #driver: NodeJS.Timeout | undefined;

  constructor(options: SystemClockOptions) {
    this.#wheel = new TimerWheel(performance.now(), options.onError);
  }

  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  after(afterMs: number, callback: () => void): Timer {
    const timer = this.#wheel.start(performance.now(), afterMs, callback);
    if (this.#wheel.pending === 1) this.#wake();
    return timer;
  }

  cancel(timer: Timer): void {
    this.#wheel.cancel(timer);
    // Not stopped here: a wheel that empties and fills with every message would start a Node timer with each.
    if (this.#wheel.pending === 0) this.#driver?.unref();
  }

  #wake(): void {
    if (this.#driver !== undefined) {
      this.#driver.ref();
      return;
    }
    this.#driver = setInterval(() => {
      this.#turn();
    }, TICK_MS);
  }

  #turn(): void {
    this.#wheel.turn(performance.now());
    if (this.#wheel.pending > 0) return;
    clearInterval(this.#driver);
    this.#driver = undefined;
  }
}

/**
 * The process's clock. Ticks of 10 ms, never early. A pending timer keeps the process alive, as Node's own do; an empty
 * clock does not.
 */
export function systemClock(options: SystemClockOptions): Clock {
  return new SystemClock(options);
}

/** `callback` runs once the sockets that are readable now have been read, and before they are read again. */
export function inNextTurn(callback: () => void): void {
  setImmediate(callback);
}
