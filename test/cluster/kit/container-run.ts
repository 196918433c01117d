/** One container as a child process: kept running, probed, stopped. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerSpec, ProbeSpec } from './pod-types.ts';
import { probeOnce } from './probe.ts';

export interface ContainerParams {
  readonly container: ContainerSpec;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Source on this machine and target in the container, parents first. */
  readonly mounts: readonly (readonly [source: string, target: string])[];
  /** The pod's address: where probes are sent. */
  readonly address: string;
  /** Its own; the process runs in it. */
  readonly directory: string;
  readonly log: string;
  /** Called after every change of what is below. */
  readonly changed: () => void;
}

type State =
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'running'; readonly startedAt: string }
  | { readonly kind: 'terminated'; readonly exitCode: number; readonly startedAt: string; readonly finishedAt: string };

const FIRST_BACK_OFF_MS = 500;
const MAX_BACK_OFF_MS = 5000;
const script = join(import.meta.dirname, 'container.sh');

export class ContainerRun {
  readonly container: ContainerSpec;
  state: State = { kind: 'waiting', reason: 'PodInitializing' };
  restartCount = 0;
  /** It runs, and its startup probe, if any, has passed. */
  isStarted = false;
  isReady = false;
  readonly #params: ContainerParams;
  readonly #started = Promise.withResolvers<undefined>();
  readonly #over = new AbortController();
  #child: ChildProcess | undefined;
  #life: Promise<void> | undefined;

  constructor(params: ContainerParams) {
    this.container = params.container;
    this.#params = params;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it, and starts it again whenever it ends, until `stop`. Resolves when it has started. */
  async keepRunning(): Promise<void> {
    this.#life = this.#live();
    await this.#started.promise;
  }

  /** Starts it again until it ends with 0: an init container that is no sidecar. */
  async complete(): Promise<void> {
    this.#life = this.#untilDone();
    await this.#life;
  }

  /** Whatever its end: a container of a pod that is not started again. */
  async once(): Promise<void> {
    this.#life = this.#runOnce().then(() => undefined);
    await this.#life;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** SIGTERM, and SIGKILL after the grace period. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#over.abort();
    this.#started.resolve(undefined);
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), graceMs);
    await this.#life;
    clearTimeout(timer);
  }

  async #live(): Promise<void> {
    for (;;) {
      await this.#runOnce();
      if (this.#isOver()) return;
      await this.#backOff();
      if (this.#isOver()) return;
    }
  }

  async #untilDone(): Promise<void> {
    while (!this.#isOver()) {
      if ((await this.#runOnce()) === 0 || this.#isOver()) return;
      await this.#backOff();
    }
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  async #backOff(): Promise<void> {
    const milliseconds = Math.min(FIRST_BACK_OFF_MS * 2 ** this.restartCount, MAX_BACK_OFF_MS);
    this.restartCount += 1;
    this.state = { kind: 'waiting', reason: 'CrashLoopBackOff' };
    this.#params.changed();
    await delay(milliseconds, undefined, { signal: this.#over.signal }).catch(() => undefined);
  }

  async #runOnce(): Promise<number> {
    const { command, environment, mounts, directory, log, changed } = this.#params;
    const scratch = join(directory, 'scratch');
    mkdirSync(scratch, { recursive: true });
    const file = openSync(log, 'a');
    // prctl(2) PR_SET_PDEATHSIG: also a test that was killed with SIGKILL leaves nothing behind.
    const wrapped = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'];
    const child = spawn('setpriv', [...wrapped, script, scratch, ...mounts.flat(), '--', ...command], {
      cwd: directory,
      env: environment,
      stdio: ['ignore', file, file],
    });
    closeSync(file);
    this.#child = child;
    const startedAt = now();
    this.state = { kind: 'running', startedAt };
    changed();
    const ended = new AbortController();
    const exitCode = await new Promise<number>((resolve) => {
      child.once('error', () => resolve(127));
      child.once('exit', (code) => resolve(code ?? 137));
      void this.#probe(ended.signal);
    });
    ended.abort();
    this.#child = undefined;
    this.isStarted = this.isReady = false;
    this.state = { kind: 'terminated', exitCode, startedAt, finishedAt: now() };
    changed();
    return exitCode;
  }

  async #probe(ended: AbortSignal): Promise<void> {
    const { startupProbe, readinessProbe, livenessProbe } = this.container;
    if (startupProbe && !(await this.#untilAnswered(startupProbe, ended))) return;
    this.isStarted = true;
    this.isReady = readinessProbe === undefined;
    this.#started.resolve(undefined);
    this.#params.changed();
    if (readinessProbe) void this.#follow(readinessProbe, ended, (isReady) => this.#setReady(isReady));
    if (livenessProbe)
      void this.#follow(livenessProbe, ended, (isAlive) => {
        if (!isAlive) this.kill('SIGKILL');
      });
  }

  async #untilAnswered(probe: ProbeSpec, ended: AbortSignal): Promise<boolean> {
    for (let failures = 0; failures < (probe.failureThreshold ?? 3); failures++) {
      if (await this.#ask(probe)) return true;
      await pause(probe, ended);
      if (ended.aborted) return false;
    }
    this.kill('SIGKILL');
    return false;
  }

  async #follow(probe: ProbeSpec, ended: AbortSignal, tell: (answered: boolean) => void): Promise<void> {
    let failures = 0;
    while (!ended.aborted) {
      const answered = await this.#ask(probe);
      failures = answered ? 0 : failures + 1;
      // What was asked of a process that has ended meanwhile says nothing of the next.
      if (isAborted(ended)) return;
      if (answered || failures >= (probe.failureThreshold ?? 3)) tell(answered);
      await pause(probe, ended);
    }
  }

  #ask(probe: ProbeSpec): Promise<boolean> {
    const { container, address, environment } = this.#params;
    return probeOnce(probe, { container, address, environment });
  }

  #setReady(isReady: boolean): void {
    if (this.isReady === isReady) return;
    this.isReady = isReady;
    this.#params.changed();
  }
}

/** The compiler takes a signal that was not aborted for one that never is. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function pause({ periodSeconds = 10 }: ProbeSpec, signal: AbortSignal): Promise<void> {
  await delay(periodSeconds * 1000, undefined, { signal }).catch(() => undefined);
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
