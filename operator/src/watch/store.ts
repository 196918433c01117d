/** What a reflector knows of one resource: deep-frozen objects by key, and by index. */
import type { KubeObject } from '../kube/kube-object.ts';

/** The read side. */
export interface Store<T extends KubeObject = KubeObject> {
  get(namespace: string | undefined, name: string): T | undefined;
  /** In no order that is promised. */
  list(namespace?: string): readonly T[];
  /** Throws where the store has no such index. */
  by(index: string, value: string): readonly T[];
  readonly size: number;
  /** Whether a whole list has been read. Never goes back: a store that lost its watch serves what it last knew. */
  readonly isSynced: boolean;
}

/** The values under which an index finds an object; `[]`: not at all. */
export type Indexer<T extends KubeObject = KubeObject> = (object: T) => readonly string[];

/** `before` undefined: it is new. `after` undefined: it is gone. */
export interface StoreChange<T extends KubeObject = KubeObject> {
  readonly key: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}
