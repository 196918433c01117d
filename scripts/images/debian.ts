/** Programs of the machine's Debian packages with all that they load, each file known by the package that brought it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { RootFileSystem } from './root-file-system.ts';

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Source package and its version: what the security tracker speaks of. */
  readonly source: string;
  readonly sourceVersion: string;
}

const environment = { ...process.env, LC_ALL: 'C' };

/** What `ldd` says → absolute paths of the shared objects, the loader among them. */
export function objectsIn(ldd: string): readonly string[] {
  const missing = /^\s*(\S+) => not found/m.exec(ldd);
  if (missing) throw new Error(`Cannot find ${missing[1] ?? ''}, which a program needs`);
  return [...ldd.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path]) => path ?? '');
}

/** What `dpkg-query --search` says → path → package. A line names several packages where they share the path. */
export function ownersIn(search: string): ReadonlyMap<string, string> {
  const lines = search.split('\n').filter((line) => line.includes(': ') && !line.startsWith('diversion by'));
  return new Map(
    lines.map((line) => {
      const cut = line.indexOf(': ');
      return [line.slice(cut + 2), line.slice(0, cut).split(', ')[0] ?? ''];
    }),
  );
}

/** The programs or libraries and all shared objects that they need, as paths of the machine. */
export function withSharedObjects(paths: readonly string[]): readonly string[] {
  const objects = paths.flatMap((path) =>
    objectsIn(execFileSync('ldd', [path], { encoding: 'utf8', env: environment })),
  );
  return [...new Set([...paths, ...objects])];
}

/**
 * Copies `paths` and answers the packages they belong to, as dpkg names them. Links on the way are kept; folders are where they
 * are in truth, for on Debian 12 /lib is a link to /usr/lib. `standing`: what a layer below holds already, by path.
 */
export function copyPackaged(root: RootFileSystem, paths: readonly string[], standing: Set<string>): readonly string[] {
  const files = new Set<string>();
  for (const path of paths) {
    let at = inTruth(path);
    while (lstatSync(at).isSymbolicLink()) {
      const target = readlinkSync(at);
      if (!standing.has(at)) root.link(at, target);
      standing.add(at);
      at = inTruth(resolve(dirname(at), target));
    }
    if (standing.has(at)) continue;
    standing.add(at);
    files.add(at);
    root.copy(at, at, (lstatSync(at).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
  const owners = owned([...files]);
  for (const [path, owner] of owners) verify(path, owner);
  return [...new Set(owners.values())].sort();
}

/** The path with no link among its folders. */
function inTruth(path: string): string {
  return join(realpathSync(dirname(path)), basename(path));
}

function owned(files: readonly string[]): ReadonlyMap<string, string> {
  if (files.length === 0) return new Map();
  // Debian 12 knows many a file by the path from before /lib became a link.
  const former = (file: string) => file.replace(/^\/usr\//, '/');
  const search = spawnSync('dpkg-query', ['--search', ...files, ...files.map(former)], {
    encoding: 'utf8',
    env: environment,
  });
  const owners = ownersIn(search.stdout);
  return new Map(
    files.map((file) => {
      const owner = owners.get(file) ?? owners.get(former(file));
      if (owner === undefined) throw new Error(`Cannot take ${file} into an image: no Debian package brought it`);
      return [file, owner];
    }),
  );
}

const sums = new Map<string, ReadonlyMap<string, string>>();

/** A library that somebody built over the package's own is not what the list of contents says. */
function verify(path: string, owner: string): void {
  const known = sums.get(owner) ?? sumsOf(owner);
  sums.set(owner, known);
  const expected = known.get(path.slice(1)) ?? known.get(path.replace(/^\/usr\//, ''));
  const found = createHash('md5').update(readFileSync(path)).digest('hex');
  if (expected !== undefined && expected !== found)
    throw new Error(`Cannot take ${path} into an image: it is not the one of ${owner}; reinstall that package`);
}

function sumsOf(owner: string): ReadonlyMap<string, string> {
  const shown = spawnSync('dpkg-query', ['--control-show', owner, 'md5sums'], { encoding: 'utf8', env: environment });
  return new Map(shown.stdout.split('\n').map((line) => [line.slice(34), line.slice(0, 32)]));
}

/** Paths of a package's files that `isWanted` takes, sorted. */
export function filesOf(name: string, isWanted: (path: string) => boolean): readonly string[] {
  const listed = execFileSync('dpkg-query', ['--listfiles', name], { encoding: 'utf8', env: environment });
  return listed.split('\n').filter(isWanted).sort();
}

const fields = ['Package', 'Version', 'Architecture', 'source:Package', 'source:Version'];

/** The packages' names and versions, sorted. */
export function describe(names: readonly string[]): readonly DebianPackage[] {
  if (names.length === 0) return [];
  const format = `${fields.map((field) => `\${${field}}`).join('\t')}\n`;
  const shown = execFileSync('dpkg-query', ['--show', `--showformat=${format}`, ...names], {
    encoding: 'utf8',
    env: environment,
  });
  const lines = [...new Set(shown.split('\n').filter((line) => line !== ''))].sort();
  return lines.map((line) => {
    const [name = '', version = '', architecture = '', source = '', sourceVersion = ''] = line.split('\t');
    return { name, version, architecture, source, sourceVersion };
  });
}

/** What scanners look for where there is no dpkg: an entry for each package, and its licences. */
export function recordPackages(root: RootFileSystem, names: readonly string[]): void {
  for (const name of names) {
    const [plain = name] = name.split(':');
    const entry = execFileSync('dpkg-query', ['--status', name], { encoding: 'utf8', env: environment });
    root.text(`/var/lib/dpkg/status.d/${plain}`, entry);
    const licences = `/usr/share/doc/${plain}/copyright`;
    if (existsSync(licences)) root.copy(licences, realpathSync(licences));
  }
}
