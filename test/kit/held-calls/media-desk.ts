/** Where the main thread gives its orders to the media thread. */
import { Worker } from 'node:worker_threads';
import type { MediaAddress } from '../../teams-simulator/media.ts';
import type { Answer, Ask, Leg, MediaReport, Order } from './media-words.ts';

interface Waiting {
  readonly resolve: (report: MediaReport | undefined) => void;
  readonly reject: (error: Error) => void;
}

export class MediaDesk {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;
  #isClosed = false;

  /** `packetMs`: between two packets of a leg. */
  constructor(packetMs: number) {
    this.#thread = new Worker(new URL('media-thread.ts', import.meta.url), { workerData: { packetMs } });
    this.#thread.on('message', (answer: Answer) => this.#onAnswer(answer));
    this.#thread.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#thread.on('exit', () => this.#fail(new Error('Cannot ask: the media thread is over')));
  }

  async bind(at: MediaAddress): Promise<void> {
    await this.#give({ kind: 'bind', at });
  }

  async set(leg: Leg): Promise<void> {
    await this.#give({ kind: 'set', leg });
  }

  async end(ids: readonly number[], atMs: number): Promise<void> {
    await this.#give({ kind: 'end', ids, atMs });
  }

  async forget(ids: readonly number[]): Promise<void> {
    await this.#give({ kind: 'forget', ids });
  }

  async ask(ask: Ask): Promise<MediaReport> {
    return (await this.#give({ kind: 'ask', ...ask })) ?? { legs: [], ownLatenessMs: 0, strays: 0 };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const over = new Promise((resolve) => this.#thread.once('exit', resolve));
    this.#thread.postMessage({ number: 0, order: { kind: 'close' } });
    await over;
  }

  #give(order: Order): Promise<MediaReport | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#thread.postMessage({ number, order });
    });
  }

  #onAnswer({ number, report, error }: Answer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (error === undefined) waiting?.resolve(report);
    else waiting?.reject(new Error(error));
  }

  #fail(error: Error): void {
    for (const { resolve, reject } of this.#waiting.values())
      if (this.#isClosed) resolve(undefined);
      else reject(error);
    this.#waiting.clear();
  }
}
