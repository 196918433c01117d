import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headers } from './headers.ts';
import { Response } from './message.ts';
import { retryAfterSeconds } from './retry-after.ts';

const cases: readonly [string | undefined, number | undefined][] = [
  [undefined, undefined],
  ['120', 120],
  ['18000;duration=3600', 18_000],
  ['30 (maintenance)', 30],
  ['0', 0],
  ['-5', undefined],
  ['soon', undefined],
  ['99999999999999999999', undefined],
];

for (const [value, seconds] of cases) {
  test(`Retry-After ${value ?? 'absent'} is ${seconds ?? 'nothing'}`, () => {
    const headers = Headers.from(value === undefined ? [] : [['Retry-After', value]]);
    assert.equal(retryAfterSeconds(new Response(503, 'Service Unavailable', headers)), seconds);
  });
}
