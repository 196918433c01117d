/** What of package-lock.json a workspace needs to run. Pure. */
import { z } from 'zod';

const names = z.record(z.string(), z.string()).default({});
const entry = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  license: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  /** A symbolic link of npm to a workspace: `resolved` is its folder. */
  link: z.boolean().default(false),
  dependencies: names,
  peerDependencies: names,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().default(false) })).default({}),
});
const lockfile = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), entry) });

export type Lockfile = z.infer<typeof lockfile>;

export function parseLockfile(text: string): Lockfile {
  return lockfile.parse(JSON.parse(text));
}

export interface LockedPackage {
  /** Its folder below the repository's root. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
  /** Subresource integrity of the registry's archive; none for a workspace. */
  readonly integrity: string | undefined;
  readonly isWorkspace: boolean;
  /** Paths of what it imports. */
  readonly needs: readonly string[];
}

/**
 * The packages at `roots` and all that they need, sorted by path. Optional dependencies stay out: each of them here serves
 * another runtime than Node. So do `@types/*`, which hold no code.
 */
export function closureOf(lock: Lockfile, roots: readonly string[]): readonly LockedPackage[] {
  const found = new Map<string, LockedPackage>();
  const waiting = [...roots];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    const locked = lockedPackage(lock, path);
    found.set(path, locked);
    waiting.push(...locked.needs);
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function lockedPackage(lock: Lockfile, path: string): LockedPackage {
  const found = lock.packages[path];
  if (found?.version === undefined) throw new Error(`Cannot find ${path}: package-lock.json does not hold it`);
  const { dependencies, peerDependencies, peerDependenciesMeta, version, license, integrity } = found;
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  const wanted = [...Object.keys(dependencies), ...peers].filter((name) => !name.startsWith('@types/'));
  const needs = [...new Set(wanted)].map((name) => resolvedPackage(lock, path, name));
  const isWorkspace = !/(^|\/)node_modules\//.test(path);
  return { path, name: found.name ?? nameIn(path), version, license, integrity, isWorkspace, needs: needs.sort() };
}

/** As Node looks a name up: in the importer's own node_modules, then in those of the folders above. Answers its path. */
export function resolvedPackage(lock: Lockfile, importer: string, name: string): string {
  for (let folder = importer; ; folder = above(folder)) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const found = lock.packages[path];
    if (found?.link === true && found.resolved !== undefined) return found.resolved;
    if (found !== undefined) return path;
    if (folder === '')
      throw new Error(`Cannot find ${name}, which ${importer} needs: package-lock.json does not hold it`);
  }
}

function above(folder: string): string {
  const cut = folder.lastIndexOf('/node_modules/');
  return cut < 0 ? '' : folder.slice(0, cut);
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
