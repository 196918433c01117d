/** Time that stands still until a test moves it. Timers fire in order of their due time, then in order of their start. */
import type { Clock, Timer } from './clock.ts';

class VirtualTimer implements Timer {
  readonly dueMs: number;
  readonly order: number;
  /** Undefined once fired or cancelled. */
  callback: (() => void) | undefined;

  constructor(dueMs: number, order: number, callback: () => void) {
    this.dueMs = dueMs;
    this.order = order;
    this.callback = callback;
  }
}

const isBefore = (a: VirtualTimer, b: VirtualTimer) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/** 2026-01-01T00:00:00Z: a date that fails loudly where a test forgets to set one. */
const DEFAULT_START_WALL_MS = Date.UTC(2026, 0, 1);

/**
 * A binary heap of timers. An exception in a callback comes out of `advance` or `runNext`, so that a test fails where
 * it happened; the timers behind it stay pending.
 */
export class VirtualClock implements Clock {
  readonly #startWallMs: number;
  readonly #heap: VirtualTimer[] = [];
  #nowMs = 0;
  #started = 0;
  #pending = 0;

  constructor(startWallMs: number = DEFAULT_START_WALL_MS) {
    this.#startWallMs = startWallMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#startWallMs + this.#nowMs;
  }

  /** Timers that are neither fired nor cancelled. */
  get pending(): number {
    return this.#pending;
  }

  after(afterMs: number, callback: () => void): Timer {
    const timer = new VirtualTimer(this.#nowMs + Math.max(0, afterMs), this.#started++, callback);
    this.#push(timer);
    this.#pending += 1;
    return timer;
  }

  cancel(timer: Timer): void {
    if (!(timer instanceof VirtualTimer) || timer.callback === undefined) return;
    timer.callback = undefined;
    this.#pending -= 1;
  }

  /** Moves time forward by `ms`; fires what becomes due, also the timers that those start. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let due = this.nextDueMs(); due !== undefined && due <= untilMs; due = this.nextDueMs()) this.runNext();
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** When the next timer is due, in the clock's own milliseconds; undefined where none is pending. */
  nextDueMs(): number | undefined {
    return this.#first()?.dueMs;
  }

  /** Moves time to the next timer and fires it. False where none is pending. */
  runNext(): boolean {
    const timer = this.#first();
    if (timer === undefined) return false;
    this.#pop();
    const { callback } = timer;
    timer.callback = undefined;
    this.#pending -= 1;
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    callback?.();
    return true;
  }

  /** The earliest live timer; drops cancelled ones on the way. */
  #first(): VirtualTimer | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].callback === undefined) this.#pop();
    return this.#heap[0];
  }

  #push(timer: VirtualTimer): void {
    let at = this.#heap.push(timer) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || !isBefore(timer, parent)) break;
      this.#heap[at] = parent;
      at = above;
    }
    this.#heap[at] = timer;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || !isBefore(child, last)) break;
      this.#heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    this.#heap[at] = last;
  }
}
