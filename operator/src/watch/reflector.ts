/** Carries out what reflector-machine.ts decides: lists, watches, timers; fills one store. */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { ApiError } from '../kube/api-error.ts';
import type { KubeClient, Selection, WatchEventType } from '../kube/kube-client.ts';
import { keyOf } from '../kube/kube-object.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { Resource } from '../kube/resource.ts';
import { listAll } from './list-all.ts';
import type { ObjectStore } from './object-store.ts';
import { initialReflector, reflectorTimes, stepReflector } from './reflector-machine.ts';
import type {
  Failure,
  ReflectorEffect,
  ReflectorEvent,
  ReflectorState,
  ReflectorTimer,
  ReflectorTimes,
} from './reflector-machine.ts';

export interface ReflectorMetrics {
  listed(resource: string): void;
  watched(resource: string): void;
  failed(resource: string, kind: Failure['kind']): void;
  /** Objects that the watch had lost when a list at the same version was compared. */
  missed(resource: string, objects: number): void;
}

export interface ReflectorParams {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly selection?: Selection | undefined;
  readonly store: ObjectStore;
  /**
   * A resource that need not be there: while the API server does not serve it, the store is synced and empty. Default false:
   * the store keeps what it knows, for an API server that just starts may say 404 of a CRD.
   */
  readonly optional?: boolean | undefined;
  /** `isServed` has changed. */
  readonly onServed?: ((isServed: boolean) => void) | undefined;
  /** Called before an object is kept: drops what nobody reads. `metadata.managedFields` never is. */
  readonly trim?: ((object: KubeObject) => KubeObject) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: ReflectorMetrics;
  readonly log: Log;
  readonly times?: ReflectorTimes | undefined;
}

export class Reflector {
  readonly #params: ReflectorParams;
  readonly #times: ReflectorTimes;
  readonly #timers = new Map<ReflectorTimer, Timer>();
  #state: ReflectorState = initialReflector;
  #watch: AbortController | undefined;
  /** Counts lists: the answer of one that was given up is not heard. */
  #listNumber = 0;
  #heardAtMs: number;
  #activeAtMs: number;
  #isServed = true;
  #lastComplaint = '';
  /** Since when the API server says that we may not. */
  #forbiddenAtMs: number | undefined;

  constructor(params: ReflectorParams) {
    this.#params = params;
    this.#times = params.times ?? reflectorTimes;
    this.#heardAtMs = params.clock.nowMs();
    this.#activeAtMs = this.#heardAtMs;
  }

  get resource(): Resource {
    return this.#params.resource;
  }

  get store(): ObjectStore {
    return this.#params.store;
  }

  /** False while the API server knows no such resource: its CRD is not installed. */
  get isServed(): boolean {
    return this.#isServed;
  }

  /** How long ago the API server last said anything about this resource. */
  get ageMs(): number {
    return this.#params.clock.nowMs() - this.#heardAtMs;
  }

  /** How long ago anything happened here, a failure or a timer included: beyond minutes, this reflector is broken. */
  get idleMs(): number {
    return this.#params.clock.nowMs() - this.#activeAtMs;
  }

  /** For how long the API server has refused this resource for want of rights (401, 403). */
  get forbiddenMs(): number {
    return this.#forbiddenAtMs === undefined ? 0 : this.#params.clock.nowMs() - this.#forbiddenAtMs;
  }

  start(): void {
    this.#on({ kind: 'start' });
  }

  stop(): void {
    this.#on({ kind: 'stop' });
  }

