/** A process by its id and its start, because ids are used again. Linux only: elsewhere the start is unknown. */
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot; empty where it cannot be known. */
  readonly startedAt: string;
}

/** @returns undefined where no such process runs */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    // The second field is the name in brackets, which may hold spaces and brackets itself; the start is the 22nd field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : { pid, startedAt: fields[19] ?? '' };
  } catch {
    return isAlive(pid) ? { pid, startedAt: '' } : undefined;
  }
}

export function isStillRunning({ pid, startedAt }: ProcessIdentity): boolean {
  const now = identify(pid);
  return now !== undefined && now.startedAt === startedAt;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
