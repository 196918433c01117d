/** Which lines of the log are due: one a minute for each key. What anybody on the network can repeat must not fill the log. */
import type { Clock } from '../kernel/clock.ts';

const EVERY_MS = 60_000;
/** Keys whose last line is remembered; the oldest is forgotten first. */
const MAX_REMEMBERED = 1024;

export class OnceAMinute {
  readonly #clock: Clock;
  readonly #loggedAtMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True: the line is to be written now, and not again for a minute. */
  isDue(key: string): boolean {
    const nowMs = this.#clock.nowMs();
    const lastMs = this.#loggedAtMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < EVERY_MS) return false;
    this.#loggedAtMs.delete(key);
    this.#loggedAtMs.set(key, nowMs);
    if (this.#loggedAtMs.size > MAX_REMEMBERED) {
      const oldest = this.#loggedAtMs.keys().next();
      if (oldest.done !== true) this.#loggedAtMs.delete(oldest.value);
    }
    return true;
  }
}
