/** Several stores of one resource as one: where the operator watches some namespaces and not all. */
import type { KubeObject } from '../kube/kube-object.ts';
import type { Store } from '../watch/store.ts';

export class UnionStore implements Store {
  readonly #stores: readonly Store[];

  constructor(stores: readonly Store[]) {
    this.#stores = stores;
  }

  get(namespace: string | undefined, name: string): KubeObject | undefined {
    for (const store of this.#stores) {
      const found = store.get(namespace, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  list(namespace?: string): readonly KubeObject[] {
    return this.#joined((store) => store.list(namespace));
  }

  by(index: string, value: string): readonly KubeObject[] {
    return this.#joined((store) => store.by(index, value));
  }

  get size(): number {
    return this.#stores.reduce((sum, { size }) => sum + size, 0);
  }

  get isSynced(): boolean {
    return this.#stores.every(({ isSynced }) => isSynced);
  }

  /** An object is in one of them. */
  #joined(read: (store: Store) => readonly KubeObject[]): readonly KubeObject[] {
    const [only, ...others] = this.#stores;
    if (only === undefined) return [];
    return others.length === 0 ? read(only) : this.#stores.flatMap(read);
  }
}
