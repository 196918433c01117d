/**
 * Which Kubernetes events are written, as client-go's recorder of events.k8s.io/v1 decides: the first of a kind at once, what
 * repeats becomes a series that is written again now and then, and who says too much is not heard. Bounded.
 */
import type { KubeObject } from '../kube/kube-object.ts';
import type { ObjectEvent } from './controller.ts';

export interface SeriesLimits {
  /** A series is written again after so long at the earliest. */
  readonly rewriteMs: number;
  /** Nothing for so long: the next one begins a new series. */
  readonly forgetMs: number;
  readonly maxSeries: number;
  /** Events of one object at once, and how long until one more is allowed. */
  readonly objectBurst: number;
  readonly objectRefillMs: number;
}

/** The spam filter's figures are client-go's: 25, then one in five minutes. */
export const seriesLimits: SeriesLimits = {
  rewriteMs: 360_000,
  forgetMs: 1_200_000,
  maxSeries: 4_096,
  objectBurst: 25,
  objectRefillMs: 300_000,
};

export interface EventSeries {
  readonly about: KubeObject;
  readonly event: ObjectEvent;
  readonly firstWallMs: number;
  lastWallMs: number;
  /** How often it was recorded. */
  count: number;
  lastMs: number;
  writtenMs: number;
  writtenCount: number;
}

interface Allowance {
  tokens: number;
  atMs: number;
}

export class EventSeriesTable {
  readonly #limits: SeriesLimits;
  /** Oldest use first. */
  readonly #series = new Map<string, EventSeries>();
  readonly #allowances = new Map<string, Allowance>();

  constructor(limits: SeriesLimits = seriesLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#series.size;
  }

  /** @returns what to write now; `aggregated`: counted, written later; `dropped`: too many of this object */
  record(
    about: KubeObject,
    event: ObjectEvent,
    at: { readonly nowMs: number; readonly wallMs: number },
  ): EventSeries | 'aggregated' | 'dropped' {
    const key = seriesKey(about, event);
    const known = this.#series.get(key);
    if (known !== undefined && at.nowMs - known.lastMs < this.#limits.forgetMs) {
      known.count++;
      known.lastMs = at.nowMs;
      known.lastWallMs = at.wallMs;
      touch(this.#series, key, known);
      return 'aggregated';
    }
    if (!this.#isAllowed(about, at.nowMs)) return 'dropped';
    const begun: EventSeries = {
      about,
      event,
      firstWallMs: at.wallMs,
      lastWallMs: at.wallMs,
      count: 1,
      lastMs: at.nowMs,
      writtenMs: at.nowMs,
      writtenCount: 1,
    };
    touch(this.#series, key, begun);
    bound(this.#series, this.#limits.maxSeries);
    return begun;
  }

  /** Series that have grown since they were written, long enough ago. Forgets what has ended. */
  due(nowMs: number): readonly EventSeries[] {
    const due: EventSeries[] = [];
    for (const [key, series] of this.#series) {
      const isOver = nowMs - series.lastMs >= this.#limits.forgetMs;
      if (series.count > series.writtenCount && (isOver || nowMs - series.writtenMs >= this.#limits.rewriteMs)) {
        series.writtenMs = nowMs;
        series.writtenCount = series.count;
        due.push(series);
      }
      if (isOver) this.#series.delete(key);
    }
    return due;
  }

  #isAllowed(about: KubeObject, nowMs: number): boolean {
    const { objectBurst, objectRefillMs, maxSeries } = this.#limits;
    const key = about.metadata.uid ?? `${about.kind} ${about.metadata.namespace ?? ''}/${about.metadata.name}`;
    const before = this.#allowances.get(key) ?? { tokens: objectBurst, atMs: nowMs };
    const tokens = Math.min(objectBurst, before.tokens + (nowMs - before.atMs) / objectRefillMs);
    const isAllowed = tokens >= 1;
    touch(this.#allowances, key, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs });
    bound(this.#allowances, maxSeries);
    return isAllowed;
  }
}

function seriesKey({ kind, metadata }: KubeObject, { type, reason, action, message }: ObjectEvent): string {
  const about = metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
  return `${kind} ${about}\n${type}\n${reason}\n${action ?? ''}\n${message}`;
}

function touch<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
}

function bound(map: Map<string, unknown>, max: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= max) return;
    map.delete(oldest);
  }
}
