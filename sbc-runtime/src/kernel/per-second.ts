/** So many a second: the first ones of each second get through. */
import type { Clock } from './clock.ts';

const SECOND_MS = 1000;

export class PerSecond {
  readonly #clock: Clock;
  readonly #most: number;
  #startMs = Number.NEGATIVE_INFINITY;
  #taken = 0;

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** True: there was a place in this second, and it is taken now. A second begins with the first that is taken after the one before. */
  take(): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#startMs >= SECOND_MS) {
      this.#startMs = nowMs;
      this.#taken = 0;
    }
    if (this.#taken >= this.#most) return false;
    this.#taken += 1;
    return true;
  }
}
