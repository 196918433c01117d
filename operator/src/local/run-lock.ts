/** One `sbc local` for each run directory. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalError } from './local-error.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { identify, isStillRunning } from './process-identity.ts';

export interface RunLock {
  release(): Promise<void>;
}

/** A lock whose process has died is taken over. */
export async function takeLock(runDirectory: string, ownPid: number): Promise<RunLock> {
  const path = join(runDirectory, 'lock');
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(path, JSON.stringify(identify(ownPid)), { flag: 'wx', mode: 0o600 });
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = parseIdentity(await readFile(path, 'utf8').catch(() => ''));
    if (owner !== undefined && isStillRunning(owner)) {
      throw new LocalError(
        `Cannot start: process ${String(owner.pid)} runs this directory already, end it with 'kill ${String(owner.pid)}' or choose another place with --run-directory`,
      );
    }
    await rm(path, { force: true });
  }
  throw new LocalError(`Cannot start: ${path} is taken again and again by other processes`);
}

export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value)) return undefined;
    const { pid, startedAt } = value;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}
