/** A clock that a test moves by hand. */
import type { Clock, Timer } from './clock.ts';

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #wallStartMs: number;
  readonly #entries = new Set<Entry>();

  constructor(wallStartMs = Date.UTC(2026, 0, 1)) {
    this.#wallStartMs = wallStartMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallStartMs + this.#nowMs;
  }

  after(afterMs: number, callback: () => void): Timer {
    const entry = { dueMs: this.#nowMs + afterMs, order: this.#order++, callback };
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  /** Moves on and fires what falls due, in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let entry = this.#next(endMs); entry !== undefined; entry = this.#next(endMs)) {
      this.#entries.delete(entry);
      this.#nowMs = entry.dueMs;
      entry.callback();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.dueMs > endMs) continue;
      if (
        first === undefined ||
        entry.dueMs < first.dueMs ||
        (entry.dueMs === first.dueMs && entry.order < first.order)
      ) {
        first = entry;
      }
    }
    return first;
  }
}
