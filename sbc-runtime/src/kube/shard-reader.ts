/** From an index to the document: gets the shards that are new, and joins what it got. A shard never changes under its name, so that a new index costs what has changed. */
import { JoinMemory, joinShards, shardKey, type Problem, type RoutingIndex } from '@teams-sbc/crds/runtime';
import type { ApiFailure, KubeApi } from './kube-api.ts';
import { collectionPath, readObject } from './kube-object.ts';

export type ReadDocument =
  | { readonly kind: 'document'; readonly text: string }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  /** The API server was not able to tell. */
  | { readonly kind: 'failed'; readonly failure: ApiFailure };

/** GETs at once. */
const AT_ONCE = 8;

export class ShardReader {
  readonly #api: KubeApi;
  readonly #namespace: string;
  /** Of the last document that fitted together, by name. */
  #known: ReadonlyMap<string, string> = new Map();
  readonly #memory = new JoinMemory();

  constructor({ api, namespace }: { readonly api: KubeApi; readonly namespace: string }) {
    this.#api = api;
    this.#namespace = namespace;
  }

  async read(index: RoutingIndex): Promise<ReadDocument> {
    const texts = new Map<string, string>();
    const missing: string[] = [];
    for (const { name } of index.shards) {
      const known = this.#known.get(name);
      if (known === undefined) missing.push(name);
      else texts.set(name, known);
    }
    const failure = await this.#get(missing, texts);
    if (failure !== undefined) return { kind: 'failed', failure };
    const joined = joinShards(index, texts, this.#memory);
    // What does not fit together is read again as a whole.
    this.#known = joined.ok ? texts : new Map();
    return joined.ok ? { kind: 'document', text: joined.text } : { kind: 'refused', problems: joined.problems };
  }

  /** One that is not there is left out: whoever joins says which. */
  async #get(names: readonly string[], texts: Map<string, string>): Promise<ApiFailure | undefined> {
    for (let start = 0; start < names.length; start += AT_ONCE) {
      const some = names.slice(start, start + AT_ONCE);
      const path = (name: string): string =>
        `${collectionPath(this.#namespace, 'ConfigMap')}/${encodeURIComponent(name)}`;
      const answers = await Promise.all(some.map((name) => this.#api.get(path(name))));
      for (const [at, answer] of answers.entries()) {
        const name = some[at] ?? '';
        if (answer.ok) {
          const text = readObject('ConfigMap', answer.value)?.data.get(shardKey)?.toString('utf8');
          if (text !== undefined) texts.set(name, text);
        } else if (answer.failure.kind === 'unreachable' || answer.failure.status !== 404) return answer.failure;
      }
    }
    return undefined;
  }
}
