/** One running pod: carries out what the pod machine decides, with child processes, timers and probes. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SbcInstance } from '@teams-sbc/crds';
import type { Clock, Timer } from '../kernel/clock.ts';
import { paths } from '../objects/paths.ts';
import type { PlannedInstance } from '../plan/plan-instance.ts';
import type { PlannedPod } from '../plan/planned-pods.ts';
import { awaitApplied } from './applied-watch.ts';
import type { Child } from './child-process.ts';
import { lastLine, startChild, turnLog } from './child-process.ts';
import { forgetChild, rememberChild } from './children.ts';
import { containerProcess } from './container-process.ts';
import type { LocalEvent } from './local-event.ts';
import { pendingFields } from './pending-fields.ts';
import type { Pod, PodEffect, PodEvent, PodValues, Step } from './pod-machine.ts';
import { startPod, stepPod } from './pod-machine.ts';
import { ReadinessWatch } from './readiness-watch.ts';
import { readyAddresses } from './ready-addresses.ts';
import type { Programs } from './programs.ts';
import type { Resources } from './resources.ts';
import { adminSocketOf, podDirectory } from './run-directory.ts';
import { writeHostsFile, writePod } from './write-pod.ts';

export interface PodRunParams {
  /** How the output calls it. */
  readonly label: string;
  readonly wanted: WantedPod;
  readonly runDirectory: string;
  readonly programs: Programs;
  readonly inherited: Readonly<Record<string, string>>;
  /** `file`: one log for each container in the run directory. */
  readonly log: 'file' | 'inherit';
  readonly values: Omit<PodValues, 'graceMs'>;
  readonly clock: Clock;
  readonly report: (event: LocalEvent) => void;
}

/** What the directory says of one pod. */
export interface WantedPod {
  readonly instance: SbcInstance;
  readonly plan: PlannedInstance;
  readonly pod: PlannedPod;
  readonly resources: Resources;
}

/** `failed`: a container died before the pod was ready for the first time; it is started again all the same. */
export type FirstReadiness = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly reason: string };

export class PodRun {
  readonly label: string;
  readonly firstReady: Promise<FirstReadiness>;
  readonly ended: Promise<void>;
  readonly #params: PodRunParams;
  readonly #started: WantedPod;
  readonly #directory: string;
  readonly #adminSocket: string;
  readonly #children = new Map<string, Child>();
  readonly #restarts = new Map<string, Timer>();
  readonly #announced = new Map<string, number>();
  readonly #readiness: ReadinessWatch;
  readonly #resolveReady: (outcome: FirstReadiness) => void;
  readonly #resolveEnded: () => void;
  #machine: Pod | undefined;
  #grace: Timer | undefined;
  #hash: string;
  #pending = '';
  /** What the files of the pod say now. */
  #latest: SbcInstance;
  #listeners: SbcInstance['spec']['listeners'];
  #isCancelled = false;