  #on(event: ReflectorEvent): void {
    const { clock, random } = this.#params;
    this.#activeAtMs = clock.nowMs();
    const context = { nowMs: this.#activeAtMs, chance: random.fraction(), times: this.#times };
    const { state, effects } = stepReflector(this.#state, event, context);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: ReflectorEffect): void {
    switch (effect.kind) {
      case 'list':
        void this.#list(effect.exactly);
        return;
      case 'watch':
        void this.#startWatch(effect.resourceVersion, effect.timeoutSeconds);
        return;
      case 'abort-watch':
        this.#watch?.abort();
        this.#watch = undefined;
        return;
      case 'not-served':
        if (this.#params.optional === true) this.store.replaceAll([]);
        this.#setServed(false);
        return;
      case 'start-timer': {
        const { timer, afterMs } = effect;
        this.#timers.get(timer)?.cancel();
        this.#timers.set(
          timer,
          this.#params.clock.after(afterMs, () => this.#on({ kind: 'timer', timer })),
        );
        return;
      }
      case 'stop-timer':
        this.#timers.get(effect.timer)?.cancel();
        return;
    }
  }

  async #list(exactly: string | undefined): Promise<void> {
    const { client, resource, selection, metrics } = this.#params;
    const number = ++this.#listNumber;
    try {
      metrics.listed(resource.plural);
      const { items, resourceVersion } = await listAll(client, resource, selection ?? {}, exactly);
      if (number !== this.#listNumber || this.#state.doing.kind !== 'listing') return;
      this.#heard();
      this.#setServed(true);
      const changes = this.store.replaceAll(items.map((item) => this.#trimmed(item)));
      if (exactly !== undefined && changes > 0) this.#complainOfMisses(changes);
      this.#on({ kind: 'listed', resourceVersion });
    } catch (error) {
      if (number !== this.#listNumber) return;
      this.#on({ kind: 'list-failed', failure: this.#failureOf(error, 'list') });
    }
  }

  async #startWatch(resourceVersion: string, timeoutSeconds: number): Promise<void> {
    const { client, resource, selection, metrics } = this.#params;
    const watch = new AbortController();
    this.#watch = watch;
    const isCurrent = () => this.#watch === watch;
    const events = {
      onOpen: () => {
        if (!isCurrent()) return;
        this.#heard();
        this.#on({ kind: 'watch-opened' });
      },
      onEvent: (type: WatchEventType, object: KubeObject) => {
        if (isCurrent()) this.#onWatchEvent(type, object);
      },
    };
    try {
      metrics.watched(resource.plural);
      await client.watch(resource, { ...selection, resourceVersion, timeoutSeconds }, events, watch.signal);
      if (isCurrent()) this.#on({ kind: 'watch-ended' });
    } catch (error) {
      if (isCurrent()) this.#on({ kind: 'watch-failed', failure: this.#failureOf(error, 'watch') });
    }
  }

  #onWatchEvent(type: WatchEventType, object: KubeObject): void {
    this.#heard();
    if (type === 'DELETED') this.store.remove(keyOf(object));
    else if (type !== 'BOOKMARK') this.store.put(this.#trimmed(object));
    this.#on({ kind: 'watch-event', resourceVersion: object.metadata.resourceVersion });
  }

  #setServed(isServed: boolean): void {
    if (isServed === this.#isServed) return;
    this.#isServed = isServed;
    this.#params.onServed?.(isServed);
  }

  #heard(): void {
    this.#heardAtMs = this.#params.clock.nowMs();
    this.#lastComplaint = '';
    this.#forbiddenAtMs = undefined;
  }

  #trimmed(object: KubeObject): KubeObject {
    // A third of an object's size, and nobody here reads it.
    delete (object.metadata as { managedFields?: unknown }).managedFields;
    return this.#params.trim?.(object) ?? object;
  }

  #complainOfMisses(objects: number): void {
    const { metrics, log, resource } = this.#params;
    metrics.missed(resource.plural, objects);
    log.warn('A watch had lost objects', { resource: resource.plural, objects });
  }

  /** One line for a row of the same failures. */
  #failureOf(error: unknown, doing: 'list' | 'watch'): Failure {
    const { metrics, log, resource } = this.#params;
    const failure = failureOf(error);
    this.#forbiddenAtMs = isForbidden(error) ? (this.#forbiddenAtMs ?? this.#params.clock.nowMs()) : undefined;
    metrics.failed(resource.plural, failure.kind);
    const message = error instanceof Error ? error.message : String(error);
    const complaint = `${doing} ${message}`;
    const isExpected = failure.kind === 'gone' || (failure.kind === 'not-served' && this.#params.optional === true);
    if (complaint !== this.#lastComplaint && !isExpected) {
      log.warn(`Cannot ${doing}`, { resource: resource.plural, failure: failure.kind, error: message });
    }
    this.#lastComplaint = complaint;
    return failure;
  }
}

const isForbidden = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === 401 || error.code === 403);

function failureOf(error: unknown): Failure {
  if (!(error instanceof ApiError)) return { kind: 'unreachable' };
  if (error.isGone) return { kind: 'gone' };
  if (error.retryAfterSeconds !== undefined) return { kind: 'throttled', retryAfterMs: error.retryAfterSeconds * 1000 };
  return { kind: error.code === 404 ? 'not-served' : 'refused' };
}
