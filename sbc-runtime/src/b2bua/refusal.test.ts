import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalOf } from './refusal.ts';

test('a call that a route refuses, or to a number that none is for, is no error of ours; one without any route is', () => {
  const refused = { kind: 'rejected', status: 403, phrase: 'Barred', reason: 'rejected-by-route' } as const;
  const { status, phrase, reason } = refused;
  assert.deepEqual(refusalOf(refused), { status, phrase, reason, result: 'caller-error' });
  assert.equal(refusalOf({ kind: 'rejected', status: 404, reason: 'unrouted-number' }).result, 'caller-error');
  assert.equal(refusalOf({ kind: 'rejected', status: 404, reason: 'no-route' }).result, 'our-error');
});
