/** The cold start without an API server: what the kubelet has mounted becomes what the mirror would have written. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { maxRoutingStateLength } from '@teams-sbc/crds/runtime';
import { foldersIn } from './mirror-folders.ts';
import { writeMirrored } from './mirrored-volume.ts';
import { DOCUMENT, type MirrorDirectories } from './routing-mirror.ts';

export interface MountedCopy {
  /** Holds `routing-state.json.gz`. Undefined: not mounted. */
  readonly state: string | undefined;
  /** Holds a folder a Secret. Undefined: not mounted. */
  readonly secrets: string | undefined;
}

const COPY = `${DOCUMENT}.gz`;

/** Undefined: done; else why not. Folders that are there already are newer, and stay. */
export function seedFrom(copy: MountedCopy, directories: MirrorDirectories): string | undefined {
  if (copy.state === undefined) return 'no copy is mounted';
  const path = join(copy.state, COPY);
  let text: Buffer;
  try {
    text = gunzipSync(readFileSync(path), { maxOutputLength: maxRoutingStateLength });
  } catch (error) {
    return `${path}: ${reasonOf(error)}`;
  }
  if (copy.secrets !== undefined) {
    const there = new Set(foldersIn(directories.secrets));
    for (const name of foldersIn(copy.secrets))
      if (!there.has(name)) seedFolder(join(copy.secrets, name), join(directories.secrets, name));
  }
  writeMirrored(directories.state, new Map([[DOCUMENT, text]]));
  return undefined;
}

/** A Secret that was not there when the pod began is mounted as an empty folder, and filled later. */
function seedFolder(from: string, to: string): void {
  const files = filesIn(from);
  if (files.size > 0) writeMirrored(to, files);
}

function filesIn(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder).filter((name) => !name.startsWith('..'));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ENOENT' ? 'no such file' : error.message;
}
