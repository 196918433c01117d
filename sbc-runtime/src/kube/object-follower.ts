/** Follows one ConfigMap or Secret by its name: carries out what `follow-step.ts` decides. A field selector on the name is what a Role with `resourceNames` permits. */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import {
  stepFollow,
  stopped,
  type FollowEffect,
  type FollowEvent,
  type FollowRules,
  type FollowState,
} from './follow-step.ts';
import { failureText, type ApiFailure, type KubeApi, type Watching } from './kube-api.ts';
import { collectionPath, member, readList, readObject, type KubeObject, type ObjectName } from './kube-object.ts';

export interface ObjectFollowerDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly namespace: string;
  readonly object: ObjectName;
  readonly by: FollowRules['by'];
  /** It is there and new, or it is not there: undefined. */
  readonly onObject: (object: KubeObject | undefined) => void;
}

/** The API server sends a bookmark a minute; two that stay away are no accident. */
const SILENCE_MS = 150_000;

export class ObjectFollower {
  readonly #deps: ObjectFollowerDeps;
  readonly #rules: FollowRules;
  #state: FollowState = stopped;
  #watching: Watching | undefined;
  #waiting: Timer | undefined;
  #silence: Timer | undefined;
  #openedAtMs: number | undefined;
  /** Answers to earlier questions are not heard. */
  #round = 0;
  #isAway = false;

  constructor(deps: ObjectFollowerDeps) {
    this.#deps = deps;
    this.#rules = { by: deps.by, below: (below) => deps.random.below(below) };
  }

  start(): void {
    this.#step({ kind: 'start' }, undefined);
  }

  stop(): void {
    this.#step({ kind: 'stop' }, undefined);
  }

  #step(event: FollowEvent, object: KubeObject | undefined): void {
    const { next, effects } = stepFollow(this.#state, event, this.#rules);
    this.#state = next;
    for (const effect of effects) this.#carryOut(effect, object);
  }

  #carryOut(effect: FollowEffect, object: KubeObject | undefined): void {
    switch (effect.kind) {
      case 'list':
        return void this.#list();
      case 'watch':
        return this.#watch(effect.resourceVersion, effect.timeoutSeconds);
      case 'wait':
        this.#waiting = this.#deps.clock.after(effect.ms, () => this.#step({ kind: 'due' }, undefined));
        return;
      case 'deliver':
        return this.#deliver(object);
      case 'abort':
        return this.#abort();
    }
  }

  /** A fault of whoever hears of it must not end the following. */
  #deliver(object: KubeObject | undefined): void {
    try {
      this.#deps.onObject(object);
    } catch (error) {
      this.#deps.log.error('Cannot take up what an object holds', { ...this.#facts(), error: String(error) });
    }
  }

  #abort(): void {
    this.#round += 1;
    this.#watching?.close();
    this.#watching = undefined;
    if (this.#waiting) this.#deps.clock.cancel(this.#waiting);
    this.#hush();
  }

  async #list(): Promise<void> {
    const { api, namespace, object } = this.#deps;
    const round = (this.#round += 1);
    const answer = await api.get(`${collectionPath(namespace, object.kind)}?${this.#selector()}`);
    if (round !== this.#round) return;
    if (!answer.ok) {
      this.#ended(answer.failure, 0);
      return;
    }
    const list = readList(answer.value);
    if (list === undefined) {
      this.#ended({ kind: 'unreachable', reason: 'an answer that is no list' }, 0);
      return;
    }
    const found = list.items
      .filter((item) => member(member(item, 'metadata'), 'name') === object.name)
      .map((item) => readObject(object.kind, item))[0];
    this.#reached();
    this.#step({ kind: 'listed', version: found?.version, resourceVersion: list.resourceVersion }, found);
  }

  #watch(resourceVersion: string, timeoutSeconds: number): void {
    const { api, clock, namespace, object } = this.#deps;
    const round = (this.#round += 1);
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${encodeURIComponent(resourceVersion)}`;
    const path = `${collectionPath(namespace, object.kind)}?${query}&timeoutSeconds=${timeoutSeconds}&${this.#selector()}`;
    this.#openedAtMs = undefined;
    this.#watching = api.watch(path, {
      onOpened: () => {
        if (round !== this.#round) return;
        this.#openedAtMs = clock.nowMs();
        this.#heard();
      },
      onEvent: (type, value) => {
        if (round === this.#round) this.#event(type, value);
      },
      onEnded: (failure) => {
        if (round !== this.#round) return;
        const livedMs = this.#openedAtMs === undefined ? 0 : clock.nowMs() - this.#openedAtMs;
        this.#watching = undefined;
        this.#hush();
        this.#ended(failure, livedMs);
      },
    });
  }

  #event(type: string, value: unknown): void {
    const { kind, name } = this.#deps.object;
    this.#heard();
    if (type === 'BOOKMARK' || member(member(value, 'metadata'), 'name') !== name) return;
    const object = type === 'DELETED' ? undefined : readObject(kind, value);
    this.#step({ kind: 'changed', version: object?.version }, object);
  }

  /** A sign of life. */
  #heard(): void {
    this.#hush();
    this.#silence = this.#deps.clock.after(SILENCE_MS, () => {
      this.#deps.log.warn('The API server has fallen silent; asking it again', this.#facts());
      this.#step({ kind: 'silent' }, undefined);
    });
  }

  #hush(): void {
    if (this.#silence) this.#deps.clock.cancel(this.#silence);
    this.#silence = undefined;
  }

  #ended(failure: ApiFailure | undefined, livedMs: number): void {
    // One line when it goes away and one when it is back: an outage of hours is no flood.
    const isExpired = failure?.kind === 'status' && failure.status === 410;
    if (failure !== undefined && !isExpired && !this.#isAway && livedMs === 0) {
      this.#isAway = true;
      this.#deps.log.warn('Cannot follow an object; what it held last stays in force', {
        ...this.#facts(),
        why: failureText(failure),
      });
    }
    this.#step({ kind: 'ended', failure, livedMs }, undefined);
  }

  #reached(): void {
    if (this.#isAway) this.#deps.log.info('An object can be followed again', this.#facts());
    this.#isAway = false;
  }

  #facts(): { readonly object: string; readonly api: string } {
    const { object, api } = this.#deps;
    return { object: `${object.kind}/${object.name}`, api: api.url };
  }

  #selector(): string {
    return `fieldSelector=${encodeURIComponent(`metadata.name=${this.#deps.object.name}`)}`;
  }
}
