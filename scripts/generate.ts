/**
 * Writes every generated file of the repository, or with `--check` says which ones do not match their source.
 * A generator is a pure function to a map of paths and contents; add yours to the list.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { conditionsPage } from '../crds/generate/conditions-page.ts';
import { customResourceDefinitions } from '../crds/generate/custom-resource-definitions.ts';
import { referencePages } from '../crds/generate/reference-pages.ts';
import { metricsPage } from './metrics-page.ts';
import { argocdFiles } from './packaging/argocd-files.ts';
import { chartFiles } from './packaging/chart-files.ts';
import { accessRules } from './packaging/rules.ts';

/** Path below the repository's root → content. */
type Generator = () => ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>;

const generators: readonly Generator[] = [
  customResourceDefinitions,
  referencePages,
  conditionsPage,
  metricsPage,
  accessRules,
  chartFiles,
  argocdFiles,
];

/** Folders that hold nothing but generated files: what no generator writes has no place there. */
const ownedFolders = ['crds/generated', 'config/rbac', 'charts/teams-sbc/files/crds', 'charts/teams-sbc/files/rules'];

const root = join(import.meta.dirname, '..');
const pages = await Promise.all(generators.map(async (generate) => await generate()));
const files = new Map(pages.flatMap((page) => [...page]));
const stale = ownedFolders.flatMap((folder) => {
  const path = join(root, folder);
  const names = existsSync(path) ? readdirSync(path) : [];
  return names.map((name) => `${folder}/${name}`).filter((name) => !files.has(name));
});

if (process.argv.includes('--check')) check();
else write();

function check(): void {
  const drifted = [...files].filter(([path, content]) => read(path) !== content).map(([path]) => path);
  for (const path of drifted) console.error(`${path} does not match its source: run \`make generate\``);
  for (const path of stale) console.error(`${path} is written by no generator: run \`make generate\``);
  if (drifted.length + stale.length > 0) process.exitCode = 1;
}

function write(): void {
  for (const [path, content] of files) {
    if (read(path) === content) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    console.log(`wrote ${path}`);
  }
  for (const path of stale) {
    rmSync(join(root, path), { recursive: true });
    console.log(`removed ${path}`);
  }
}

function read(path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
}
