/** What of package-lock.json goes into an image. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closureOf, parseLockfile } from '../../scripts/images/lockfile.ts';

const lock = parseLockfile(
  JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': { name: 'root', version: '1.0.0' },
      app: { name: '@x/app', version: '1.0.0', dependencies: { '@x/lib': '1.0.0', a: '^1.0.0', '@types/a': '1' } },
      lib: { name: '@x/lib', version: '1.0.0', devDependencies: { d: '1' }, dependencies: { b: '1' } },
      'node_modules/@x/lib': { resolved: 'lib', link: true },
      'node_modules/a': {
        version: '1.1.0',
        license: 'MIT',
        integrity: 'sha512-AAAA',
        dependencies: { b: '2' },
        optionalDependencies: { o: '1' },
        peerDependencies: { p: '1', q: '1' },
        peerDependenciesMeta: { q: { optional: true } },
      },
      'node_modules/a/node_modules/b': { version: '2.0.0', dependencies: { a: '1' } },
      'node_modules/b': { version: '1.0.0' },
      'node_modules/d': { version: '1.0.0', dev: true },
      'node_modules/o': { version: '1.0.0', optional: true },
      'node_modules/p': { version: '1.0.0' },
      'node_modules/@types/a': { version: '1.0.0' },
    },
  }),
);

test('a workspace needs what it depends on, through links and nested folders, and nothing for development', () => {
  assert.deepEqual(
    closureOf(lock, ['app']).map(({ path }) => path),
    ['app', 'lib', 'node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/b', 'node_modules/p'],
  );
});

test('each package says which of two versions it imports', () => {
  const needs = new Map(closureOf(lock, ['app']).map((found) => [found.path, found.needs]));
  assert.deepEqual(needs.get('app'), ['lib', 'node_modules/a']);
  assert.deepEqual(needs.get('lib'), ['node_modules/b']);
  assert.deepEqual(needs.get('node_modules/a'), ['node_modules/a/node_modules/b', 'node_modules/p']);
  assert.deepEqual(needs.get('node_modules/a/node_modules/b'), ['node_modules/a']);
});

test('a dependency that the lock does not hold is an error, not a smaller image', () => {
  const packages = { app: { version: '1.0.0', dependencies: { gone: '1' } } };
  const broken = parseLockfile(JSON.stringify({ lockfileVersion: 3, packages }));
  assert.throws(() => closureOf(broken, ['app']), /Cannot find gone, which app needs/);
});
