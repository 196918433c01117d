/** Objects with versions and their history, as etcd holds them behind an API server. */
import { keyOf } from '../../src/kube/kube-object.ts';
import type { KubeObject } from '../../src/kube/kube-object.ts';
import type { Resource } from '../../src/kube/resource.ts';

export interface StoredEvent {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

type Collection = Map<string, KubeObject>;

export class ObjectStorage {
  #version = 1;
  /** What was before is compacted away. */
  #compactedTo = 0;
  #uid = 0;
  readonly #collections = new Map<string, Collection>();
  readonly #history = new Map<string, StoredEvent[]>();
  readonly #listeners = new Set<(resource: Resource, event: StoredEvent) => void>();

  get version(): number {
    return this.#version;
  }

  get compactedTo(): number {
    return this.#compactedTo;
  }

  /** Forgets the past: older versions are 410 Gone. */
  compact(): void {
    this.#compactedTo = this.#version;
    this.#history.clear();
  }

  onEvent(listener: (resource: Resource, event: StoredEvent) => void): void {
    this.#listeners.add(listener);
  }

  get(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#collection(resource).get(`${namespace ?? ''}/${name}`);
  }

  list(resource: Resource): readonly KubeObject[] {
    return sorted(this.#collection(resource));
  }

  /** As it was at `version`. */
  listAt(resource: Resource, version: number): readonly KubeObject[] {
    const past: Collection = new Map(this.#collection(resource));
    const later = this.since(resource, version);
    for (const { object } of later) past.delete(keyOf(object));
    const before = this.#events(resource).filter((event) => event.version <= version);
    for (const key of new Set(later.map(({ object }) => keyOf(object)))) {
      const last = before.findLast(({ object }) => keyOf(object) === key);
      if (last !== undefined && last.type !== 'DELETED') past.set(key, last.object);
    }
    return sorted(past);
  }

  since(resource: Resource, version: number): readonly StoredEvent[] {
    return this.#events(resource).filter((event) => event.version > version);
  }

  /** Gives uid, version and times; a change of anything but metadata and status is a new generation. */
  put(resource: Resource, object: KubeObject): KubeObject {
    const before = this.#collection(resource).get(keyOf(object));
    const stored = structuredClone(object) as unknown as Record<string, unknown> & {
      metadata: Record<string, unknown>;
    };
    stored.metadata['uid'] = before?.metadata.uid ?? `uid-${String(++this.#uid)}`;
    stored.metadata['creationTimestamp'] = before?.metadata.creationTimestamp ?? '2026-01-01T00:00:00Z';
    const isNewGeneration = before === undefined || contentOf(before) !== contentOf(stored as unknown as KubeObject);
    stored.metadata['generation'] = (before?.metadata.generation ?? 0) + (isNewGeneration ? 1 : 0);
    stored.metadata['resourceVersion'] = before?.metadata.resourceVersion;
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(sameOrder(stored, before))) return before;
    stored.metadata['resourceVersion'] = String(++this.#version);
    const after = stored as unknown as KubeObject;
    this.#collection(resource).set(keyOf(after), after);
    this.#tell(resource, { version: this.#version, type: before === undefined ? 'ADDED' : 'MODIFIED', object: after });
    return after;
  }

  /** At once, whatever its finalizers say; takes what it owned with it, as the garbage collector does. */
  remove(resource: Resource, object: KubeObject): void {
    if (!this.#collection(resource).delete(keyOf(object))) return;
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#tell(resource, { version: this.#version, type: 'DELETED', object: { ...object, metadata } });
  }

  #tell(resource: Resource, event: StoredEvent): void {
    this.#events(resource).push(event);
    for (const listener of this.#listeners) listener(resource, event);
  }

  #collection({ group, plural }: Resource): Collection {
    return getOrMake(this.#collections, `${group}/${plural}`, () => new Map<string, KubeObject>());
  }

  #events({ group, plural }: Resource): StoredEvent[] {
    return getOrMake(this.#history, `${group}/${plural}`, () => []);
  }
}

const sorted = (objects: Collection): readonly KubeObject[] =>
  [...objects.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, object]) => object);

function contentOf(object: KubeObject): string {
  return canonical({ ...object, metadata: undefined, status: undefined });
}

/** Two objects that differ in the order of their fields alone are the same. */
function sameOrder(object: unknown, like: unknown): unknown {
  return canonical(object) === canonical(like) ? like : object;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

function getOrMake<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
