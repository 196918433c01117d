/**
 * Where local mode keeps what its pods need. One for each manifest directory, so that several run side by side:
 *
 *     $TMPDIR/teams-sbc-<uid>/<hash of the directory>/lock
 *                                                    /<pod>/runtime.log, rtpengine.log, children.json
 *                                                    /<pod>/root/etc/teams-sbc/…   the files of the pod
 *                                                    /<pod>/root/run/teams-sbc/admin.sock
 */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ObjectRef } from '../compile/problem.ts';
import { defaultNamespace } from '../compile/problem.ts';
import { paths } from '../objects/paths.ts';
import { LocalError } from './local-error.ts';

/** Linux: `sun_path` has 108 bytes, the last is zero. */
const maxSocketPath = 107;

export interface RunDirectoryChoice {
  /** The manifest directory. */
  readonly directory: string;
  /** `--run-directory`. */
  readonly override?: string | undefined;
  readonly temporary: string;
  readonly userId: number;
}

export async function runDirectoryOf({ directory, override, temporary, userId }: RunDirectoryChoice): Promise<string> {
  if (override !== undefined) return resolve(override);
  const real = await realpath(directory);
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 12);
  return join(temporary, `teams-sbc-${String(userId)}`, hash);
}

/** Keys stand below it: nobody else may own it, write into it, or put another folder in its place. */
export async function makeRunDirectory(path: string, userId: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LocalError(`Cannot make the run directory ${path}: ${reason}, choose another place with --run-directory`);
  }
  const real = await realpath(path);
  for (const each of new Set([...foldersDownTo(resolve(path)), ...foldersDownTo(real)])) {
    const why = whyNotOurs(await lstat(each), userId, each === real);
    if (why !== undefined)
      throw new LocalError(`Cannot use ${each}: ${why}, choose another place with --run-directory`);
  }
}

/** `/a/b` as `/`, `/a`, `/a/b`. */
function foldersDownTo(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...foldersDownTo(parent), path];
}

function whyNotOurs(facts: Stats, userId: number, isRunDirectory: boolean): string | undefined {
  if (facts.uid !== userId && (isRunDirectory || facts.uid !== 0)) return 'it belongs to another user';
  // A link is what its target is, and that is looked at as well.
  const isWritable = !facts.isSymbolicLink() && (facts.mode & 0o022) !== 0;
  // In a sticky folder nobody renames what belongs to another, except its owner: of that folder, root alone may be.
  const isSticky = (facts.mode & 0o1000) !== 0 && facts.uid === 0 && !isRunDirectory;
  return isWritable && !isSticky ? 'other users may write into it' : undefined;
}

/** Pod names are unique in a namespace; the default one is not written. */
export function podDirectory(runDirectory: string, namespace: string, pod: string): string {
  return join(runDirectory, podLabel(namespace, pod));
}

/** What local mode calls a pod in its output. */
export function podLabel(namespace: string, pod: string): string {
  return namespace === defaultNamespace ? pod : `${namespace}.${pod}`;
}

export function adminSocketOf(runDirectory: string, instance: ObjectRef, pod: string): string {
  const path = join(podDirectory(runDirectory, instance.namespace, pod), 'root', paths.adminSocket);
  if (Buffer.byteLength(path) > maxSocketPath) {
    throw new LocalError(
      `Cannot make the socket ${path}: its path has more than ${String(maxSocketPath)} bytes, choose a shorter place with --run-directory`,
    );
  }
  return path;
}
