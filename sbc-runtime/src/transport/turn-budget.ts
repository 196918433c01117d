/**
 * How much the stream connections of a layer may do in one turn of the event loop. A peer that sends faster than we work
 * must not keep timers, UDP and the other peers waiting: who is over the budget goes on in a later turn, in its order.
 */
import type { Clock } from '../kernel/clock.ts';

export interface TurnBudgetOptions {
  readonly clock: Clock;
  readonly limits: { readonly turnMs: number; readonly turnWork: number };
  /** Calls back in the next turn of the event loop; `setImmediate` fits. */
  later(callback: () => void): void;
}

/** Told once for each `wait`. */
export interface Waiter {
  goOn(): void;
}

/** So much is done before the clock is read and a turn's end is waited for: in quiet times neither happens. */
const FREE_WORK = 16;
/** How often the clock is read from then on. */
const LOOK_EVERY = 4;
/** What one waiting connection may do before it is the next one's turn. */
const SLICE = 16;
/** Octets of a message that count as one more. */
const WORK_BYTES_LOG2 = 12;

/** 1 for a message, and 1 more for each 4 KiB. */
export const workOf = (octets: number) => 1 + (octets >>> WORK_BYTES_LOG2);

export class TurnBudget {
  readonly #options: TurnBudgetOptions;
  /** In the order in which they go on. */
  readonly #waiting = new Set<Waiter>();
  readonly #onTurn = () => this.#turn();
  #spent = 0;
  #nextLook = FREE_WORK;
  #sliceEnd = Number.POSITIVE_INFINITY;
  #startMs = 0;
  #isOver = false;
  #isArmed = false;

  constructor(options: TurnBudgetOptions) {
    this.#options = options;
  }

  /** True once nothing more is to be begun in this turn. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** After each piece of work. True: it was the last one of the caller in this turn, who may `wait`. */
  spend(work: number): boolean {
    this.#spent += work;
    return this.#spent >= this.#nextLook && this.#look();
  }

  wait(waiter: Waiter): void {
    this.#waiting.add(waiter);
    this.#arm();
  }

  forget(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }

  #look(): boolean {
    const { clock, limits } = this.#options;
    if (this.#isArmed)
      this.#isOver ||= this.#spent >= limits.turnWork || clock.nowMs() - this.#startMs >= limits.turnMs;
    else this.#arm();
    this.#nextLook = this.#isOver ? 0 : Math.min(this.#spent + LOOK_EVERY, this.#sliceEnd);
    return this.#isOver || this.#spent >= this.#sliceEnd;
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#startMs = this.#options.clock.nowMs();
    this.#options.later(this.#onTurn);
  }

  /** The waiting ones have a budget of their own: what others read afterwards, in the same turn, is not made to queue behind them. */
  #turn(): void {
    this.#begin();
    try {
      // Those that wait again come round again while there is time.
      for (const waiter of this.#waiting) {
        this.#waiting.delete(waiter);
        this.#sliceEnd = this.#spent + SLICE;
        this.#nextLook = Math.min(this.#nextLook, this.#sliceEnd);
        waiter.goOn();
        if (this.#isOver) break;
      }
    } finally {
      this.#sliceEnd = Number.POSITIVE_INFINITY;
      this.#begin();
      this.#nextLook = FREE_WORK;
      this.#isArmed = false;
      if (this.#waiting.size > 0) this.#arm();
    }
  }

  #begin(): void {
    this.#spent = 0;
    this.#nextLook = LOOK_EVERY;
    this.#isOver = false;
    this.#startMs = this.#options.clock.nowMs();
  }
}
