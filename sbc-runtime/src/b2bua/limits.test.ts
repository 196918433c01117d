import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullBucket, takeToken } from './limits.ts';

const limits = { maxCalls: 100, maxCallsPerSecond: 2 };

test('a burst of one second passes, then the rate holds, and time refills it', () => {
  let bucket = fullBucket(limits, 0);
  const at = (nowMs: number) => {
    const result = takeToken(bucket, limits, nowMs);
    bucket = result.bucket;
    return result.taken;
  };
  assert.deepEqual([at(0), at(0), at(0)], [true, true, false]);
  assert.deepEqual([at(499), at(500), at(500)], [false, true, false]);
  assert.deepEqual([at(100_000), at(100_000), at(100_000)], [true, true, false]);
});
