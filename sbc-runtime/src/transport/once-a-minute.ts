/**
 * Which lines of the log are due: one a minute for each key, and few a second of all. What anybody on the network can
 * repeat must not fill the log.
 */
import type { Clock } from '../kernel/clock.ts';
import { PerSecond } from '../kernel/per-second.ts';

const EVERY_MS = 60_000;
/** Lines of all keys together: who forges addresses has any number of keys. */
const MAX_LINES_A_SECOND = 20;
/** Keys whose last line is remembered, the oldest forgotten first: more than a minute has lines. */
const MAX_REMEMBERED = 512;

export class OnceAMinute {
  readonly #clock: Clock;
  readonly #loggedAtMs = new Map<string, number>();
  readonly #lines: PerSecond;
  #leftOut = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lines = new PerSecond(clock, MAX_LINES_A_SECOND);
  }

  /** Lines that were due but for the others of their second, since this was last asked; undefined: none. */
  takeLeftOut(): number | undefined {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut === 0 ? undefined : leftOut;
  }

  /** True: the line is to be written now, and not again for a minute. */
  isDue(key: string): boolean {
    const nowMs = this.#clock.nowMs();
    const lastMs = this.#loggedAtMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < EVERY_MS) return false;
    if (!this.#lines.take()) {
      this.#leftOut += 1;
      return false;
    }
    this.#loggedAtMs.delete(key);
    this.#loggedAtMs.set(key, nowMs);
    if (this.#loggedAtMs.size > MAX_REMEMBERED) {
      const oldest = this.#loggedAtMs.keys().next();
      if (oldest.done !== true) this.#loggedAtMs.delete(oldest.value);
    }
    return true;
  }
}
