/**
 * Writes a volume as the kubelet does (kubernetes pkg/volume/util/atomic_writer.go): readers see all of the old files or
 * all of the new ones.
 *
 *     volume/tls.crt → ..data/tls.crt      volume/..data → ..1764_1/      volume/..1764_1/tls.crt
 */
import { chmod, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface VolumeFile {
  /** File name in the volume; no folders. */
  readonly name: string;
  readonly content: Uint8Array;
  readonly mode: number;
}

const current = '..data';

/** @returns whether anything has changed */
export async function writeVolume(directory: string, files: readonly VolumeFile[]): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const previous = await linkTarget(join(directory, current));
  if (previous !== undefined && (await holdsExactly(join(directory, previous), files))) return false;
  const version = await freshDirectory(directory);
  for (const { name, content, mode } of files) {
    const path = join(directory, version, name);
    await writeFile(path, content, { mode });
    // The umask may have taken bits away.
    await chmod(path, mode);
  }
  const temporary = join(directory, '..data_tmp');
  await rm(temporary, { force: true });
  await symlink(version, temporary);
  await rename(temporary, join(directory, current));
  await linkFiles(directory, files);
  await removeOld(directory, version);
  return true;
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch {
    return undefined;
  }
}

async function holdsExactly(directory: string, files: readonly VolumeFile[]): Promise<boolean> {
  try {
    const names = await readdir(directory);
    if (names.length !== files.length) return false;
    for (const { name, content, mode } of files) {
      const path = join(directory, name);
      if (((await lstat(path)).mode & 0o777) !== mode) return false;
      if (!(await readFile(path)).equals(content)) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** A name that no earlier version had, so that a reader's open directory is never written to. */
async function freshDirectory(directory: string): Promise<string> {
  const taken = (await readdir(directory)).map((name) => Number(/^\.\.version_(\d+)$/.exec(name)?.[1] ?? 0));
  const version = `..version_${String(Math.max(0, ...taken) + 1)}`;
  await mkdir(join(directory, version), { mode: 0o700 });
  return version;
}

async function linkFiles(directory: string, files: readonly VolumeFile[]): Promise<void> {
  for (const { name } of files) {
    const link = join(directory, name);
    const target = join(current, name);
    if ((await linkTarget(link)) === target) continue;
    await rm(link, { force: true });
    await symlink(target, link);
  }
}

async function removeOld(directory: string, version: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name === current || name === version) continue;
    const isOldVersion = name.startsWith('..');
    const isDangling = !isOldVersion && !(await exists(path));
    if (isOldVersion || isDangling) await rm(path, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch {
    return false;
  }
}
