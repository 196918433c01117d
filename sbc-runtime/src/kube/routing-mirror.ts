/**
 * Keeps a folder in memory the same as what the API server holds for this instance: the routing state behind its index, and
 * the Secrets and trust bundles that it names. It judges nothing but hashes; the reader of the files does.
 */
import { mkdirSync } from 'node:fs';
import { indexKey, parseRoutingIndex, type Problem, type RoutingIndex } from '@teams-sbc/crds/runtime';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { countedFailures, pauseMs } from './follow-step.ts';
import { failureText, type ApiFailure, type KubeApi } from './kube-api.ts';
import { member, type KubeObject } from './kube-object.ts';
import { writeMirrored } from './mirrored-volume.ts';
import { ObjectFollower } from './object-follower.ts';
import { ReferencedObjects } from './referenced-objects.ts';
import { ShardReader } from './shard-reader.ts';
import { wantedObjects } from './wanted-objects.ts';

export interface MirrorDirectories {
  readonly state: string;
  readonly secrets: string;
  readonly trust: string;
}

/** An index that names a document which cannot be had. */
export interface RefusedIndex {
  readonly hash: string | undefined;
  readonly problems: readonly Problem[];
}

export interface RoutingMirrorDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly namespace: string;
  /** Name of the SbcInstance. */
  readonly instance: string;
  readonly directories: MirrorDirectories;
}

export const DOCUMENT = 'routing-state.json';
/** What a new document names is waited for, so that it is not refused for a Secret that is on its way. */
const REFERENCES_MS = 3000;

export class RoutingMirror {
  readonly #deps: RoutingMirrorDeps;
  readonly #index: ObjectFollower;
  readonly #shards: ShardReader;
  readonly #referenced: ReferencedObjects;
  readonly #first = Promise.withResolvers<undefined>();
  #onRefusal: (refused: RefusedIndex | undefined) => void = () => undefined;
  #onWritten: () => void = () => undefined;
  #refused: RefusedIndex | undefined;
  /** Undefined: none was read yet, or the last one was none. */
  #wanted: RoutingIndex | undefined;
  #writtenHash: string | undefined;
  #isWorking = false;
  #isClosed = false;
  /** The API server has said so. */
  #isThereNone = false;
  #failures = 0;
  #retry: Timer | undefined;
  #lastFailure: ApiFailure | undefined;

