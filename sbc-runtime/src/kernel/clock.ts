/** Time as a dependency. The real one drives a timer wheel (`system-clock.ts`); tests move a virtual one (`virtual-clock.ts`). */

/** A started timer. Opaque: only the clock that made it can cancel it. */
export interface Timer {
  readonly dueMs: number;
}

export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  nowMs(): number;
  /** Wall clock in milliseconds since 1970, for dates that people and certificates use. */
  wallMs(): number;
  /** Calls `callback` once, not before `afterMs` have passed. An exception in it reaches the clock's `onError`, never the process. */
  after(afterMs: number, callback: () => void): Timer;
  /** Stops a timer; a timer that has fired or was cancelled is left alone. */
  cancel(timer: Timer): void;
}
