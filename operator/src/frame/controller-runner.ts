/** Takes keys off a queue and has them reconciled, several at once, each key by one worker at a time. */
import type { Log } from '../kernel/log.ts';
import { ApiError, ConnectionError, Obstacle, WriteRefused } from '../kube/api-error.ts';
import type { WorkQueue } from '../queue/work-queue.ts';
import type { Key, Reconciler } from './controller.ts';
import { formatKey, parseKey } from './controller.ts';
import type { OperatorMetrics, ReconcileResult } from './operator-metrics.ts';

export interface ControllerParams {
  /** Kebab-case; a label of metrics. */
  readonly name: string;
  readonly reconciler: Reconciler;
  readonly queue: WorkQueue;
  /** Reconciles at once. */
  readonly workers: number;
  readonly metrics: Pick<OperatorMetrics, 'reconciled'>;
  readonly log: Log;
}

/** An API server that is away may be back at any time, and no watch tells of what is the same as before. */
const longestUnreachableMs = 5_000;
/** Its objects go one after the other, and each of them is told of by its own event. */
const namespaceGoesMs = 10_000;

export class ControllerRunner {
  readonly #params: ControllerParams;
  /** What was last said of a key that fails: the same is not said twice. */
  readonly #complaints = new Map<string, string>();
  #workers: Promise<void>[] = [];

  constructor(params: ControllerParams) {
    this.#params = params;
  }

  get name(): string {
    return this.#params.name;
  }

  get queue(): WorkQueue {
    return this.#params.queue;
  }

  /** Keys may be added before `start`: they wait. */
  enqueue(key: Key): void {
    this.#params.queue.add(formatKey(key));
  }

  start(): void {
    if (this.#workers.length > 0) return;
    this.#workers = Array.from({ length: this.#params.workers }, () => this.#work());
  }

  /** Resolves when the reconciles that run have ended; nothing new is begun. */
  async stop(): Promise<void> {
    this.#params.queue.shutDown();
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    const { queue } = this.#params;
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      this.#params.metrics.reconciled(this.#params.name, await this.#reconcile(key));
      queue.done(key);
    }
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    const { queue, reconciler } = this.#params;
    try {
      const result = await reconciler.reconcile(parseKey(key));
      queue.forget(key);
      this.#complaints.delete(key);
      if (result?.requeueAfterMs === undefined) return 'done';
      queue.addAfter(key, result.requeueAfterMs);
      return 'requeued';
    } catch (error) {
      return this.#fail(key, error);
    }
  }

  #fail(key: string, error: unknown): ReconcileResult {
    const { queue } = this.#params;
    if (error instanceof ApiError && error.isConflict) {
      // Somebody wrote in between: the cache will know in a moment.
      queue.retry(key);
      return 'conflict';
    }
    if (error instanceof ApiError && error.isNamespaceGone) {
      queue.forget(key);
      queue.addAfter(key, namespaceGoesMs);
      return 'requeued';
    }
    if (error instanceof ConnectionError) queue.retry(key, { atMostMs: longestUnreachableMs });
    else queue.retry(key, { atLeastMs: error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0 });
    // The lease is gone, the process ends: that is said elsewhere.
    if (error instanceof WriteRefused) return 'refused';
    this.#complain(key, error);
    return error instanceof ConnectionError ? 'unreachable' : 'error';
  }

  #complain(key: string, error: unknown): void {
    const { log, name } = this.#params;
    const message = error instanceof Error ? error.message : String(error);
    if (this.#complaints.get(key) === message) return;
    this.#complaints.set(key, message);
    // Of a bug the stack tells where; of an API server that refuses, or of what stands in the way, the sentence tells what.
    const isExpected = [ApiError, ConnectionError, Obstacle].some((kind) => error instanceof kind);
    const stack = error instanceof Error && !isExpected ? { stack: error.stack } : {};
    log.error('Cannot reconcile', { controller: name, key, error: message, ...stack });
  }
}
