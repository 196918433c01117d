/** A child process of a test: its lines can be waited for, and it ends by its own pid, also when the test run dies. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What its lines are called in failures. Default: the command. */
  readonly name?: string;
}

interface Waiter {
  readonly matches: (line: string) => boolean;
  readonly found: (line: string) => void;
  readonly failed: (error: Error) => void;
}

export class RunningProcess {
  readonly name: string;
  /** stdout and stderr, line by line, in the order of their arrival. */
  readonly lines: string[] = [];
  /** Resolves with the exit code, or with the signal's name where one ended it. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #waiters = new Set<Waiter>();
  #isOver = false;

  constructor(command: string, args: readonly string[], options: ProcessOptions = {}) {
    this.name = options.name ?? command;
    // stdin stays open: baresip takes its end for the wish to quit.
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#child = child;
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#hear(line));
    }
    child.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => {
        this.#over(`cannot start: ${error.message}`);
        resolve('not-started');
      });
      child.on('close', (code, signal) => {
        this.#over(`ended with ${code ?? signal ?? 'nothing'}`);
        resolve(code ?? signal ?? 'unknown');
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The first line, also an earlier one, that fits. Fails with the last lines when the time or the process is over. */
  async waitForLine(wanted: RegExp | ((line: string) => boolean), withinMs = 10_000): Promise<string> {
    const matches = typeof wanted === 'function' ? wanted : (line: string) => wanted.test(line);
    const earlier = this.lines.find(matches);
    if (earlier !== undefined) return earlier;
    if (this.#isOver) throw this.#failure('it is over');
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => waiter.failed(this.#failure(`no line ${String(wanted)} in ${withinMs} ms`)),
        withinMs,
      );
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        matches,
        found: (line) => {
          done();
          resolve(line);
        },
        failed: (error) => {
          done();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** To its standard input. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and SIGKILL where that does not help in time. Safe to call again. */
  async end(withinMs = 5000): Promise<number | string> {
    if (!this.#isOver) {
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), withinMs);
      await this.ended;
      clearTimeout(timer);
    }
    return this.ended;
  }

  #hear(line: string): void {
    this.lines.push(line);
    for (const waiter of [...this.#waiters]) if (waiter.matches(line)) waiter.found(line);
  }

  #over(how: string): void {
    this.#isOver = true;
    running.delete(this.#child);
    for (const waiter of [...this.#waiters]) waiter.failed(this.#failure(how));
  }

  #failure(what: string): Error {
    return new Error([`${this.name}: ${what}; its last lines:`, ...this.lines.slice(-15)].join('\n  '));
  }
}

/** Runs a program to its end and returns what it wrote; fails where it does not return 0. */
export async function run(command: string, args: readonly string[], options: ProcessOptions = {}): Promise<string> {
  const child = new RunningProcess(command, args, options);
  const code = await child.ended;
  if (code !== 0)
    throw new Error(`${child.name} ${args.join(' ')} ended with ${code}:\n${child.lines.slice(-15).join('\n')}`);
  return child.lines.join('\n');
}
