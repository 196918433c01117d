/**
 * The frame: an `Operator` of @dot-i/k8s-operator whose engine is ours (docs/adr/0010). What remains of the package is the life
 * cycle, the logger contract, KubeConfig and the words for events.
 *
 *     class TeamsSbcOperator extends SbcOperator {
 *       protected async init() {
 *         const trunks = this.watch(resources.teamsTrunks, { indexes: { instance: … } });
 *         const controller = this.control('teams-trunk', (…) => new TrunkReconciler(trunks.store, …), { workers: 8 });
 *         trunks.tells(controller, keyOfObject);
 *       }
 *     }
 */
import OperatorModule from '@dot-i/k8s-operator';
import type { ResourceEvent, ResourceMeta } from '@dot-i/k8s-operator';
import { ApiConnection } from '../kube/api-connection.ts';
import { kubeConfigCredentials } from '../kube/credentials.ts';
import { HttpKubeClient } from '../kube/http-kube-client.ts';
import type { KubeClient, ObjectPlace, WriteGate } from '../kube/kube-client.ts';
import { pathOf } from '../kube/resource.ts';
import type { Resource } from '../kube/resource.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { Leader } from '../lead/leader.ts';
import { WorkQueue } from '../queue/work-queue.ts';
import { ObjectStore } from '../watch/object-store.ts';
import { Reflector } from '../watch/reflector.ts';
import { ApiEventRecorder } from './api-event-recorder.ts';
import type { EventRecorder, Reconciler } from './controller.ts';
import { ControllerRunner } from './controller-runner.ts';
import { HealthServer } from './health-server.ts';
import { LoopLag } from './loop-lag.ts';
import { operatorEvent } from './operator-event.ts';
import type { OperatorMetrics } from './operator-metrics.ts';
import { kindOf, statusOf, finalizersOf, isMissingFinalizer } from './package-calls.ts';
import { WatchedResource } from './watched-resource.ts';
import type { WatchOptions } from './watched-resource.ts';

/** A CommonJS module: under nodenext its default export is one level down. */
const Operator = OperatorModule.default;

export interface SbcOperatorParams {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: OperatorMetrics;
  /** Unlike any other process's: `<pod>_<random>`. */
  readonly identity: string;
  /** Absent: no election, this process always leads (tests, one replica). */
  readonly lease?: ObjectPlace | undefined;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  /** Absent: no health endpoint. */
  readonly health?: { readonly host: string; readonly port: number } | undefined;
  /** The process has to end with a failure: another one leads. */
  readonly onLost: (reason: string) => void;
}

/** Reconciles get so long to end; the pod's grace period is 30 s. */
const drainMs = 25_000;
const leaseRequestMs = 5_000;
const deadLoopMs = 5_000;
/** Each reflector does something at least as often as its silence and a request's time limit add up to. */
const deadReflectorMs = 300_000;

/** An API server that just starts does not know its own roles yet. */
const forbiddenPatienceMs = 60_000;

const alwaysLeading: WriteGate = { mayWrite: true };

/** Resources that none of their watches may read any more: a namespace whose Role went with it is no reason. */
function forbidden(reflectors: readonly Reflector[]): readonly string[] {
  const byResource = Map.groupBy(reflectors, ({ resource }) => resource.plural);
  return [...byResource]
    .filter(([, all]) => all.every(({ forbiddenMs }) => forbiddenMs >= forbiddenPatienceMs))
    .map(
      ([plural]) => `the API server refuses ${plural} (401 or 403): is the role binding of the operator still there`,
    );
}

export abstract class SbcOperator extends Operator {
  protected readonly params: SbcOperatorParams;
  /** Writes pass the gate of the lease. */
  protected readonly kube: KubeClient;
  protected readonly events: EventRecorder;
  readonly #connection: ApiConnection;
  readonly #leader: Leader | undefined;
  readonly #recorder: ApiEventRecorder;
  readonly #lag: LoopLag;
  readonly #health: HealthServer | undefined;
  readonly #watched: WatchedResource[] = [];
  readonly #controllers: ControllerRunner[] = [];
  #isLeading = false;
  #isStopping = false;
  #healthPort = 0;
  #listening: Promise<void> | undefined;

