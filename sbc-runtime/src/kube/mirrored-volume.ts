/**
 * Writes a folder as the kubelet writes a volume (kubernetes pkg/volume/util/atomic_writer.go): readers see all of the old
 * files or all of the new ones. Synchronous on purpose: the reader lives in this very process, and the folder in memory.
 *
 *     folder/tls.crt → ..data/tls.crt      folder/..data → ..7/      folder/..7/tls.crt
 */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const CURRENT = '..data';
const NEXT = '..data_tmp';
const OWNER_ONLY = 0o700;
const FILE_OF_OWNER = 0o600;

/** True: something has changed. */
export function writeMirrored(folder: string, files: ReadonlyMap<string, Buffer>): boolean {
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
  const before = linkOf(join(folder, CURRENT));
  if (before !== undefined && holds(join(folder, before), files)) return false;
  const version = `..${Math.max(0, ...readdirSync(folder).map(versionOf)) + 1}`;
  mkdirSync(join(folder, version), { mode: OWNER_ONLY });
  for (const [name, content] of files) {
    const path = join(folder, version, name);
    writeFileSync(path, content, { mode: FILE_OF_OWNER });
    chmodSync(path, FILE_OF_OWNER);
  }
  rmSync(join(folder, NEXT), { force: true });
  symlinkSync(version, join(folder, NEXT));
  renameSync(join(folder, NEXT), join(folder, CURRENT));
  for (const name of files.keys()) link(folder, name);
  removeOld(folder, version, files);
  return true;
}

function link(folder: string, name: string): void {
  const [path, target] = [join(folder, name), join(CURRENT, name)];
  if (linkOf(path) === target) return;
  rmSync(path, { force: true, recursive: true });
  symlinkSync(target, path);
}

/** Of a writer that died half-way as well. */
function removeOld(folder: string, version: string, files: ReadonlyMap<string, Buffer>): void {
  for (const name of readdirSync(folder)) {
    if (name === CURRENT || name === version || files.has(name)) continue;
    // Folders that are no versions are the volumes below this one.
    if (name.startsWith('..') || linkOf(join(folder, name)) !== undefined)
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function versionOf(name: string): number {
  return /^\.\.\d+$/.test(name) ? Number(name.slice(2)) : 0;
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function holds(folder: string, files: ReadonlyMap<string, Buffer>): boolean {
  try {
    if (readdirSync(folder).length !== files.size) return false;
    for (const [name, content] of files) if (!readFileSync(join(folder, name)).equals(content)) return false;
    return true;
  } catch {
    return false;
  }
}
