/** The operator's figures for Prometheus, one method a fact. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { RequestFacts } from '../kube/http-kube-client.ts';
import type { QueueMetrics, WorkQueue } from '../queue/work-queue.ts';
import type { Reflector, ReflectorMetrics } from '../watch/reflector.ts';

export type ReconcileResult = 'done' | 'requeued' | 'conflict' | 'refused' | 'unreachable' | 'error';

const shortBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

export class OperatorMetrics implements ReflectorMetrics {
  readonly registry: Registry;
  readonly #requests: Counter<'verb' | 'resource' | 'code'>;
  readonly #requestSeconds: Histogram<'verb'>;
  readonly #lists: Counter<'resource'>;
  readonly #watches: Counter<'resource'>;
  readonly #watchFailures: Counter<'resource' | 'kind'>;
  readonly #misses: Counter<'resource'>;
  readonly #reconciles: Counter<'controller' | 'result'>;
  readonly #adds: Counter<'controller'>;
  readonly #retries: Counter<'controller'>;
  readonly #waitSeconds: Histogram<'controller'>;
  readonly #workSeconds: Histogram<'controller'>;
  readonly #events: Counter<'result'>;

  constructor(registry = new Registry()) {
    this.registry = registry;
    collectDefaultMetrics({ register: registry });
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
      new Counter({ name: `sbc_operator_${name}`, help, labelNames, registers: [registry] });
    const seconds = <L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> =>
      new Histogram({ name: `sbc_operator_${name}`, help, labelNames, buckets: shortBuckets, registers: [registry] });

    this.#requests = counter('api_requests_total', 'Requests to the API server', ['verb', 'resource', 'code']);
    this.#requestSeconds = seconds('api_request_seconds', 'Time of a request, waiting for a connection included', [
      'verb',
    ]);
    this.#lists = counter('reflector_lists_total', 'Lists begun', ['resource']);
    this.#watches = counter('reflector_watches_total', 'Watches begun', ['resource']);
    this.#watchFailures = counter('reflector_failures_total', 'Lists and watches that failed', ['resource', 'kind']);
    this.#misses = counter('reflector_cache_miss_total', 'Objects that a watch had lost, found by a list', [
      'resource',
    ]);
    this.#reconciles = counter('reconciles_total', 'Reconciles, by result', ['controller', 'result']);
    this.#adds = counter('queue_adds_total', 'Keys added to the queue', ['controller']);
    this.#retries = counter('queue_retries_total', 'Keys added again after a failure', ['controller']);
    this.#waitSeconds = seconds('queue_wait_seconds', 'From the first add of a key to its reconcile', ['controller']);
    this.#workSeconds = seconds('reconcile_seconds', 'Time of a reconcile', ['controller']);
    this.#events = counter('events_total', 'Kubernetes events, by what became of them', ['result']);
  }

  requested({ verb, resource, code, durationMs }: RequestFacts): void {
    this.#requests.inc({ verb, resource, code });
    this.#requestSeconds.observe({ verb }, durationMs / 1000);
  }

  listed(resource: string): void {
    this.#lists.inc({ resource });
  }

  watched(resource: string): void {
    this.#watches.inc({ resource });
  }

  failed(resource: string, kind: string): void {
    this.#watchFailures.inc({ resource, kind });
  }

  missed(resource: string, objects: number): void {
    this.#misses.inc({ resource }, objects);
  }

  reconciled(controller: string, result: ReconcileResult): void {
    this.#reconciles.inc({ controller, result });
  }

  recorded(result: 'written' | 'aggregated' | 'dropped' | 'failed'): void {
    this.#events.inc({ result });
  }

  queueMetrics(controller: string): QueueMetrics {
    return {
      added: () => this.#adds.inc({ controller }),
      retried: () => this.#retries.inc({ controller }),
      waited: (ms) => this.#waitSeconds.observe({ controller }, ms / 1000),
      worked: (ms) => this.#workSeconds.observe({ controller }, ms / 1000),
    };
  }

  /** Read at each scrape. */
  watchQueues(queues: () => Iterable<readonly [string, WorkQueue]>): void {
    const gauge = (name: string, help: string, read: (queue: WorkQueue) => number) =>
      this.#gauge(name, help, ['controller'], () =>
        [...queues()].map(([controller, queue]) => [{ controller }, read(queue)] as const),
      );
    gauge('queue_depth', 'Keys that wait for a worker', (queue) => queue.depth);
    gauge('queue_delayed', 'Keys that wait for their time', (queue) => queue.delayed);
    gauge('queue_longest_run_seconds', 'How long the oldest reconcile has run', (queue) => queue.longestRunMs / 1000);
  }

  /** Read at each scrape. */
  watchReflectors(reflectors: () => Iterable<Reflector>): void {
    const gauge = (name: string, help: string, read: (reflector: Reflector) => number) =>
      this.#gauge(name, help, ['resource'], () =>
        [...reflectors()].map((reflector) => [{ resource: reflector.resource.plural }, read(reflector)] as const),
      );
    gauge('reflector_objects', 'Objects in the cache', ({ store }) => store.size);
    gauge('reflector_age_seconds', 'Since the API server last said anything', ({ ageMs }) => ageMs / 1000);
    gauge('reflector_synced', '1 after the first whole list', ({ store }) => Number(store.isSynced));
  }

  /** Read at each scrape. */
  watchLeader(isLeading: () => boolean): void {
    this.#gauge('leader', '1 while this process holds the lease', [], () => [[{}, Number(isLeading())]]);
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: () => readonly (readonly [Partial<Record<L, string>>, number])[],
  ): void {
    new Gauge({
      name: `sbc_operator_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  }
}
