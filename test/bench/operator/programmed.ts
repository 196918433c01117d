/** Follows the objects of a kind and tells when they are programmed, by watch: polling would cost the API server more than the operator does. */
import type { ApiClient, Said } from '../../cluster/kit/api-client.ts';
import { collectionOf } from './api-load.ts';

interface Waiting {
  readonly count: number;
  /** Of each object; absent: as it is. */
  readonly generation?: number;
  readonly done: () => void;
}

export class Programmed {
  /** Name → generation that is programmed. */
  readonly #programmed = new Map<string, number>();
  readonly #over = new AbortController();
  #waiting: Waiting[] = [];

  static async follow(api: ApiClient, kind: string): Promise<Programmed> {
    const path = collectionOf(kind);
    const { body } = await api.get(path);
    const programmed = new Programmed();
    for (const object of body.items as Said[]) programmed.#see(object);
    void programmed.#watch(api, path, body.metadata.resourceVersion as string);
    return programmed;
  }

  /** Resolves when so many objects are programmed, in this generation at least. */
  until(count: number, generation = 0): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, generation, done: resolve });
      this.#look();
    });
  }

  stop(): void {
    this.#over.abort();
  }

  async #watch(api: ApiClient, path: string, resourceVersion: string): Promise<void> {
    for await (const { object } of api.watch(path, { resourceVersion }, this.#over.signal)) this.#see(object);
  }

  #see({ metadata, status }: Said): void {
    const { generation, name } = metadata as { generation: number; name: string };
    const conditions = (status?.conditions ?? []) as Said[];
    const found = conditions.find(({ type }) => type === 'Programmed');
    if (found?.status === 'True' && found.observedGeneration === generation) this.#programmed.set(name, generation);
    else this.#programmed.delete(name);
    this.#look();
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ count, generation = 0, done }) => {
      const enough = [...this.#programmed.values()].filter((each) => each >= generation).length >= count;
      if (enough) done();
      return !enough;
    });
  }
}
