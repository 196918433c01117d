/** One pod as processes of this machine, led as the kubelet leads it: sidecars first, a drain by SIGTERM, sidecars last. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expandVariables } from '../../../operator/src/local/expand-variables.ts';
import type { ApiClient } from './api-client.ts';
import { ContainerRun } from './container-run.ts';
import { podStatus } from './pod-status.ts';
import { fieldOf, type ContainerSpec, type PodCondition, type PodObject, type PodPlace } from './pod-types.ts';
import { PodVolumes } from './pod-volumes.ts';
import type { PodPrograms } from './pod-programs.ts';

export interface PodRunParams {
  readonly api: ApiClient;
  readonly pod: PodObject;
  readonly place: PodPlace;
  readonly programs: PodPrograms;
  /** Host and port of the API server. */
  readonly apiServer: URL;
  readonly directory: string;
  /** One file for each container. */
  readonly logs: string;
  /** Between two looks at what is mounted. The kubelet takes about a minute. */
  readonly refreshMs: number;
}

const RETRY_MS = 300;
/** What sidecars get beyond the grace period. */
const SIDECAR_GRACE_MS = 2000;

export class PodRun {
  readonly pod: PodObject;
  readonly place: PodPlace;
  readonly containers: readonly ContainerRun[];
  readonly #sidecars: readonly ContainerRun[];
  readonly #params: PodRunParams;
  readonly #volumes: PodVolumes;
  readonly #ending = new AbortController();
  readonly #startTime = new Date().toISOString();
  #statusWrite: Promise<void> | undefined;
  #isStatusOld = false;
  #end: Promise<void> | undefined;
  #problem = '';
  /** Where no program stands for an image, nothing of the pod starts. */
  #imageProblem = '';
  #isKilled = false;

