import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormerCredentials } from './former-credentials.ts';

const first = { certificates: ['a'], token: '1' };
const second = { certificates: ['b'], token: '2' };

test('what a Secret held before is tried for as long as a pod of that time is there', () => {
  const credentials = new FormerCredentials();
  assert.deepEqual(credentials.with('sbc', first, ['u0']), first);
  assert.deepEqual(credentials.with('sbc', undefined, ['u0']), first);
  assert.deepEqual(credentials.with('sbc', second, ['u0']), { ...second, former: [first] });
  assert.deepEqual(credentials.with('sbc', second, ['u0', 'u1']), { ...second, former: [first] });
  assert.deepEqual(credentials.with('sbc', second, ['u1']), second);
});

test('a renewed certificate has its former behind it, and is no other Secret', () => {
  const credentials = new FormerCredentials();
  const renewed = { ...first, certificates: ['c', 'a'] };
  credentials.with('sbc', first, ['u0']);
  assert.deepEqual(credentials.with('sbc', renewed, ['u0']), renewed);
});

test('of a Secret that was never seen nothing is known, and Secrets that come and go have a limit', () => {
  const credentials = new FormerCredentials();
  assert.equal(credentials.with('sbc', undefined, ['u0']), undefined);
  credentials.with('sbc', first, ['u0']);
  for (let count = 0; count < 2048; count++) credentials.with(`other-${String(count)}`, second, []);
  assert.equal(credentials.with('sbc', undefined, ['u0']), undefined);
  credentials.with('pbx', { certificates: ['0'], token: '0' }, ['u0']);
  for (let count = 1; count < 10; count++)
    credentials.with('pbx', { certificates: [String(count)], token: String(count) }, ['u0']);
  assert.equal(credentials.with('pbx', undefined, ['u0'])?.former?.length, 3);
});
