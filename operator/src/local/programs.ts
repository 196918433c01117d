/** Which program of this machine stands for the image of which container. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { rtpengineContainer } from '../objects/rtpengine-container.ts';
import { runtimeContainer } from '../objects/runtime-container.ts';
import { LocalError } from './local-error.ts';

/** By container name: the program and its first arguments. */
export type Programs = Readonly<Record<string, readonly [string, ...string[]]>>;

export interface Machine {
  /** This Node. */
  readonly node: string;
  /** The runtime's entry; absent: the one of this checkout. */
  readonly runtimeEntry: string | undefined;
  /** `PATH` */
  readonly path: string;
}

/** @param needsRtpengine false where every instance has `media.engine: None` */
export function findPrograms({ node, runtimeEntry, path }: Machine, needsRtpengine: boolean): Programs {
  const entry = runtimeEntry ?? join(dirname(resolveRuntime()), 'src', 'main.ts');
  if (!existsSync(entry))
    throw new LocalError(`Cannot start the runtime: there is no ${entry}, install the packages with 'npm ci'`);
  const runtime: [string, ...string[]] = [node, entry];
  if (!needsRtpengine) return { [runtimeContainer]: runtime };
  const rtpengine = findProgram('rtpengine', path);
  if (rtpengine === undefined) {
    throw new LocalError(
      "Cannot start RTPEngine: no 'rtpengine' in PATH, install it with 'apt-get install rtpengine-daemon' or set spec.media.engine to None",
    );
  }
  return { [runtimeContainer]: runtime, [rtpengineContainer]: [rtpengine] };
}

/** Found as a package, never imported: operator and runtime do not meet. */
function resolveRuntime(): string {
  try {
    return createRequire(import.meta.url).resolve('@teams-sbc/sbc-runtime/package.json');
  } catch (error) {
    throw new LocalError("Cannot find the runtime: @teams-sbc/sbc-runtime is not installed, run 'npm ci'", {
      cause: error,
    });
  }
}

function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter(isAbsolute)
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
