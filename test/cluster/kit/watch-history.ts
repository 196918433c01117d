/** Every state of some objects from now on, in order: for what is over before anybody could ask. */
import type { ApiClient, Said, WatchEvent } from './api-client.ts';
import { until } from './until.ts';

export class WatchHistory {
  readonly events: WatchEvent[] = [];
  readonly #over = new AbortController();
  readonly #end: Promise<void>;
  readonly #listener: (event: WatchEvent) => void;

  private constructor(api: ApiClient, path: string, resourceVersion: string, listener: (event: WatchEvent) => void) {
    this.#listener = listener;
    this.#end = this.#follow(api, path, resourceVersion);
  }

  /** @param path of a list @param listener is told of each event as it comes */
  static async start(
    api: ApiClient,
    path: string,
    listener: (event: WatchEvent) => void = () => undefined,
  ): Promise<WatchHistory> {
    const { body } = await api.get(path);
    const history = new WatchHistory(api, path, body.metadata.resourceVersion as string, listener);
    for (const object of body.items as Said[]) history.#hear({ type: 'ADDED', object });
    return history;
  }

  /** The first event, also an earlier one, that fits. */
  find(wanted: (event: WatchEvent) => boolean, what: string, withinMs = 30_000): Promise<WatchEvent> {
    return until(() => this.events.find(wanted), { what, withinMs, everyMs: 20 });
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#end;
  }

  async #follow(api: ApiClient, path: string, resourceVersion: string): Promise<void> {
    try {
      for await (const event of api.watch(path, { resourceVersion }, this.#over.signal)) this.#hear(event);
    } catch {
      // The API server has gone: what was not heard by then, `find` misses, and says so.
    }
  }

  #hear(event: WatchEvent): void {
    this.events.push(event);
    this.#listener(event);
  }
}
