/** An API server in memory: objects by path, watches that a test feeds and ends, and answers that a test replaces. */
import type { ApiAnswer, ApiFailure, KubeApi, Watching, WatchUser } from '../kube-api.ts';
import { collectionPath, type ObjectName } from '../kube-object.ts';

interface Open {
  readonly key: string;
  readonly user: WatchUser;
}

export class FakeApi implements KubeApi {
  readonly url = 'https://fake';
  /** Paths, as asked. */
  readonly asked: string[] = [];
  readonly watches = new Set<Open>();
  /** Instead of an answer. */
  failure: ApiFailure | undefined;
  isClosed = false;
  readonly #objects = new Map<string, object>();
  #version = 0;

  put({ kind, name }: ObjectName, data: Readonly<Record<string, string>>): void {
    const encoded = Object.entries(data).map(([key, text]) => [key, kind === 'Secret' ? btoa(text) : text]);
    const metadata = { name, uid: name, resourceVersion: String((this.#version += 1)) };
    const object = { kind, metadata, data: Object.fromEntries(encoded) as Record<string, string> };
    const key = `${collectionPath('voice', kind)}/${name}`;
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    this.#objects.set(key, object);
    this.#tell(key, type, object);
  }

  remove({ kind, name }: ObjectName): void {
    const key = `${collectionPath('voice', kind)}/${name}`;
    const object = this.#objects.get(key);
    this.#objects.delete(key);
    if (object !== undefined) this.#tell(key, 'DELETED', object);
  }

  /** Of every watch. */
  endWatches(failure: ApiFailure | undefined): void {
    for (const open of [...this.watches]) {
      this.watches.delete(open);
      open.user.onEnded(failure);
    }
  }

  get(path: string): Promise<ApiAnswer> {
    return Promise.resolve(this.#answer(path));
  }

  #answer(path: string): ApiAnswer {
    this.asked.push(path);
    if (this.failure !== undefined) return { ok: false, failure: this.failure };
    const key = keyOf(path);
    const object = this.#objects.get(key);
    if (path.includes('?')) {
      const items = object === undefined ? [] : [object];
      return { ok: true, value: { metadata: { resourceVersion: String(this.#version) }, items } };
    }
    if (object !== undefined) return { ok: true, value: object };
    return {
      ok: false,
      failure: { kind: 'status', status: 404, reason: 'not found', retryAfterSeconds: undefined },
    };
  }

  watch(path: string, user: WatchUser): Watching {
    this.asked.push(path);
    const open = { key: keyOf(path), user };
    if (this.failure !== undefined) {
      const { failure } = this;
      queueMicrotask(() => user.onEnded(failure));
      return { close: () => undefined };
    }
    this.watches.add(open);
    queueMicrotask(() => user.onOpened());
    return { close: () => this.watches.delete(open) };
  }

  close(): void {
    this.isClosed = true;
  }

  #tell(key: string, type: string, object: object): void {
    for (const open of this.watches) if (open.key === key) open.user.onEvent(type, object);
  }
}

/** `/api/v1/namespaces/voice/secrets/sbc-tls`, also of a list by field selector. */
function keyOf(path: string): string {
  const url = new URL(path, 'https://fake');
  const selector = url.searchParams.get('fieldSelector');
  return selector === null ? url.pathname : `${url.pathname}/${selector.replace('metadata.name=', '')}`;
}
