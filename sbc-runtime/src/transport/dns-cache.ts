/** DNS answers for as long as they say, and a little longer while a new one is on its way (RFC 8767). */
import type { Clock } from '../kernel/clock.ts';

export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** No records: the name is not there, or has none of that type. */
export interface Answer<Record> {
  readonly records: readonly Record[];
  readonly ttlSeconds: number;
}

/** DNS as a port. A rejection is a fault of the resolver, not an absent name. */
export interface Lookup {
  addresses(name: string, family: 4 | 6): Promise<Answer<string>>;
  srv(name: string): Promise<Answer<SrvRecord>>;
}

export interface DnsCacheLimits {
  /** A TTL below is raised: a name with TTL 0 is not asked for with every call. @default 5000 */
  readonly minTtlMs: number;
  /** A TTL above is lowered. @default 3600000 */
  readonly maxTtlMs: number;
  /** How long an absent name or a failed look-up is believed. @default 5000 */
  readonly negativeTtlMs: number;
  /** An expired answer younger than this is used at once while a new one is fetched. @default 60000 */
  readonly staleWhileRefreshMs: number;
  /** Beyond, it is used only where a new one cannot be had. @default 3600000 */
  readonly maxStaleMs: number;
  /** The longest that anybody waits for an answer. @default 3000 */
  readonly timeoutMs: number;
  /** Those that wait for one name; more are told that nothing is known. @default 4096 */
  readonly maxWaiting: number;
  /** Names remembered; the oldest is forgotten first. @default 2048 */
  readonly maxEntries: number;
}

export const defaultDnsCacheLimits: DnsCacheLimits = {
  minTtlMs: 5_000,
  maxTtlMs: 3_600_000,
  negativeTtlMs: 5_000,
  staleWhileRefreshMs: 60_000,
  maxStaleMs: 3_600_000,
  timeoutMs: 3_000,
  maxWaiting: 4096,
  maxEntries: 2048,
};

type Waiter<Record> = (records: readonly Record[]) => void;

interface Entry<Record> {
  records: readonly Record[] | undefined;
  expiresMs: number;
  /** Those that wait for the look-up on its way; undefined: none is. */
  waiting: Waiter<Record>[] | undefined;
}

/** Answers of one type. A name is asked for once at a time, however many wait. */
export class DnsCache<Record> {
  readonly #clock: Clock;
  readonly #limits: DnsCacheLimits;
  readonly #ask: (key: string) => Promise<Answer<Record>>;
  readonly #entries = new Map<string, Entry<Record>>();

  constructor(dependencies: {
    readonly clock: Clock;
    readonly limits: DnsCacheLimits;
    readonly ask: (key: string) => Promise<Answer<Record>>;
  }) {
    this.#clock = dependencies.clock;
    this.#limits = dependencies.limits;
    this.#ask = dependencies.ask;
  }

  /** What may be used now, possibly nothing (`[]`); undefined: wait with `get`. */
  known(key: string): readonly Record[] | undefined {
    const entry = this.#entries.get(key);
    if (entry?.records === undefined) return undefined;
    const lateMs = this.#clock.nowMs() - entry.expiresMs;
    if (lateMs < 0) return entry.records;
    if (lateMs >= this.#limits.staleWhileRefreshMs || entry.records.length === 0) return undefined;
    if (entry.waiting === undefined) this.#refresh(key, entry);
    return entry.records;
  }

  /** `done` is called once, at the latest after the time limit; `[]` where nothing is known. */
  get(key: string, done: Waiter<Record>): void {
    const known = this.known(key);
    if (known !== undefined) {
      done(known);
      return;
    }
    const entry = this.#entryOf(key);
    if (entry.waiting === undefined) this.#refresh(key, entry);
    if (entry.waiting !== undefined && entry.waiting.length < this.#limits.maxWaiting) entry.waiting.push(done);
    else done([]);
  }

  #entryOf(key: string): Entry<Record> {
    let entry = this.#entries.get(key);
    if (entry !== undefined) return entry;
    entry = { records: undefined, expiresMs: 0, waiting: undefined };
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#limits.maxEntries) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    return entry;
  }

  #refresh(key: string, entry: Entry<Record>): void {
    entry.waiting = [];
    const timer = this.#clock.after(this.#limits.timeoutMs, () => this.#failed(entry));
    this.#ask(key).then(
      (answer) => {
        this.#clock.cancel(timer);
        this.#answered(entry, answer);
      },
      () => {
        this.#clock.cancel(timer);
        this.#failed(entry);
      },
    );
  }

  #answered(entry: Entry<Record>, answer: Answer<Record>): void {
    const { minTtlMs, maxTtlMs, negativeTtlMs } = this.#limits;
    const ttlMs =
      answer.records.length === 0 ? negativeTtlMs : Math.min(Math.max(answer.ttlSeconds * 1000, minTtlMs), maxTtlMs);
    entry.records = answer.records;
    entry.expiresMs = this.#clock.nowMs() + ttlMs;
    this.#release(entry);
  }

  #failed(entry: Entry<Record>): void {
    if (entry.waiting === undefined) return;
    const nowMs = this.#clock.nowMs();
    // RFC 8767 §4: an old answer is better than none; it is asked for again after the negative TTL.
    if (entry.records === undefined || nowMs - entry.expiresMs > this.#limits.maxStaleMs) {
      entry.records = [];
      entry.expiresMs = nowMs + this.#limits.negativeTtlMs;
    }
    this.#release(entry);
  }

  #release(entry: Entry<Record>): void {
    const waiting = entry.waiting ?? [];
    entry.waiting = undefined;
    for (const done of waiting) done(entry.records ?? []);
  }
}
