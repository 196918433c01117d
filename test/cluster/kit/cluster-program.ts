/** One program of the control plane: started, paused, killed and started again by its pid. It dies with the test that started it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { until } from './until.ts';

export interface ProgramParams {
  readonly name: string;
  readonly command: string;
  /** A function is asked at each start. */
  readonly args: readonly string[] | (() => readonly string[]);
  /** Appended to, over all of its starts. */
  readonly log: string;
  /** Resolves once it serves; asked after each start. */
  readonly ready: (program: ClusterProgram) => Promise<void>;
  /** The command does not become the program but waits for it, as `nsenter --pid` does: signals are for its child. Default false. */
  readonly isInChild?: boolean;
}

export class ClusterProgram {
  readonly name: string;
  readonly #params: ProgramParams;
  #child: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve('not started');

  constructor(params: ProgramParams) {
    this.name = params.name;
    this.#params = params;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number | undefined {
    const pid = this.#child?.pid;
    return pid !== undefined && this.#params.isInChild === true ? (childOf(pid) ?? pid) : pid;
  }

  /** Starts it and waits until it serves. */
  async start(): Promise<void> {
    this.launch();
    await this.ready();
  }

  launch(): void {
    if (this.#child) throw new Error(`Cannot start ${this.name}: it runs`);
    const { command, args, log } = this.#params;
    const words = typeof args === 'function' ? args() : args;
    const file = openSync(log, 'a');
    // prctl(2) PR_SET_PDEATHSIG: also a test that was killed with SIGKILL leaves nothing behind.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...words], { stdio: ['ignore', file, file] });
    closeSync(file);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      const over = (how: string) => {
        if (this.#child === child) this.#child = undefined;
        resolve(how);
      };
      child.once('error', (error) => over(`could not start: ${error.message}`));
      child.once('exit', (code, signal) => over(signal ?? `code ${code ?? 'unknown'}`));
    });
  }

  async ready(): Promise<void> {
    await this.#params.ready(this);
  }

  /** SIGSTOP: its sockets stay open, and nobody answers. Resolves when all of its threads stand still. */
  async pause(): Promise<void> {
    const { pid } = this;
    if (pid === undefined) throw new Error(`Cannot pause ${this.name}: it does not run`);
    this.#signal('SIGSTOP');
    await until(() => threadStates(pid).every((state) => state === 'T'), {
      what: `${this.name} to stand still`,
      everyMs: 5,
    });
  }

  resume(): void {
    this.#signal('SIGCONT');
  }

  /** Default: SIGKILL, as a crash. Resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<string> {
    this.#signal(signal);
    return this.#ended;
  }

  /** For the `exit` of this process, where nothing can be awaited: returns once no thread of it runs, a second later at most. */
  killAtExit(): void {
    const { pid } = this;
    if (pid === undefined) return;
    this.#signal('SIGKILL');
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for (let turn = 0; turn < 1000 && !isOver(pid); turn++) Atomics.wait(clock, 0, 0, 1);
  }

  /** @param signal How its old process ends; SIGTERM is an orderly end */
  async restart(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.kill(signal);
    await this.start();
  }

  /** Whether it has written these words. */
  logged(words: string): boolean {
    const { log } = this.#params;
    return existsSync(log) && readFileSync(log, 'utf8').includes(words);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this;
    try {
      if (pid !== undefined) process.kill(pid, signal);
    } catch (error) {
      // It has ended meanwhile, which this process is about to hear.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  /** An error of this program, with the last lines that it wrote. */
  failure(what: string): Error {
    const { log } = this.#params;
    const lines = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-12) : [];
    return new Error([`${this.name}: ${what}; its last lines (all of them: ${log}):`, ...lines].join('\n  '));
  }
}

/** The only child, seen from here: proc(5), CONFIG_PROC_CHILDREN. */
export function childOf(pid: number): number | undefined {
  try {
    const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);
    return child > 0 ? child : undefined;
  } catch {
    return undefined;
  }
}

/** The letters of proc(5); after the name, which may hold anything but a closing parenthesis at its end. */
function threadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return text.charAt(text.lastIndexOf(')') + 2);
  });
}

/** Nobody has asked for its end yet, which leaves a zombie. */
function isOver(pid: number): boolean {
  try {
    return threadStates(pid).every((state) => state === 'Z' || state === 'X');
  } catch {
    return true;
  }
}