  constructor(params: PodRunParams) {
    const { wanted } = params;
    this.label = params.label;
    this.#params = params;
    this.#started = wanted;
    this.#hash = wanted.plan.hash;
    this.#latest = wanted.instance;
    this.#listeners = wanted.instance.spec.listeners;
    this.#directory = podDirectory(params.runDirectory, wanted.plan.instance.namespace, wanted.pod.name);
    this.#adminSocket = adminSocketOf(params.runDirectory, wanted.plan.instance, wanted.pod.name);
    const ready = Promise.withResolvers<FirstReadiness>();
    const ended = Promise.withResolvers<undefined>();
    this.firstReady = ready.promise;
    this.ended = ended.promise.then(() => this.#forget());
    this.#resolveReady = ready.resolve;
    this.#resolveEnded = () => ended.resolve(undefined);
    this.#readiness = new ReadinessWatch({
      clock: params.clock,
      host: wanted.pod.bindAddress ?? '',
      port: wanted.instance.spec.observability.port,
      probe: wanted.plan.podTemplate.spec?.containers[0]?.readinessProbe ?? {},
      onReady: () => this.#onReady(),
      onUnready: (reason) => this.#onUnready(reason),
    });
  }

  get isStopping(): boolean {
    return this.#isCancelled || (this.#machine !== undefined && this.#machine.phase !== 'Running');
  }

  /** How long calls may go on after a stop. */
  get drainSeconds(): number {
    return this.#latest.spec.drain.timeoutSeconds;
  }

  async start(): Promise<void> {
    const { instance, plan, resources } = this.#started;
    const root = join(this.#directory, 'root');
    await writePod({ resources, instance, plan, root });
    await writeHostsFile(plan, root);
    const graceMs = (plan.podTemplate.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
    if (this.#isCancelled) return;
    for (const { name } of this.#containers()) turnLog(this.#logOf(name));
    this.#take(startPod(this.#containers(), { ...this.#params.values, graceMs }));
  }

  /** The first time drains, the second ends calls, the third kills. */
  stop(): void {
    if (this.#machine !== undefined) {
      this.#step({ kind: 'stop' });
      return;
    }
    // Its files are being written: it never starts.
    this.#isCancelled = true;
    this.#resolveReady({ kind: 'failed', reason: 'stopped before it was ready' });
    this.#resolveEnded();
  }

  /** Writes what has changed, and tells what the running processes cannot follow. Does not wait for the runtime. */
  async update(wanted: WantedPod): Promise<void> {
    const { instance, plan, resources } = wanted;
    const changed = await writePod({ resources, instance, plan, root: join(this.#directory, 'root') });
    const state = `ConfigMap/${instance.metadata.name}-routing`;
    for (const source of changed) {
      if (source !== state) this.#params.report({ event: 'wrote', pod: this.label, source });
    }
    this.#latest = instance;
    const fields = pendingFields({ ...this.#started, listeners: this.#listeners }, wanted);
    if (fields.join() !== this.#pending && fields.length > 0)
      this.#params.report({ event: 'pending', pod: this.label, fields });
    this.#pending = fields.join();
    if (this.#hash === plan.hash) return;
    this.#hash = plan.hash;
    void this.#reportApplied(plan.hash);
  }

  async #reportApplied(hash: string): Promise<void> {
    const isCurrent = () => this.#hash === hash && !this.isStopping;
    const outcome = await awaitApplied(this.#adminSocket, hash, this.#params.clock, isCurrent);
    if (outcome?.kind === 'applied') this.#params.report({ event: 'applied', pod: this.label, hash });
    if (outcome?.kind === 'not-applied')
      this.#params.report({ event: 'not-applied', pod: this.label, hash, reason: outcome.reason });
  }

  #step(event: PodEvent): void {
    if (this.#machine !== undefined) this.#take(stepPod(this.#machine, event));
  }

  #take({ next, effects }: Step): void {
    this.#machine = next;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: PodEffect): void {
    const { clock } = this.#params;
    switch (effect.kind) {
      case 'spawn':
        this.#spawn(effect.container);
        return;
      case 'signal':
        this.#children.get(effect.container)?.signal(effect.signal);
        return;
      case 'restart-after': {
        const due = () => this.#step({ kind: 'restart-due', container: effect.container });
        this.#restarts.set(effect.container, clock.after(effect.afterMs, due));
        return;
      }
      case 'start-grace':
        this.#grace?.cancel();
        this.#grace = clock.after(effect.afterMs, () => this.#step({ kind: 'grace-over' }));
        return;
      case 'stop-timers':
        this.#stopTimers();
        return;
      case 'ended':
        this.#resolveReady({ kind: 'failed', reason: 'stopped before it was ready' });
        this.#resolveEnded();
        return;
    }
  }

  #stopTimers(): void {
    this.#readiness.stop();
    this.#grace?.cancel();
    for (const timer of this.#restarts.values()) timer.cancel();
  }

  #spawn(name: string): void {
    const { clock, inherited, log, programs } = this.#params;
    const { plan, pod } = this.#started;
    const container = this.#containers().find((each) => each.name === name);
    const command = programs[name];
    if (container === undefined || command === undefined) return;
    const child = startChild({
      process: containerProcess(container.planned, {
        facts: { podName: pod.name, podIp: pod.bindAddress ?? '', namespace: plan.instance.namespace },
        command,
        // All of them, used yet or not: a trust bundle may come with a later manifest.
        mountPaths: [...this.#mountPaths(), ...Object.values(paths)],
        root: join(this.#directory, 'root'),
      }),
      inherited,
      directory: this.#directory,
      log: log === 'file' ? this.#logOf(name) : undefined,
      onExit: (how) => this.#onExit(name, child.pid, how),
    });
    this.#children.set(name, child);
    if (child.pid !== 0) rememberChild(this.#directory, name, child.pid);
    if (!container.isSidecar) this.#listeners = this.#latest.spec.listeners;
    this.#step({ kind: 'started', container: name, nowMs: clock.nowMs() });
    if (!container.isSidecar) this.#readiness.start();
  }

  #onExit(name: string, pid: number, how: string): void {
    const { clock, log, report } = this.#params;
    forgetChild(this.#directory, name);
    this.#children.delete(name);
    if (name !== 'rtpengine') this.#readiness.stop();
    const machine = this.#machine;
    if (machine === undefined) return;
    const step = stepPod(machine, { kind: 'exited', container: name, nowMs: clock.nowMs() });
    const restart = step.effects.find((effect) => effect.kind === 'restart-after');
    const facts = log === 'file' ? { log: this.#logOf(name), lastLine: lastLine(this.#logOf(name)) } : {};
    // On the way out an end is what everybody waits for: `ended` says it.
    if (restart !== undefined) {
      report({ event: 'exited', pod: this.label, container: name, pid, how, ...facts, restartInMs: restart.afterMs });
      const why = facts.lastLine === undefined || facts.lastLine === '' ? how : facts.lastLine;
      this.#resolveReady({ kind: 'failed', reason: `${this.label}/${name} ended (${how}): ${why}` });
    }
    this.#take(step);
  }

  #onReady(): void {
    for (const { name } of this.#containers()) {
      const pid = this.#children.get(name)?.pid;
      if (pid === undefined || this.#announced.get(name) === pid) continue;
      this.#announced.set(name, pid);
      this.#params.report({
        event: 'ready',
        pod: this.label,
        container: name,
        pid,
        addresses: readyAddresses(name, this.#started.instance, this.#listeners, this.#started.pod.bindAddress ?? ''),
        ...(this.#params.log === 'file' ? { log: this.#logOf(name) } : {}),
        ...(name === 'runtime' ? { adminSocket: this.#adminSocket } : {}),
      });
    }
    this.#resolveReady({ kind: 'ready' });
  }

  #onUnready(reason: string): void {
    if (this.isStopping) return;
    // It says `ready` again when it is.
    this.#announced.delete('runtime');
    this.#params.report({ event: 'not-ready', pod: this.label, container: 'runtime', reason });
  }

  #containers() {
    const spec = this.#started.plan.podTemplate.spec;
    return [
      ...(spec?.initContainers ?? []).map((planned) => ({ name: planned.name, isSidecar: true, planned })),
      ...(spec?.containers ?? []).map((planned) => ({ name: planned.name, isSidecar: false, planned })),
    ];
  }

  #mountPaths(): string[] {
    return (this.#started.plan.podTemplate.spec?.containers ?? []).flatMap((container) =>
      (container.volumeMounts ?? []).map(({ mountPath }) => mountPath),
    );
  }

  /** Keys do not outlive the pod that used them; logs do. */
  async #forget(): Promise<void> {
    await rm(join(this.#directory, 'root'), { recursive: true, force: true });
  }

  #logOf(container: string): string {
    return join(this.#directory, `${container}.log`);
  }
}
