/** Which files of the checkout a program needs: ours by their imports, packages by the lock. Looks at files, changes nothing. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { isWantedOfPackage } from './file-choice.ts';
import { importedBy, packageIn } from './imported.ts';
import { closureOf, lockedPackage, resolvedPackage, type LockedPackage, type Lockfile } from './lockfile.ts';

export interface Application {
  /** Paths below the checkout's root; in the image they stand below /app. */
  readonly dependencies: readonly string[];
  readonly code: readonly string[];
  /** What both come from, sorted by path: packages of the registry, and workspaces with what their shipped files import. */
  readonly packages: readonly LockedPackage[];
}

/** `programs`: paths below the checkout's root. */
export function applicationOf(repository: string, lock: Lockfile, programs: readonly string[]): Application {
  /** Folder of a workspace → packages that its files import, by path. */
  const workspaces = new Map<string, Set<string>>();
  const code = new Set<string>();
  const waiting = [...programs];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (code.has(path)) continue;
    code.add(path);
    const workspace = path.slice(0, path.indexOf('/'));
    const needs = workspaces.get(workspace) ?? new Set();
    workspaces.set(workspace, needs);
    if (!['.ts', '.mjs', '.js'].includes(extname(path))) continue;
    for (const specifier of importedBy(path, readFileSync(join(repository, path), 'utf8'))) {
      if (specifier.startsWith('node:')) continue;
      if (specifier.startsWith('.')) waiting.push(join(dirname(path), specifier));
      else {
        const found = resolvedPackage(lock, workspace, packageIn(specifier));
        needs.add(found);
        if (!found.includes('node_modules/')) waiting.push(exported(repository, found, specifier));
      }
    }
  }
  const own = [...workspaces].map(([path, needs]) => ({ ...lockedPackage(lock, path), needs: [...needs].sort() }));
  const registry = closureOf(
    lock,
    own.flatMap(({ needs }) => needs.filter((path) => !workspaces.has(path))),
  );
  return {
    dependencies: registry.flatMap(({ path }) => filesOf(repository, path)),
    code: [...code, ...own.map(({ path }) => join(path, 'package.json'))].filter(
      (path, at, all) => all.indexOf(path) === at,
    ),
    packages: [...own, ...registry].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

/** The file that a workspace gives out under a specifier. */
function exported(repository: string, workspace: string, specifier: string): string {
  const { exports = {} } = JSON.parse(readFileSync(join(repository, workspace, 'package.json'), 'utf8')) as {
    exports?: Readonly<Record<string, string>>;
  };
  const file = exports[`.${specifier.slice(packageIn(specifier).length)}`];
  if (file === undefined) throw new Error(`Cannot find ${specifier}: ${workspace}/package.json does not export it`);
  return join(workspace, file);
}

function filesOf(repository: string, path: string): readonly string[] {
  return filesBelow(join(repository, path))
    .filter(isWantedOfPackage)
    .map((file) => join(path, file));
}

/** Symbolic links stay behind, and what is installed in a folder of the package's own: the lock names it by itself. */
function filesBelow(folder: string, prefix = ''): readonly string[] {
  return readdirSync(join(folder, prefix))
    .filter((name) => name !== 'node_modules')
    .flatMap((name) => {
      const path = join(prefix, name);
      const kind = lstatSync(join(folder, path));
      if (kind.isDirectory()) return filesBelow(folder, path);
      return kind.isFile() ? [path] : [];
    });
}
