/** Reads a directory's manifests, and says when they may have changed: fs.watch, and a poll where that is deaf (network file systems). */
import { watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { SourceFile } from './documents.ts';
import { LocalError } from './local-error.ts';

const manifestName = /\.(yaml|yml|json)$/;
const maxFiles = 1_000;
const maxFileBytes = 4 * 1024 * 1024;

/** By name. Subdirectories and hidden files are not read, as with `kubectl apply -f DIRECTORY`. */
export async function readManifests(directory: string): Promise<SourceFile[]> {
  let names: string[];
  try {
    names = (await readdir(directory)).filter(isManifest).sort();
  } catch (error) {
    throw new LocalError(`Cannot read ${directory}: ${reasonOf(error)}`, { cause: error });
  }
  if (names.length > maxFiles)
    throw new LocalError(
      `Cannot read ${directory}: it has ${String(names.length)} manifests, allowed ${String(maxFiles)}`,
    );
  const files: SourceFile[] = [];
  for (const name of names) {
    const path = join(directory, name);
    try {
      const facts = await stat(path);
      // A pipe would let us wait for ever.
      if (!facts.isFile()) throw new LocalError(`Cannot read ${path}: it is no regular file`);
      const { size } = facts;
      if (size > maxFileBytes)
        throw new LocalError(`Cannot read ${path}: it has ${String(size)} bytes, allowed ${String(maxFileBytes)}`);
      files.push({ path, text: await readFile(path, 'utf8') });
    } catch (error) {
      if (error instanceof LocalError) throw error;
      throw new LocalError(`Cannot read ${path}: ${reasonOf(error)}`, { cause: error });
    }
  }
  return files;
}

function isManifest(name: string): boolean {
  return manifestName.test(name) && !name.startsWith('.');
}

export interface DirectoryWatch {
  close(): void;
}

/** An editor writes a file in several steps, and `cp a.yaml b.yaml dir/` several files. */
const settleMs = 150;
const pollMs = 2_000;

export function watchManifests(directory: string, clock: Clock, onChange: () => void): DirectoryWatch {
  let settling: Timer | undefined;
  let polling: Timer | undefined;
  let isClosed = false;
  let seen = '';
  const changed = () => {
    settling?.cancel();
    settling = clock.after(settleMs, onChange);
  };
  const poll = async () => {
    const now = await fingerprint(directory);
    if (isClosed) return;
    if (seen !== '' && now !== seen) changed();
    seen = now;
    polling = clock.after(pollMs, () => void poll());
  };
  const watcher = openWatcher(directory, changed);
  void poll();
  return {
    close() {
      isClosed = true;
      watcher?.close();
      settling?.cancel();
      polling?.cancel();
    },
  };
}

/** Absent where the system has no more watches to give: the poll does it. */
function openWatcher(directory: string, changed: () => void): { close(): void } | undefined {
  try {
    const watcher = watch(directory, (_event, name) => {
      if (name === null || isManifest(name)) changed();
    });
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

async function fingerprint(directory: string): Promise<string> {
  try {
    const parts: string[] = [];
    for (const name of (await readdir(directory)).filter(isManifest).sort()) {
      const { mtimeMs, size } = await stat(join(directory, name));
      parts.push(`${name} ${String(mtimeMs)} ${String(size)}`);
    }
    return `directory ${parts.join('\n')}`;
  } catch {
    return 'unreadable';
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'ENOENT') return 'there is no such directory or file';
    if (error.code === 'ENOTDIR') return 'it is not a directory';
    if (error.code === 'EACCES') return 'this user may not read it';
  }
  return error instanceof Error ? error.message : String(error);
}
