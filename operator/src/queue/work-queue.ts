/**
 * Keys that want work, as client-go's workqueue: a key is handed out once at a time, added again while it is worked on it
 * comes back afterwards, a key that failed waits longer each time. Holds each key at most once in each of its sets, so its
 * memory is bounded by the keys there are.
 */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';

export interface QueueLimits {
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
  /** Retries a second over all keys, after a burst. */
  readonly retriesPerSecond: number;
  readonly burst: number;
}

/** client-go's figures for the back-off; its 10 retries a second would hold up 2000 trunks for minutes. */
export const queueLimits: QueueLimits = {
  firstBackoffMs: 5,
  longestBackoffMs: 1_000_000,
  retriesPerSecond: 100,
  burst: 500,
};

export interface QueueMetrics {
  added(): void;
  /** From the first add to the moment it is handed out. */
  waited(ms: number): void;
  worked(ms: number): void;
  retried(): void;
}

export interface WorkQueueParams {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics?: QueueMetrics | undefined;
  readonly limits?: QueueLimits | undefined;
}

export interface RetryBounds {
  /** Default 0. */
  readonly atLeastMs?: number;
  /** Of the back-off. Default: the longest of all. */
  readonly atMostMs?: number;
}

/** How long a key waits for more to come. */
export interface Settling {
  /** Without another change. */
  readonly quietMs: number;
  /** Since the first change. */
  readonly atLeastMs: number;
  /** Since the first change, where they never end. */
  readonly atMostMs: number;
}

interface Settled {
  readonly sinceMs: number;
  readonly timer: Timer;
}

interface Delay {
  readonly dueMs: number;
  readonly timer: Timer;
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #metrics: QueueMetrics | undefined;
  readonly #limits: QueueLimits;
  /** In the order of arrival, with the time of it. Not while it is worked on. */
  readonly #ready = new Map<string, number>();
  /** Worked on, since when. */
  readonly #processing = new Map<string, number>();
  /** Added while worked on, since when. */
  readonly #dirty = new Map<string, number>();
  readonly #delayed = new Map<string, Delay>();
  readonly #settling = new Map<string, Settled>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #idle: (() => void)[] = [];
  #isShut = false;
  /** When the next token of the rate limit is there; in the past: that many tokens are saved. */
  #nextTokenMs: number;

  constructor({ clock, random, metrics, limits }: WorkQueueParams) {
    this.#clock = clock;
    this.#random = random;
    this.#metrics = metrics;
    this.#limits = limits ?? queueLimits;
    this.#nextTokenMs = clock.nowMs() - this.#burstMs;
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#delayed.size + this.#settling.size;
  }

  get processing(): number {
    return this.#processing.size;
  }

  /** How long the oldest key under work has been so. */
  get longestRunMs(): number {
    const [oldest] = this.#processing.values();
    return oldest === undefined ? 0 : this.#clock.nowMs() - oldest;
  }

  /** Not before a key that settles has done so; one that is in the queue already is worked on all the same. */
  add(key: string): void {
    if (this.#isShut) return;
    this.#cancelDelay(key);
    if (this.#settling.has(key)) return;
    if (this.#ready.has(key) || this.#dirty.has(key)) return;
    this.#metrics?.added();
    if (this.#processing.has(key)) {
      this.#dirty.set(key, this.#clock.nowMs());
      return;
    }
    this.#makeReady(key, this.#clock.nowMs());
  }

  /** At the earliest of all times that were asked for. */
  addAfter(key: string, afterMs: number): void {
    if (this.#isShut) return;
    if (afterMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#clock.nowMs() + afterMs;
    const present = this.#delayed.get(key);
    if (present !== undefined && present.dueMs <= dueMs) return;
    present?.timer.cancel();
    const timer = this.#clock.after(afterMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, timer });
  }

  /** Once what changes together has changed: whatever else asks for the key waits for that too. */
  settle(key: string, { quietMs, atLeastMs, atMostMs }: Settling): void {
    if (this.#isShut) return;
    const nowMs = this.#clock.nowMs();
    const present = this.#settling.get(key);
    present?.timer.cancel();
    const sinceMs = present?.sinceMs ?? nowMs;
    const dueMs = Math.max(sinceMs + atLeastMs, Math.min(nowMs + quietMs, sinceMs + atMostMs));
    const timer = this.#clock.after(Math.max(0, dueMs - nowMs), () => {
      this.#settling.delete(key);
      this.add(key);
    });
    this.#settling.set(key, { sinceMs, timer });
  }

  /** After the key's back-off, `atMostMs` at most; no sooner than the rate limit allows, and not before `atLeastMs`. */
  retry(key: string, { atLeastMs = 0, atMostMs = Infinity }: RetryBounds = {}): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#metrics?.retried();
    const fullMs = this.#limits.firstBackoffMs * 2 ** Math.min(failures, 30);
    const backoffMs = Math.min(fullMs, atMostMs, this.#limits.longestBackoffMs);
    // What was bounded does not lengthen the back-off of a later failure of another kind.
    if (fullMs <= atMostMs) this.#failures.set(key, failures + 1);
    const jitteredMs = backoffMs * (0.75 + this.#random.fraction() / 2);
    this.addAfter(key, Math.max(jitteredMs, this.#reserveMs(), atLeastMs));
  }

  /** The key did well: its next failure is its first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key; undefined after `shutDown`. Say `done` when it is worked off. */
  take(): Promise<string | undefined> {
    const [first] = this.#ready;
    if (first !== undefined) return Promise.resolve(this.#hand(...first));
    if (this.#isShut) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    const startedMs = this.#processing.get(key);
    if (startedMs === undefined) return;
    this.#processing.delete(key);
    this.#metrics?.worked(this.#clock.nowMs() - startedMs);
    const dirtyMs = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (dirtyMs !== undefined && !this.#isShut) this.#makeReady(key, dirtyMs);
    if (this.#processing.size > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  /** Takes nothing more and hands nothing more out. */
  shutDown(): void {
    this.#isShut = true;
    this.#ready.clear();
    this.#dirty.clear();
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    for (const { timer } of this.#settling.values()) timer.cancel();
    this.#settling.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  /** Resolves when no key is worked on. */
  idle(): Promise<void> {
    return this.#processing.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #makeReady(key: string, sinceMs: number): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#ready.set(key, sinceMs);
    else taker(this.#hand(key, sinceMs));
  }

  #hand(key: string, sinceMs: number): string {
    const nowMs = this.#clock.nowMs();
    this.#ready.delete(key);
    this.#processing.set(key, nowMs);
    this.#metrics?.waited(nowMs - sinceMs);
    return key;
  }

  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
  }

  get #burstMs(): number {
    return (this.#limits.burst * 1000) / this.#limits.retriesPerSecond;
  }

  /** Takes a token of the bucket. @returns how long until it is there */
  #reserveMs(): number {
    const nowMs = this.#clock.nowMs();
    this.#nextTokenMs = Math.max(this.#nextTokenMs, nowMs - this.#burstMs) + 1000 / this.#limits.retriesPerSecond;
    return Math.max(0, this.#nextTokenMs - nowMs);
  }
}
