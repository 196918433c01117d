/** The first response beyond 100 that a caller gets: the callee's, or in time our own (teams-direct-routing J-02). */
import type { Clock, Timer } from '../kernel/clock.ts';

export class FirstWord {
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #timer: Timer | undefined;
  #isHeard = false;

  /** `say` is called where nothing has been heard within so many milliseconds; undefined: never. */
  constructor(clock: Clock, withinMs: number | undefined, say: () => void) {
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.#timer = withinMs === undefined ? undefined : clock.after(withinMs, say);
  }

  /** Milliseconds since the INVITE; undefined from the second word on. */
  heard(): number | undefined {
    if (this.#isHeard) return undefined;
    this.#isHeard = true;
    if (this.#timer !== undefined) this.#clock.cancel(this.#timer);
    return this.#clock.nowMs() - this.#startedMs;
  }
}
