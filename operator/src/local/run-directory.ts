/**
 * Where local mode keeps what its pods need. One for each manifest directory, so that several run side by side:
 *
 *     $TMPDIR/teams-sbc-<uid>/<hash of the directory>/lock
 *                                                    /<pod>/runtime.log, rtpengine.log, children.json
 *                                                    /<pod>/root/etc/teams-sbc/…   the files of the pod
 *                                                    /<pod>/root/run/teams-sbc/admin.sock
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
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

/** Keys stand below it: nobody else may own it or look into it. */
export async function makeRunDirectory(path: string, userId: number): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (const each of [path, join(path, '..')]) {
    const facts = await lstat(each);
    const isShared = (facts.mode & 0o1000) !== 0;
    if (facts.uid === userId || (each !== path && (isShared || facts.uid === 0))) continue;
    throw new LocalError(`Cannot use ${each}: it belongs to another user, choose another place with --run-directory`);
  }
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