  constructor(deps: RoutingMirrorDeps) {
    const { api, clock, random, log, namespace, instance, directories } = deps;
    this.#deps = deps;
    for (const folder of [directories.state, directories.secrets, directories.trust])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#shards = new ShardReader({ api, namespace });
    this.#referenced = new ReferencedObjects({
      ...{ api, clock, random, log, namespace, directories },
      onWritten: () => this.#onWritten(),
    });
    this.#index = new ObjectFollower({
      ...{ api, clock, random, log, namespace },
      object: { kind: 'ConfigMap', name: `${instance}-routing` },
      by: 'Watch',
      onObject: (object) => this.#onIndex(object),
    });
  }

  /** What is in the way of the newest document, where it is the index or a shard; told again whenever that changes. */
  tellRefusals(onRefusal: (refused: RefusedIndex | undefined) => void): void {
    this.#onRefusal = onRefusal;
    if (this.#refused !== undefined) onRefusal(this.#refused);
  }

  /** Files have changed. */
  tellWrites(onWritten: () => void): void {
    this.#onWritten = onWritten;
  }

  start(): void {
    this.#index.start();
  }

  /** True: a document has come from the API server. */
  firstWithin(ms: number): Promise<boolean> {
    return within(this.#deps.clock, ms, this.#first.promise);
  }

  get hasDocument(): boolean {
    return this.#writtenHash !== undefined;
  }

  /** In words, where no document has come. */
  get whyNone(): string {
    if (this.#refused !== undefined) return this.#refused.problems[0]?.message ?? 'the routing index is unusable';
    if (this.#lastFailure !== undefined) return failureText(this.#lastFailure);
    const { api, namespace, instance } = this.#deps;
    const index = `ConfigMap ${namespace}/${instance}-routing`;
    return this.#isThereNone ? `there is no ${index} yet` : `${api.url} has not told of ${index}`;
  }

  close(): void {
    this.#isClosed = true;
    this.#index.stop();
    this.#referenced.close();
    if (this.#retry) this.#deps.clock.cancel(this.#retry);
    this.#deps.api.close();
  }

  #onIndex(object: KubeObject | undefined): void {
    const { log, namespace, instance } = this.#deps;
    this.#isThereNone = object === undefined;
    if (object === undefined) {
      log.warn('There is no routing index; what is in force stays', { configMap: `${namespace}/${instance}-routing` });
      return;
    }
    const text = object.data.get(indexKey)?.toString('utf8') ?? '';
    const parsed = parseRoutingIndex(text);
    this.#wanted = parsed.ok ? parsed.index : undefined;
    this.#failures = 0;
    if (parsed.ok) void this.#work();
    else this.#refuse({ hash: hashIn(text), problems: parsed.problems });
  }

  /** One at a time; what has changed meanwhile is done next. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    if (this.#retry) this.#deps.clock.cancel(this.#retry);
    this.#retry = undefined;
    try {
      for (let index = this.#wanted; index !== undefined && !this.#isClosed; index = this.#changedSince(index))
        await this.#bring(index);
    } catch (error) {
      this.#deps.log.error('Cannot mirror the routing state', { error: textOf(error) });
      this.#tryAgain(undefined);
    } finally {
      this.#isWorking = false;
    }
  }

  #changedSince(index: RoutingIndex): RoutingIndex | undefined {
    return this.#wanted === index ? undefined : this.#wanted;
  }

  async #bring(index: RoutingIndex): Promise<void> {
    if (index.hash === this.#writtenHash) {
      this.#refuse(undefined);
      return;
    }
    const read = await this.#shards.read(index);
    if (this.#wanted !== index || this.#isClosed) return;
    switch (read.kind) {
      case 'failed':
        if (this.#lastFailure === undefined)
          this.#deps.log.warn('Cannot read the routing state; asking again', { why: failureText(read.failure) });
        this.#lastFailure = read.failure;
        this.#tryAgain(read.failure);
        return;
      case 'refused':
        this.#refuse({ hash: index.hash, problems: read.problems });
        // Perhaps the shard comes back as it was: the index need not change for that.
        this.#tryAgain(undefined);
        return;
      case 'document':
        return this.#put(index, read.text);
    }
  }

  /** What it names first, then the document. */
  async #put(index: RoutingIndex, text: string): Promise<void> {
    const { clock, directories } = this.#deps;
    this.#lastFailure = undefined;
    const wanted = wantedObjects(JSON.parse(text));
    await within(clock, REFERENCES_MS, this.#referenced.want(wanted));
    if (this.#wanted !== index || this.#isClosed) return;
    if (writeMirrored(directories.state, new Map([[DOCUMENT, Buffer.from(text, 'utf8')]]))) this.#onWritten();
    this.#writtenHash = index.hash;
    this.#failures = 0;
    this.#refuse(undefined);
    this.#first.resolve(undefined);
    this.#referenced.keepOnly(wanted);
  }

  #tryAgain(failure: ApiFailure | undefined): void {
    if (this.#isClosed) return;
    const { clock, random } = this.#deps;
    this.#failures = countedFailures(this.#failures, failure);
    const ms = pauseMs(this.#failures, failure, { below: (below) => random.below(below) });
    this.#retry = clock.after(ms, () => void this.#work());
  }

  #refuse(refused: RefusedIndex | undefined): void {
    if (refused === undefined && this.#refused === undefined) return;
    this.#refused = refused;
    this.#onRefusal(refused);
  }
}

/** True: it came in time. */
function within(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve(false));
    void promise.then(() => {
      clock.cancel(timer);
      resolve(true);
    });
  });
}

function hashIn(text: string): string | undefined {
  try {
    const hash = member(JSON.parse(text), 'hash');
    return typeof hash === 'string' && /^sha256:[0-9a-f]{64}$/.test(hash) ? hash : undefined;
  } catch {
    return undefined;
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
