/** What the operator asks of an API server. The implementation: http-kube-client.ts. */
import type { KubeObject } from './kube-object.ts';
import type { Place, Resource } from './resource.ts';

export interface ObjectPlace {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListQuery extends Selection {
  /** Objects a page; absent: all in one answer. */
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  /** `0`: any state the API server has in its cache; absent: the newest. */
  readonly resourceVersion?: string | undefined;
  /** `Exact`: the state at `resourceVersion`, 410 where that is forgotten. */
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan' | undefined;
}

export interface ListPage<T extends KubeObject = KubeObject> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Present where more pages follow. */
  readonly continue?: string | undefined;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes fields from other managers. Default true. */
  readonly force?: boolean | undefined;
  readonly subresource?: 'status' | undefined;
}

export interface DeleteOptions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

export interface WatchQuery extends Selection {
  readonly resourceVersion: string;
  /** The server ends the watch by itself after this long. */
  readonly timeoutSeconds: number;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

export interface WatchEvents {
  /** The server accepted the watch. */
  onOpen?(): void;
  onEvent(type: WatchEventType, object: KubeObject): void;
}

/**
 * Repeats nothing by itself. Every method rejects with an `ApiError` where the server refused and with a `ConnectionError`
 * where it did not answer; writes reject with `WriteRefused` while the write gate is shut.
 */
export interface KubeClient {
  /** undefined: it is not there. */
  get(resource: Resource, at: ObjectPlace): Promise<KubeObject | undefined>;
  list(resource: Resource, query: ListQuery): Promise<ListPage>;
  /** Server-side apply. `apiVersion`, `kind`, `metadata.name` and `metadata.namespace` say where. */
  apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  create(object: KubeObject): Promise<KubeObject>;
  /** With `metadata.resourceVersion`: only over that version, else 409. */
  replace(object: KubeObject, at?: Pick<Place, 'subresource'>): Promise<KubeObject>;
  /** @returns false where it was not there */
  delete(resource: Resource, at: ObjectPlace, options?: DeleteOptions): Promise<boolean>;
  /** Resolves at the server's end and when `signal` aborts; a 410 of the stream rejects as an `ApiError`. */
  watch(resource: Resource, query: WatchQuery, events: WatchEvents, signal: AbortSignal): Promise<void>;
  /** Whether the API server has the resource (discovery); false too while its CRD is not installed. */
  isServed(resource: Resource): Promise<boolean>;
}

/** Whether this process may write. Asked when a write is put on its socket. */
export interface WriteGate {
  readonly mayWrite: boolean;
}