  constructor(params: SbcOperatorParams) {
    const { clock, log, metrics } = params;
    super({
      debug: (message) => log.debug(message),
      info: (message) => log.info(message),
      warn: (message) => log.warn(message),
      error: (message) => log.error(message),
    });
    this.params = params;
    this.#connection = new ApiConnection({ credentials: kubeConfigCredentials(this.kubeConfig, clock), clock });
    const onRequest = metrics.requested.bind(metrics);
    const shared = { connection: this.#connection, clock, onRequest };
    this.#leader =
      params.lease &&
      this.#makeLeader(params.lease, new HttpKubeClient({ ...shared, lane: 'lease', timeoutMs: leaseRequestMs }));
    this.kube = new HttpKubeClient({ ...shared, gate: this.#leader ?? alwaysLeading });
    this.#recorder = new ApiEventRecorder({ client: this.kube, clock, log, metrics, instance: params.identity });
    this.events = this.#recorder;
    this.#lag = new LoopLag(clock);
    this.#health =
      params.health &&
      new HealthServer({
        notLive: () => this.notLive(),
        notReady: () => this.notReady(),
        registry: metrics.registry,
      });
    metrics.watchQueues(() => this.#controllers.map(({ name, queue }) => [name, queue] as const));
    metrics.watchReflectors(() => this.#watched.map(({ reflector }) => reflector));
    metrics.watchLeader(() => this.#isLeading);
  }

  /** Probes and Prometheus are answered from now on: a start may wait long for an API server. `start` does it too. */
  listen(): Promise<void> {
    this.#listening ??= this.#listen();
    return this.#listening;
  }

  /** Resolves when all caches are filled and the election has begun; controllers work from the moment this process leads. */
  override async start(): Promise<void> {
    await this.listen();
    await super.start();
    for (const { reflector } of this.#watched) reflector.start();
    await Promise.all(this.#watched.map(({ store }) => store.waitForSync()));
    if (this.#isStopping) return;
    this.params.log.info('Caches are filled', { resources: this.#watched.length });
    if (this.#leader === undefined) this.#lead();
    else this.#leader.start();
  }

  /** At once: reconciles under way may be cut. `shutDown` is the graceful way. */
  override stop(): void {
    this.#isStopping = true;
    this.#recorder.stop();
    this.#lag.stop();
    for (const { reflector } of this.#watched) reflector.stop();
    for (const { queue } of this.#controllers) queue.shutDown();
    this.#connection.close();
    void this.#health?.close();
    super.stop();
  }

  /** Lets reconciles end, for 25 s at most, gives the lease back and closes everything. */
  async shutDown(): Promise<void> {
    const { clock, log } = this.params;
    this.#isStopping = true;
    const ended = Promise.all(this.#controllers.map((controller) => controller.stop())).then(() => true);
    let late: { cancel(): void } | undefined;
    const isLate = new Promise<false>((resolve) => (late = clock.after(drainMs, () => resolve(false))));
    const isDrained = await Promise.race([ended, isLate]);
    late?.cancel();
    // A reconcile that still runs may write: then the lease is left to run out.
    if (isDrained) await this.#leader?.release();
    else log.warn('Reconciles did not end in time', { seconds: drainMs / 1000 });
    this.stop();
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** The port of `/livez`, `/readyz` and `/metrics`. */
  get healthPort(): number {
    return this.#healthPort;
  }

  /** Sentences about what is wrong for good; none: this process lives. An API server that is away is no reason to die. */
  notLive(): readonly string[] {
    const problems: string[] = [];
    const lagMs = this.#lag.takeLongestMs();
    if (lagMs > deadLoopMs) problems.push(`the event loop was ${Math.round(lagMs)} ms late`);
    for (const { reflector } of this.#watched) {
      if (reflector.idleMs > deadReflectorMs) problems.push(`the watch of ${reflector.resource.plural} has stopped`);
    }
    return problems;
  }

  notReady(): readonly string[] {
    if (this.#isStopping) return ['stopping'];
    if (this.#watched.length === 0) return ['starting'];
    const empty = this.#watched
      .filter(({ store }) => !store.isSynced)
      .map(({ reflector }) => `the cache of ${reflector.resource.plural} is not filled yet`);
    return [...empty, ...forbidden(this.#watched.map(({ reflector }) => reflector))];
  }

  /** To be called in `init`. */
  protected watch(resource: Resource, options: WatchOptions = {}): WatchedResource {
    const { clock, random, metrics, log, namespace } = this.params;
    const { indexes, trim, labelSelector, fieldSelector, optional } = options;
    const store = new ObjectStore(indexes);
    const watched: WatchedResource = new WatchedResource(
      new Reflector({
        ...{ client: this.kube, resource, store, clock, random, metrics, log, trim, optional },
        selection: {
          namespace: options.namespace ?? (resource.namespaced ? namespace : undefined),
          labelSelector,
          fieldSelector,
        },
        onServed: (isServed) => watched.served(isServed),
      }),
    );
    this.#watched.push(watched);
    return watched;
  }

  /** To be called in `init`. Its keys wait until this process leads. */
  protected control(name: string, reconciler: Reconciler, { workers = 4 } = {}): ControllerRunner {
    const { clock, random, metrics, log } = this.params;
    const queue = new WorkQueue({ clock, random, metrics: metrics.queueMetrics(name) });
    const controller = new ControllerRunner({ name, reconciler, queue, workers, metrics, log });
    this.#controllers.push(controller);
    return controller;
  }

  async #listen(): Promise<void> {
    this.#lag.start();
    const { health } = this.params;
    if (health !== undefined) this.#healthPort = (await this.#health?.listen(health.host, health.port)) ?? 0;
  }

  #makeLeader(lease: ObjectPlace, client: KubeClient): Leader {
    const { clock, random, log, identity, onLost } = this.params;
    const onLead = () => this.#lead();
    return new Leader({
      ...{ client, clock, random, log, identity, lease, onLead },
      onLost: (reason) => {
        this.#isLeading = false;
        onLost(reason);
      },
    });
  }

  #lead(): void {
    if (this.#isStopping) return;
    this.#isLeading = true;
    this.#recorder.start();
    for (const controller of this.#controllers) controller.start();
  }

  // What follows takes the place of the package's own calls, for whoever knows it; our controllers use `watch` and `kube`.

  protected override getCustomResourceApiUri(
    group: string,
    version: string,
    plural: string,
    namespace?: string,
  ): string {
    const server = this.kubeConfig.getCurrentCluster()?.server ?? '';
    return server + pathOf({ group, version, plural, kind: '', namespaced: namespace !== undefined }, { namespace });
  }

  /** Events come from a reflector: lists, deletions that were missed, no end of the process at a lost connection. */
  protected override watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<void>,
    namespace?: string,
  ): Promise<void> {
    const resource = { group, version, plural, kind: kindOf(group, plural), namespaced: true };
    const { reflector } = this.watch(resource, { namespace });
    reflector.store.onChange((change) => {
      const event = operatorEvent(resource, change) as unknown as ResourceEvent;
      onEvent(event).catch((error: unknown) =>
        this.params.log.error('Cannot handle an event', { resource: plural, error: String(error) }),
      );
    });
    return Promise.resolve();
  }

  /** Server-side apply of the whole status; rejects where it fails, a conflict included. */
  protected override async setResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta | null> {
    const { object, options } = statusOf(meta, status);
    return { ...meta, resourceVersion: (await this.kube.apply(object, options)).metadata.resourceVersion ?? '' };
  }

  /** The same: an apply always declares what its manager wants, whole. */
  protected override patchResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta | null> {
    return this.setResourceStatus(meta, status);
  }

  /** As the package's, but a failure rejects and other managers' finalizers are left alone. */
  protected override async handleResourceFinalizer(
    event: ResourceEvent,
    finalizer: string,
    deleteAction: (event: ResourceEvent) => Promise<void>,
  ): Promise<boolean> {
    if (isMissingFinalizer(event, finalizer)) {
      await this.setResourceFinalizers(event.meta, [finalizer]);
      return true;
    }
    if (event.object.metadata?.deletionTimestamp === undefined) return false;
    if (event.object.metadata.finalizers?.includes(finalizer) === true) {
      await deleteAction(event);
      await this.setResourceFinalizers(event.meta, []);
    }
    return true;
  }

  /** Our own finalizers: those of other field managers are neither read nor written. */
  protected override async setResourceFinalizers(meta: ResourceMeta, finalizers: string[]): Promise<void> {
    const { object, options } = finalizersOf(meta, finalizers);
    await this.kube.apply(object, options);
  }

  /** The chart and `kubectl apply -k config/crd` install them: an operator has no right to. */
  protected override registerCustomResourceDefinition(): never {
    throw new Error('Cannot register a CustomResourceDefinition: install them by the chart or config/crd');
  }
}
