/**
 * When a runtime that drains hangs up what is left: after the time of the document in force, counted from the beginning, and
 * never later than its pod was made for, for Kubernetes kills it soon after that without a BYE.
 */
import type { Clock, Timer } from './kernel/clock.ts';

export interface DrainDeadlineDeps {
  readonly clock: Clock;
  /** What the pod was made for: `drain.timeoutSeconds` of that time. */
  readonly longestSeconds: number;
  /** At most once for each deadline; a later document may set another. */
  readonly onOver: () => void;
}

export class DrainDeadline {
  readonly #deps: DrainDeadlineDeps;
  #beganMs: number | undefined;
  #timer: Timer | undefined;

  constructor(deps: DrainDeadlineDeps) {
    this.#deps = deps;
  }

  /** Clock milliseconds; undefined: it does not drain. */
  get endsAtMs(): number | undefined {
    return this.#timer?.dueMs;
  }

  /** A second start changes nothing. */
  start(timeoutSeconds: number): void {
    if (this.#beganMs !== undefined) return;
    this.#beganMs = this.#deps.clock.nowMs();
    this.#set(this.#beganMs, timeoutSeconds);
  }

  /** The document in force says something else now. Nothing happens while it does not drain. */
  change(timeoutSeconds: number): void {
    if (this.#beganMs !== undefined) this.#set(this.#beganMs, timeoutSeconds);
  }

  /** Nothing is left to hang up. */
  cancel(): void {
    if (this.#timer !== undefined) this.#deps.clock.cancel(this.#timer);
  }

  #set(beganMs: number, timeoutSeconds: number): void {
    const { clock, longestSeconds, onOver } = this.#deps;
    this.cancel();
    const dueMs = beganMs + Math.min(timeoutSeconds, longestSeconds) * 1000;
    this.#timer = clock.after(Math.max(0, dueMs - clock.nowMs()), onOver);
  }
}
