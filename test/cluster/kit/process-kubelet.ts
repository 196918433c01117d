/**
 * Scheduler and kubelet for tests: fake nodes whose pods are processes of this machine, each on a loopback address of its own.
 * What differs from a real node: no network namespace (127.0.0.1 becomes the pod's address), no user switch, no image, no
 * resource limit; mounts are real, in a mount namespace for each container, which needs root.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from './control-plane.ts';
import { FakeNodes, type PlacedPod } from './fake-nodes.ts';
import { productPrograms, type PodPrograms } from './pod-programs.ts';
import { PodRun } from './pod-run.ts';
import type { PodObject, PodPlace } from './pod-types.ts';

export interface ProcessKubeletOptions {
  readonly programs?: PodPrograms;
  /** Default 1. Pods on the host network get their node's address, so each needs a node of its own. */
  readonly nodes?: number;
  /** Between two looks at mounted ConfigMaps and Secrets. Default 2 s; the kubelet takes about a minute. */
  readonly refreshMs?: number;
}

const MAX_PODS = 8;
const FIRST_POD_HOST = 100;
const RELIST_MS = 300;
const WATCH_SECONDS = '300';

export class ProcessKubelet {
  readonly #cluster: ControlPlane;
  readonly #programs: PodPrograms;
  readonly #refreshMs: number;
  readonly #nodes: FakeNodes;
  readonly #runs = new Map<string, PodRun>();
  /** Pods without a node, by uid: looked at again when another pod has gone. */
  readonly #pending = new Map<string, PodObject>();
  readonly #over = new AbortController();
  /** By uid: those that have a node. */
  readonly #placed = new Map<string, PlacedPod>();
  #following: Promise<void> | undefined;
  #addressesGiven = 0;

  private constructor(cluster: ControlPlane, nodes: FakeNodes, { programs, refreshMs }: ProcessKubeletOptions) {
    this.#cluster = cluster;
    this.#nodes = nodes;
    this.#programs = programs ?? productPrograms;
    this.#refreshMs = refreshMs ?? 2000;
  }

  /** Ends with the control plane. */
  static async start(cluster: ControlPlane, options: ProcessKubeletOptions = {}): Promise<ProcessKubelet> {
    const nodes = await FakeNodes.create(cluster, options.nodes ?? 1);
    const kubelet = new ProcessKubelet(cluster, nodes, options);
    kubelet.#following = kubelet.#follow();
    cluster.endsWith(() => kubelet.stop());
    return kubelet;
  }

  runs(namespace: string, name: string): boolean {
    return this.#find(namespace, name) !== undefined;
  }

  /** The pod as it runs here. @throws Error where it does not */
  pod(namespace: string, name: string): PodRun {
    const found = this.#find(namespace, name);
    if (found === undefined) throw new Error(`Cannot find pod ${namespace}/${name}: it does not run here`);
    return found;
  }

  /** Kills every process; the objects stay as they are. */
  async stop(): Promise<void> {
    this.#over.abort();
    this.#nodes.stop();
    await this.#killAll();
    await this.#following;
    // One that was just seen when all was over.
    await this.#killAll();
  }

  async #killAll(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.kill()));
  }

  #find(namespace: string, name: string): PodRun | undefined {
    return [...this.#runs.values()].find(
      ({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === name,
    );
  }

  async #follow(): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        await this.#listAndWatch();
      } catch (error) {
        // The API server is away, mostly: pods run on, and are looked at again when it is back.
        appendFileSync(join(this.#cluster.logs, 'kubelet.log'), `${new Date().toISOString()} ${String(error)}\n`);
      }
      await delay(RELIST_MS, undefined, { signal: this.#over.signal }).catch(() => undefined);
    }
  }

  async #listAndWatch(): Promise<void> {
    const { status, body } = await this.#cluster.api.get('/api/v1/pods');
    if (status !== 200) return;
    const listed = new Set<string>();
    for (const pod of body.items as PodObject[]) {
      listed.add(pod.metadata.uid);
      await this.#see(pod);
    }
    for (const uid of [...this.#placed.keys(), ...this.#pending.keys()]) if (!listed.has(uid)) this.#vanished(uid);
    const query = { resourceVersion: body.metadata.resourceVersion as string, timeoutSeconds: WATCH_SECONDS };
    for await (const { type, object } of this.#cluster.api.watch('/api/v1/pods', query, this.#over.signal)) {
      if (type === 'ERROR') return;
      if (type === 'DELETED') this.#vanished((object as PodObject).metadata.uid);
      else await this.#see(object as PodObject);
    }
  }

  async #see(pod: PodObject): Promise<void> {
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 30 } = pod.metadata;
    const run = this.#runs.get(uid);
    if (deletionTimestamp !== undefined) {
      if (run) void run.terminate(deletionGracePeriodSeconds).then(() => this.#gone(uid));
      else await this.#remove(pod);
      return;
    }
    if (run) {
      run.seen(pod);
      return;
    }
    if (pod.spec.nodeName === undefined) {
      this.#pending.set(uid, pod);
      await this.#bind(pod);
      return;
    }
    const node = this.#nodes.named(pod.spec.nodeName);
    if (node)
      this.#start(pod, { nodeName: node.name, hostIP: node.address, podIP: this.#podAddress(pod, node.address) });
  }

  /** The watch brings it again, with its node. */
  async #bind(pod: PodObject): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    // A binding that the API server did not take is no place.
    this.#placed.delete(uid);
    const node = this.#placed.size < MAX_PODS ? this.#nodes.freeFor(pod, [...this.#placed.values()]) : undefined;
    if (node === undefined) return;
    this.#place(pod, node.name);
    const target = { apiVersion: 'v1', kind: 'Node', name: node.name };
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target };
    await this.#cluster.api.send('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, { body });
  }

  #place({ metadata, spec }: PodObject, nodeName: string): void {
    this.#pending.delete(metadata.uid);
    this.#placed.set(metadata.uid, { nodeName, hostNetwork: spec.hostNetwork === true });
  }

  /** One that never ran here: there is nothing to drain. */
  async #remove({ metadata: { namespace, name, uid } }: PodObject): Promise<void> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#cluster.api.send('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, { body });
  }

  #gone(uid: string): void {
    this.#runs.delete(uid);
    this.#placed.delete(uid);
    // An API server that is away shows them again when it is back.
    for (const pod of this.#pending.values()) void this.#bind(pod).catch(() => undefined);
  }

  #start(pod: PodObject, place: PodPlace): void {
    const { uid } = pod.metadata;
    this.#place(pod, place.nodeName);
    const directory = join(this.#cluster.directory, 'pods', uid);
    mkdirSync(directory, { recursive: true });
    const run = new PodRun({
      api: this.#cluster.api,
      pod,
      place,
      programs: this.#programs,
      apiServer: new URL(this.#cluster.server),
      directory,
      logs: this.#cluster.logs,
      refreshMs: this.#refreshMs,
    });
    this.#runs.set(uid, run);
    run.start();
  }

  /** Its object is gone: after its end, or before it by `kubectl delete --force`. */
  #vanished(uid: string): void {
    this.#pending.delete(uid);
    const run = this.#runs.get(uid);
    if (run) void run.kill().then(() => this.#gone(uid));
    else this.#gone(uid);
  }

  #podAddress({ spec }: PodObject, nodeAddress: string): string {
    if (spec.hostNetwork === true) return nodeAddress;
    return this.#cluster.block.address(FIRST_POD_HOST + (this.#addressesGiven++ % 150));
  }
}
