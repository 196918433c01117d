/** How late the event loop is: the longest delay of a timer since it was last asked. */
import type { Clock, Timer } from '../kernel/clock.ts';

const periodMs = 1_000;

export class LoopLag {
  readonly #clock: Clock;
  #dueMs = 0;
  #timer: Timer | undefined;
  #longestMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    this.#dueMs = this.#clock.nowMs() + periodMs;
    this.#timer = this.#clock.after(periodMs, () => {
      this.#longestMs = Math.max(this.#longestMs, this.#clock.nowMs() - this.#dueMs);
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Forgets it: the next answer is about what comes. */
  takeLongestMs(): number {
    const longest = this.#longestMs;
    this.#longestMs = 0;
    return longest;
  }
}
