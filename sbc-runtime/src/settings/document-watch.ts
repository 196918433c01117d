/**
 * Tells when mounted files may have changed. The kubelet swaps the `..data` link of a volume; a watch on the folder sees
 * it, and a slow poll stands behind the watch, because inotify has limits and network file systems have none of it.
 */
import { watch, type FSWatcher } from 'node:fs';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';

export interface DocumentWatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Cheap enough to be called for nothing: the reader compares what it finds with what it has. */
  readonly onMayHaveChanged: () => void;
}

/** Several files change together; one look after they have settled. */
const SETTLE_MS = 100;
const POLL_MS = 10_000;

export class DocumentWatch {
  readonly #deps: DocumentWatchDeps;
  readonly #watchers = new Map<string, FSWatcher>();
  #isClosed = false;
  #settling: Timer | undefined;
  #polling: Timer | undefined;

  constructor(deps: DocumentWatchDeps) {
    this.#deps = deps;
  }

  start(folders: readonly string[]): void {
    this.watchOnly(folders);
    this.#poll();
  }

  /** Each mounted volume is a folder of its own; a new document may name others. */
  watchOnly(folders: readonly string[]): void {
    for (const [folder, watcher] of this.#watchers) {
      if (folders.includes(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  /** Somebody who knows says so. */
  mayHaveChanged(): void {
    this.#settle();
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    if (this.#settling) this.#deps.clock.cancel(this.#settling);
    this.#isClosed = true;
    if (this.#polling) this.#deps.clock.cancel(this.#polling);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#settle());
      watcher.on('error', (error) =>
        this.#deps.log.warn('A folder is no longer watched; changes are found by polling', {
          folder,
          error: String(error),
        }),
      );
      this.#watchers.set(folder, watcher);
    } catch (error) {
      this.#deps.log.warn('A folder cannot be watched; changes are found by polling', { folder, error: String(error) });
    }
  }

  #settle(): void {
    if (this.#settling || this.#isClosed) return;
    this.#settling = this.#deps.clock.after(SETTLE_MS, () => {
      this.#settling = undefined;
      this.#deps.onMayHaveChanged();
    });
  }

  #poll(): void {
    this.#polling = this.#deps.clock.after(POLL_MS, () => {
      this.#poll();
      this.#deps.onMayHaveChanged();
    });
  }
}