  constructor(params: PodRunParams) {
    this.#params = params;
    this.pod = params.pod;
    this.place = params.place;
    this.#volumes = new PodVolumes(params.api, params.pod, params.place, join(params.directory, 'volumes'));
    const { initContainers = [], containers } = params.pod.spec;
    this.containers = [...initContainers, ...containers].map((container) => this.#container(container));
    this.#sidecars = this.containers.filter(({ container }) => container.restartPolicy === 'Always');
    writeHosts(join(params.directory, 'hosts'), params.pod, params.place);
  }

  container(name: string): ContainerRun {
    const found = this.containers.find(({ container }) => container.name === name);
    if (found === undefined) throw new Error(`Cannot find container ${name} in pod ${this.pod.metadata.name}`);
    return found;
  }

  /** The object as the API server has it: where somebody else wrote its readiness, it is written again. */
  seen({ status }: PodObject): void {
    const isReady = (conditions: PodCondition[] = []) =>
      conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
    const { pod, place, containers } = this;
    const own = podStatus({ pod, place, containers, startTime: this.#startTime, problem: this.#problem });
    if (this.#statusWrite === undefined && isReady(status?.conditions) !== isReady(own.conditions)) this.#changed();
  }

  start(): void {
    this.#changed();
    void this.#begin();
  }

  /** As after `kubectl delete`: SIGTERM, grace period, sidecars, and the object is removed. */
  terminate(graceSeconds: number): Promise<void> {
    this.#end ??= this.#terminate(graceSeconds);
    return this.#end;
  }

  /** At once, without a word to the API server. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#ending.abort();
    await Promise.all(this.containers.map((container) => container.stop(0)));
  }

  async #begin(): Promise<void> {
    if (this.#imageProblem !== '') {
      this.#problem = this.#imageProblem;
      this.#changed();
      return;
    }
    await this.#mount();
    void this.#refresh();
    const main = this.pod.spec.containers;
    const isOnce = this.pod.spec.restartPolicy === 'Never';
    for (const run of this.containers) {
      if (this.#ending.signal.aborted) return;
      if (main.includes(run.container)) void (isOnce ? run.once() : run.keepRunning());
      else if (this.#sidecars.includes(run)) await run.keepRunning();
      else await run.complete();
    }
  }

  async #mount(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      try {
        await this.#volumes.write();
        this.#problem = '';
        return;
      } catch (error) {
        this.#problem = (error as Error).message;
        this.#changed();
        await delay(RETRY_MS);
      }
    }
  }

  async #refresh(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      await delay(this.#params.refreshMs, undefined, { signal: this.#ending.signal }).catch(() => undefined);
      // The API server may be away: what is mounted stays.
      await this.#volumes.write().catch(() => undefined);
    }
  }

  async #terminate(graceSeconds: number): Promise<void> {
    this.#ending.abort();
    const main = this.containers.filter((run) => !this.#sidecars.includes(run));
    await Promise.all(main.map((run) => run.stop(graceSeconds * 1000)));
    for (const run of this.#sidecars.toReversed()) await run.stop(SIDECAR_GRACE_MS);
    await this.#statusWrite;
    const { namespace, name, uid } = this.pod.metadata;
    await this.#persist(() =>
      this.#params.api.send('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, preconditions: { uid } },
      }),
    );
  }

  /** Writes the status, one write at a time; what changes meanwhile is written by the next. */
  #changed(): void {
    this.#isStatusOld = true;
    this.#statusWrite ??= this.#writeStatus().finally(() => {
      this.#statusWrite = undefined;
    });
  }

  async #writeStatus(): Promise<void> {
    const { namespace, name } = this.pod.metadata;
    while (this.#isStatusOld) {
      this.#isStatusOld = false;
      const { pod, place, containers } = this;
      const status = podStatus({ pod, place, containers, startTime: this.#startTime, problem: this.#problem });
      await this.#persist(() =>
        this.#params.api.send('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, {
          body: { metadata: { uid: pod.metadata.uid }, status },
          contentType: 'application/merge-patch+json',
        }),
      );
    }
  }

  /** Until the API server has answered, whatever (404 and 409 mean that the pod is gone), or the test is over. */
  async #persist(send: () => Promise<unknown>): Promise<void> {
    while (!this.#isKilled) {
      try {
        await send();
        return;
      } catch {
        await delay(RETRY_MS);
      }
    }
  }

  #container(container: ContainerSpec): ContainerRun {
    const { directory, logs } = this.#params;
    const { name } = this.pod.metadata;
    const environment = this.#environment(container);
    const variables = new Map(Object.entries(environment));
    const [program, ...first] = container.command ?? this.#program(container.image);
    const own = join(directory, container.name);
    mkdirSync(own, { recursive: true });
    const mounts = (container.volumeMounts ?? []).map(
      (mount) => [this.#volumes.pathOf(mount.name), mount.mountPath] as const,
    );
    return new ContainerRun({
      container,
      command: [program ?? 'false', ...first, ...(container.args ?? [])].map((text) =>
        this.#own(expandVariables(text, variables)),
      ),
      environment,
      mounts: [[join(directory, 'hosts'), '/etc/hosts'] as const, ...mounts].toSorted(([, a], [, b]) =>
        a < b ? -1 : 1,
      ),
      address: this.place.podIP,
      directory: own,
      log: join(logs, `${name}-${container.name}.log`),
      changed: () => this.#changed(),
    });
  }

  #program(image: string): readonly string[] {
    try {
      return this.#params.programs(image);
    } catch (error) {
      this.#imageProblem = (error as Error).message;
      return [];
    }
  }

  /** A pod has a 127.0.0.1 of its own; here that is the pod's address. */
  #own(text: string): string {
    return text.replace(/(?<![\d.])127\.0\.0\.1(?![\d.])/g, this.place.podIP);
  }

  /** In order: a value may name the variables before it. */
  #environment(container: ContainerSpec): Readonly<Record<string, string>> {
    const { apiServer } = this.#params;
    const variables = new Map<string, string>([
      ['PATH', process.env['PATH'] ?? ''],
      ['HOSTNAME', this.pod.metadata.name],
      ['KUBERNETES_SERVICE_HOST', apiServer.hostname],
      ['KUBERNETES_SERVICE_PORT', apiServer.port],
      // The operator listens on all addresses of its pod: here that would be all of the machine's.
      ['HEALTH_HOST', this.place.podIP],
    ]);
    for (const { name, value, valueFrom } of container.env ?? []) {
      const path = valueFrom?.fieldRef?.fieldPath;
      const text =
        path === undefined ? this.#own(expandVariables(value ?? '', variables)) : fieldOf(this.pod, this.place, path);
      variables.set(name, text);
    }
    return Object.fromEntries(variables);
  }
}

function writeHosts(path: string, { spec }: PodObject, { podIP }: PodPlace): void {
  const aliases = (spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join(' ')}`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, [readFileSync('/etc/hosts', 'utf8').trimEnd(), `# pod ${podIP}`, ...aliases, ''].join('\n'));
}
