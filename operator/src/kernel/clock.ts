/** Time as a dependency; the same shape as the runtime's port. Only this room owns timers and the wall clock. */

/** A started timer. Opaque: only the clock that made it can cancel it. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  nowMs(): number;
  /** Wall clock in milliseconds since 1970, for the dates of certificates. */
  wallMs(): number;
  /** Calls `callback` once, not before `afterMs` have passed. */
  after(afterMs: number, callback: () => void): Timer;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (afterMs, callback) => {
    const handle = setTimeout(callback, afterMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `ms` of the clock. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
