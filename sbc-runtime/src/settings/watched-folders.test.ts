import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleState } from '../../../crds/src/runtime/sample-state.ts';
import { watchedFolders } from './watched-folders.ts';

test('the three directories are watched, and the folder of every Secret and trust bundle that is named', () => {
  const folders = watchedFolders(sampleState, { state: '/state', secrets: '/secrets', trust: '/trust' });
  const secrets = sampleState.certificates.map(({ secret }) => `/secrets/${secret}`);
  const bundles = sampleState.trustBundles
    .filter(({ source }) => !('preset' in source))
    .map(({ name }) => `/trust/${name}`);
  assert.deepEqual(folders, ['/state', '/secrets', '/trust', ...secrets, ...bundles]);
  assert.ok(secrets.length > 0);
});
