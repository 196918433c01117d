/**
 * A hashed timer wheel, without a clock of its own. SIP starts and stops tens of thousands of timers a second, and
 * nearly all of them are cancelled: starting and cancelling are O(1), a tick costs what is in its slot.
 */
import type { Timer } from './clock.ts';

export const TICK_MS = 10;
/** 4096 slots of 10 ms are 41 s: every timer of RFC 3261 goes round at most once. A power of two. */
const SLOTS = 4096;

/** A member of its slot's doubly linked ring; the slot's head is one as well. */
class WheelTimer implements Timer {
  readonly dueMs: number;
  readonly dueTick: number;
  /** Undefined once fired or cancelled. */
  callback: (() => void) | undefined;
  /** Itself while outside a ring. */
  before: WheelTimer = this;
  behind: WheelTimer = this;

  constructor(dueMs: number, dueTick: number, callback?: () => void) {
    this.dueMs = dueMs;
    this.dueTick = dueTick;
    this.callback = callback;
  }

  unlink(): void {
    this.before.behind = this.behind;
    this.behind.before = this.before;
    this.before = this;
    this.behind = this;
  }

  linkBefore(head: WheelTimer): void {
    this.behind = head;
    this.before = head.before;
    head.before.behind = this;
    head.before = this;
  }
}

export class TimerWheel {
  readonly #onError: (error: unknown) => void;
  readonly #slots: readonly WheelTimer[] = Array.from({ length: SLOTS }, () => new WheelTimer(0, 0));
  /** Every tick up to and including this one has been worked off. */
  #doneTick: number;
  #pending = 0;

  /** `onError` is told what a callback threw; the other timers go on. */
  constructor(nowMs: number, onError: (error: unknown) => void) {
    this.#doneTick = Math.floor(nowMs / TICK_MS);
    this.#onError = onError;
  }

  /** Timers that are neither fired nor cancelled. */
  get pending(): number {
    return this.#pending;
  }

  start(nowMs: number, afterMs: number, callback: () => void): Timer {
    // An empty wheel is not turned: it takes up the time here.
    if (this.#pending === 0) this.#doneTick = Math.max(this.#doneTick, Math.floor(nowMs / TICK_MS));
    const dueMs = nowMs + Math.max(0, afterMs);
    // Rounded up, so that no timer is early; behind the tick that is being worked off, so that none is missed.
    const dueTick = Math.max(Math.ceil(dueMs / TICK_MS), this.#doneTick + 1);
    const timer = new WheelTimer(dueMs, dueTick, callback);
    const head = this.#slots[dueTick % SLOTS];
    if (head !== undefined) timer.linkBefore(head);
    this.#pending += 1;
    return timer;
  }

  cancel(timer: Timer): void {
    if (!(timer instanceof WheelTimer) || timer.callback === undefined) return;
    timer.callback = undefined;
    timer.unlink();
    this.#pending -= 1;
  }

  /** Fires what is due, tick by tick; timers of one tick in the order of their start. */
  turn(nowMs: number): void {
    const nowTick = Math.floor(nowMs / TICK_MS);
    while (this.#doneTick < nowTick && this.#pending > 0) {
      this.#doneTick += 1;
      this.#fireSlot(this.#doneTick);
    }
    this.#doneTick = Math.max(this.#doneTick, nowTick);
  }

  #fireSlot(tick: number): void {
    const head = this.#slots[tick % SLOTS];
    if (head === undefined || head.behind === head) return;
    // The due ones move to a ring of their own first: a callback may start, cancel or throw as it likes.
    const due = new WheelTimer(0, 0);
    for (let timer = head.behind; timer !== head;) {
      const { behind } = timer;
      if (timer.dueTick <= tick) {
        timer.unlink();
        timer.linkBefore(due);
      }
      timer = behind;
    }
    while (due.behind !== due) this.#fire(due.behind);
  }

  #fire(timer: WheelTimer): void {
    const { callback } = timer;
    timer.callback = undefined;
    timer.unlink();
    this.#pending -= 1;
    try {
      callback?.();
    } catch (error) {
      this.#onError(error);
    }
  }
}
