/**
 * DNS answers for as long as they say: fetched anew shortly before they end, so that a name in use is never waited for.
 * Older ones are used only while DNS is out of order (RFC 8767).
 */
import type { Clock, Timer } from '../kernel/clock.ts';

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
  /** The last part of its TTL in which an answer that is asked for is fetched anew. @default 0.2 */
  readonly refreshAheadPart: number;
  /** Who asks for an answer that has ended waits so long for a new one, then takes the old one. @default 500 */
  readonly stalePatienceMs: number;
  /** So long after its end an answer is used where a new one cannot be had. @default 3600000 */
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
  refreshAheadPart: 0.2,
  stalePatienceMs: 500,
  maxStaleMs: 3_600_000,
  timeoutMs: 3_000,
  maxWaiting: 4096,
  maxEntries: 2048,
};

type Waiter<Record> = (records: readonly Record[]) => void;

interface Entry<Record> {
  records: readonly Record[] | undefined;
  /** From here on a question fetches the answer anew. */
  refreshMs: number;
  expiresMs: number;
  /** The newest look-up failed or is late: nobody waits for the next one while there is an old answer. */
  isTroubled: boolean;
  isAsking: boolean;
  /** Those that wait for the look-up on its way. */
  waiting: Waiter<Record>[];
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
    const nowMs = this.#clock.nowMs();
    if (nowMs < entry.refreshMs) return entry.records;
    const isFresh = nowMs < entry.expiresMs;
    if (!isFresh && !(entry.isTroubled && this.#isUsable(entry, nowMs))) return undefined;
    if (!entry.isAsking) this.#refresh(key, entry);
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
    if (!entry.isAsking) this.#refresh(key, entry);
    if (entry.waiting.length < this.#limits.maxWaiting) entry.waiting.push(done);
    else done([]);
  }

  #entryOf(key: string): Entry<Record> {
    let entry = this.#entries.get(key);
    if (entry !== undefined) return entry;
    entry = { records: undefined, refreshMs: 0, expiresMs: 0, isTroubled: false, isAsking: false, waiting: [] };
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#limits.maxEntries) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    return entry;
  }

  #refresh(key: string, entry: Entry<Record>): void {
    entry.isAsking = true;
    const { stalePatienceMs, timeoutMs } = this.#limits;
    let timer: Timer;
    const giveUp = (): void => this.#failed(entry);
    if (this.#isUsable(entry, this.#clock.nowMs())) {
      timer = this.#clock.after(stalePatienceMs, () => {
        entry.isTroubled = true;
        this.#release(entry);
        timer = this.#clock.after(timeoutMs - stalePatienceMs, giveUp);
      });
    } else timer = this.#clock.after(timeoutMs, giveUp);
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

  /** An old answer that is better than none (RFC 8767 §4). */
  #isUsable(entry: Entry<Record>, nowMs: number): boolean {
    return entry.records !== undefined && entry.records.length > 0 && nowMs - entry.expiresMs < this.#limits.maxStaleMs;
  }

  #answered(entry: Entry<Record>, { records, ttlSeconds }: Answer<Record>): void {
    const { minTtlMs, maxTtlMs, negativeTtlMs, refreshAheadPart } = this.#limits;
    const isThere = records.length > 0;
    const ttlMs = isThere ? Math.min(Math.max(ttlSeconds * 1000, minTtlMs), maxTtlMs) : negativeTtlMs;
    entry.records = records;
    entry.expiresMs = this.#clock.nowMs() + ttlMs;
    entry.refreshMs = entry.expiresMs - (isThere ? ttlMs * refreshAheadPart : 0);
    entry.isTroubled = false;
    entry.isAsking = false;
    this.#release(entry);
  }

  #failed(entry: Entry<Record>): void {
    if (!entry.isAsking) return;
    const nowMs = this.#clock.nowMs();
    if (!this.#isUsable(entry, nowMs)) {
      entry.records = [];
      entry.expiresMs = nowMs + this.#limits.negativeTtlMs;
    }
    entry.refreshMs = nowMs + this.#limits.negativeTtlMs;
    entry.isTroubled = true;
    entry.isAsking = false;
    this.#release(entry);
  }

  #release(entry: Entry<Record>): void {
    const { waiting } = entry;
    if (waiting.length === 0) return;
    entry.waiting = [];
    for (const done of waiting) done(entry.records ?? []);
  }
}
