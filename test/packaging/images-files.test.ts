/** Which files go into an image: what its program imports, and none that another one imports stays behind. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { applicationOf } from '../../scripts/images/application.ts';
import { images } from '../../scripts/images/definitions.ts';
import { isWantedOfPackage } from '../../scripts/images/file-choice.ts';
import { importedBy, packageIn } from '../../scripts/images/imported.ts';
import { parseLockfile } from '../../scripts/images/lockfile.ts';

const repository = join(import.meta.dirname, '../..');
const lock = parseLockfile(readFileSync(join(repository, 'package-lock.json'), 'utf8'));

test('a file of ours names what it imports when it runs, and the files beside it', () => {
  const text = `
import 'reflect-metadata';
import type { A } from './a.ts';
import { type B, b } from './b.ts';
import {
  c,
  type D,
} from '@x/c/sub';
export * from './e.ts';
// import { f } from './f.ts';
const word = "from './g.ts'";
const h = await import('./h.ts');
const roots = new URL('../data/roots.pem', import.meta.url);
const thread = new URL('thread.ts', import.meta.url);
`;
  assert.deepEqual(importedBy('x.ts', text), [
    ...['reflect-metadata', './b.ts', '@x/c/sub', './e.ts', './h.ts', '../data/roots.pem', './thread.ts'],
  ]);
  assert.deepEqual(['@x/c/sub', 'yaml', 'yaml/util'].map(packageIn), ['@x/c', 'yaml', 'yaml']);
});

test('of a package its code and its licence are taken', () => {
  const wanted = [
    'package.json',
    'index.js',
    'dist/test-events.js',
    'dist/doc/a.js',
    'LICENSE.md',
    'license',
    'NOTICE',
  ];
  const foreign = ['index.d.ts', 'index.js.map', 'README.md', 'test/a.js', 'docs/a.js', '.github/x', 'a/.npmignore'];
  for (const path of wanted) assert.ok(isWantedOfPackage(path), path);
  for (const path of foreign) assert.ok(!isWantedOfPackage(path), path);
});

test('the runtime ships its roots of trust, no test, no package of the operator and no tool of development', () => {
  const { code, packages } = applicationOf(repository, lock, ['sbc-runtime/src/main.ts']);
  assert.ok(code.includes('sbc-runtime/data/microsoft-roots.pem') && code.includes('sbc-runtime/package.json'));
  assert.deepEqual(
    code.filter((path) => /\.test\.ts$|\/testing\//.test(path)),
    [],
  );
  const names = packages.map(({ name }) => name);
  assert.ok(names.includes('winston') && names.includes('@teams-sbc/crds'));
  for (const foreign of ['@kubernetes/client-node', 'typescript', '@teams-sbc/test'])
    assert.ok(!names.includes(foreign));
});

for (const { name, node } of images) {
  if (node === undefined) continue;
  const { dependencies, code } = applicationOf(repository, lock, [node.main, ...Object.values(node.commands)]);

  test(`${name}: every file that a file of a package imports is in the image`, () => {
    const shipped = new Set(dependencies);
    const programs = dependencies.filter((path) => /\.[cm]?js$/.test(path));
    const missing = programs.flatMap((path) =>
      importsOf(path)
        // Named in comments and for types: no code is in them.
        .filter((target) => !shipped.has(target) && !/\.d\.[cm]?ts$/.test(target))
        .map((target) => `${path} imports ${target}`),
    );
    assert.ok(programs.length > 50);
    assert.deepEqual(missing, []);
  });

  test(`${name}: no file of ours looks for others by its own folder in a way that the image does not follow`, () => {
    const lost = code.filter((path) =>
      /import\.meta\.(dirname|filename)|createRequire/.test(readFileSync(join(repository, path), 'utf8')),
    );
    assert.deepEqual(lost, []);
  });
}

/** Files of the checkout that `path` names relative to itself; a name without a file is one of another system, or optional. */
function importsOf(path: string): readonly string[] {
  const text = readFileSync(join(repository, path), 'utf8');
  const found = text.matchAll(/(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*(["'])(\.{1,2}\/[^"'\n]+)\1/g);
  return [...found].flatMap(([, , specifier = '']) => {
    const at = join(dirname(path), specifier);
    const target = ['', '.js', '.cjs', '.json', '/index.js'].map((end) => `${at}${end}`).find(isFile);
    return target === undefined ? [] : [target];
  });
}

function isFile(path: string): boolean {
  const at = join(repository, path);
  return existsSync(at) && statSync(at).isFile();
}
