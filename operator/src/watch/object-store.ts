/** The store behind a reflector: deep-frozen objects, indexes, lists that are built once and kept until they change. */
import { keyOf, objectKey } from '../kube/kube-object.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { Indexer, Store, StoreChange } from './store.ts';

type Listener<T extends KubeObject> = (change: StoreChange<T>) => void;

/** Objects under one value of an index; the array is made when somebody asks and dropped when a member changes. */
interface Bucket<T> {
  readonly members: Map<string, T>;
  array: readonly T[] | undefined;
}

/** The built-in index behind `list(namespace)`. */
const byNamespace = ' namespace';

export class ObjectStore<T extends KubeObject = KubeObject> implements Store<T> {
  readonly #all: Bucket<T> = { members: new Map(), array: undefined };
  readonly #indexers: ReadonlyMap<string, Indexer<T>>;
  readonly #indexes = new Map<string, Map<string, Bucket<T>>>();
  readonly #listeners = new Set<Listener<T>>();
  #waiting: (() => void)[] = [];
  #isSynced = false;

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    const namespace: Indexer<T> = ({ metadata }) => (metadata.namespace === undefined ? [] : [metadata.namespace]);
    this.#indexers = new Map([[byNamespace, namespace], ...Object.entries(indexers)]);
    for (const index of this.#indexers.keys()) this.#indexes.set(index, new Map());
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#all.members.get(objectKey(namespace, name));
  }

  list(namespace?: string): readonly T[] {
    return namespace === undefined ? arrayOf(this.#all) : this.by(byNamespace, namespace);
  }

  by(index: string, value: string): readonly T[] {
    const buckets = this.#indexes.get(index);
    if (buckets === undefined) throw new Error(`Cannot look up by ${index}: the store has no such index`);
    const bucket = buckets.get(value);
    return bucket === undefined ? [] : arrayOf(bucket);
  }

  get size(): number {
    return this.#all.members.size;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Resolves after the first whole list. */
  waitForSync(): Promise<void> {
    return this.#isSynced ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Called after the store has changed, in the order of the changes. @returns stops it */
  onChange(listener: Listener<T>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @returns whether that is news: an object of the same version is not */
  put(object: T): boolean {
    const key = keyOf(object);
    const before = this.#all.members.get(key);
    if (before !== undefined && isSameVersion(before, object)) return false;
    const after = deepFreeze(object);
    this.#file(key, before, after);
    this.#tell({ key, before, after });
    return true;
  }

  /** @returns whether it was there */
  remove(key: string): boolean {
    const before = this.#all.members.get(key);
    if (before === undefined) return false;
    this.#file(key, before, undefined);
    this.#tell({ key, before, after: undefined });
    return true;
  }

  /** Takes over a whole list; what it does not hold is gone. @returns how many objects differed */
  replaceAll(objects: readonly T[]): number {
    const present = new Set(objects.map(keyOf));
    let changes = 0;
    for (const key of [...this.#all.members.keys()]) if (!present.has(key) && this.remove(key)) changes++;
    for (const object of objects) if (this.put(object)) changes++;
    this.#isSynced = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    return changes;
  }

  #file(key: string, before: T | undefined, after: T | undefined): void {
    setMember(this.#all, key, after);
    for (const [index, indexer] of this.#indexers) {
      const buckets = this.#indexes.get(index);
      if (buckets === undefined) continue;
      const values = after === undefined ? [] : indexer(after);
      if (before !== undefined) {
        for (const value of indexer(before)) if (!values.includes(value)) drop(buckets, value, key);
      }
      if (after !== undefined) for (const value of values) setMember(bucketOf(buckets, value), key, after);
    }
  }

  #tell(change: StoreChange<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** The uid too: an object that was deleted and made again may be the newer one of the two under any version. */
function isSameVersion({ metadata: one }: KubeObject, { metadata: other }: KubeObject): boolean {
  return one.resourceVersion !== undefined && one.resourceVersion === other.resourceVersion && one.uid === other.uid;
}

function arrayOf<T>(bucket: Bucket<T>): readonly T[] {
  return (bucket.array ??= Object.freeze([...bucket.members.values()]));
}

function setMember<T>(bucket: Bucket<T>, key: string, object: T | undefined): void {
  if (object === undefined) bucket.members.delete(key);
  else bucket.members.set(key, object);
  bucket.array = undefined;
}

function bucketOf<T>(buckets: Map<string, Bucket<T>>, value: string): Bucket<T> {
  let bucket = buckets.get(value);
  if (bucket === undefined) {
    bucket = { members: new Map(), array: undefined };
    buckets.set(value, bucket);
  }
  return bucket;
}

function drop<T>(buckets: Map<string, Bucket<T>>, value: string, key: string): void {
  const bucket = buckets.get(value);
  if (bucket === undefined) return;
  setMember(bucket, key, undefined);
  if (bucket.members.size === 0) buckets.delete(value);
}
