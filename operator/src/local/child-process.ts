/** One container as a child process: its log file, its end. */
import { spawn } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import type { ContainerProcess } from './container-process.ts';

export interface ChildParams {
  readonly process: ContainerProcess;
  /** What the machine gives besides the container's own variables. */
  readonly inherited: Readonly<Record<string, string>>;
  /** Where it runs: what a crash leaves behind, such as a core with keys in it, stays below the run directory. */
  readonly directory: string;
  /** Absent: the child writes to our standard error. */
  readonly log: string | undefined;
  readonly onExit: (how: string) => void;
}

export interface Child {
  /** 0 where the program could not be started; `onExit` follows. */
  readonly pid: number;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

export function startChild({ process, inherited, directory, log, onExit }: ChildParams): Child {
  const file = log === undefined ? undefined : openSync(log, 'a', 0o600);
  const output = file ?? 2;
  const stdio: StdioOptions = ['ignore', output, output];
  const child = spawn(process.command, [...process.args], {
    env: { ...inherited, ...process.environment },
    cwd: directory,
    stdio,
    // Ctrl-C in a terminal reaches the whole process group; who drains first is ours to say.
    detached: true,
  });
  if (file !== undefined) closeSync(file);
  let isOver = false;
  const over = (how: string) => {
    if (isOver) return;
    isOver = true;
    onExit(how);
  };
  child.once('error', (error) => over(`could not start: ${error.message}`));
  child.once('exit', (code, signal) => over(signal === null ? `code ${String(code)}` : `signal ${signal}`));
  return {
    pid: child.pid ?? 0,
    signal: (name) => {
      if (!isOver) child.kill(name);
    },
  };
}

/** Older lines than the last start's are kept once, as `<log>.1`. */
export function turnLog(path: string): void {
  try {
    if (statSync(path).size === 0) return;
    rmSync(`${path}.1`, { force: true });
    renameSync(path, `${path}.1`);
  } catch {
    // There was none.
  }
}

const tailBytes = 4_096;
const maxLine = 500;

/** The last line that is not empty, shortened. */
export function lastLine(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim());
    return lines.findLast((line) => line !== '')?.slice(0, maxLine) ?? '';
  } finally {
    closeSync(file);
  }
}
