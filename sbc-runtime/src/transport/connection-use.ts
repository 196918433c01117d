/** Whether a connection is in use: when it last was, how many exchanges are open on it, and its turn among the idle ones of its address. */
import { exchangeOf } from './message-kind.ts';
import type { QueuesByAddress } from './queues-by-address.ts';

/** Its turn is that much out of date at most: one octet at a time shall not cost a move each. */
const TURN_MS = 1000;

export class ConnectionUse<Connection extends { readonly address: string }> {
  readonly #connection: Connection;
  /** Undefined: it never gives way to another one. */
  readonly #idle: QueuesByAddress<Connection> | undefined;
  #lastMs: number;
  #turnMs: number;
  /** Requests without a final response, either way. Approximate: what repeats over a reliable transport counts twice. */
  #exchanges = 0;
  #isOver = false;

  constructor(connection: Connection, idle: QueuesByAddress<Connection> | undefined, nowMs: number) {
    this.#connection = connection;
    this.#idle = idle;
    this.#lastMs = nowMs;
    this.#turnMs = nowMs;
    idle?.add(connection);
  }

  get exchanges(): number {
    return this.#exchanges;
  }

  silentMs(nowMs: number): number {
    return nowMs - this.#lastMs;
  }

  /** Octets came or went. */
  note(nowMs: number): void {
    this.#lastMs = nowMs;
    if (this.#exchanges === 0 && nowMs - this.#turnMs >= TURN_MS) this.#takeTurn();
  }

  /** A message of that kind came or went. */
  count(kind: string): void {
    const before = this.#exchanges;
    this.#exchanges = Math.max(0, before + exchangeOf(kind));
    if (before === 0 && this.#exchanges > 0) this.#idle?.delete(this.#connection);
    else if (before > 0 && this.#exchanges === 0) this.#takeTurn();
  }

  /** It is closing: nothing makes it idle again. */
  end(): void {
    this.#isOver = true;
    this.#idle?.delete(this.#connection);
  }

  #takeTurn(): void {
    this.#turnMs = this.#lastMs;
    if (!this.#isOver) this.#idle?.add(this.#connection);
  }
}
