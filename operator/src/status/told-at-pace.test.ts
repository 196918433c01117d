import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ConditionOutcome } from './condition-outcome.ts';
import type { Told } from './told-at-pace.ts';
import { atPace, PACE_MS } from './told-at-pace.ts';

const calls = (count: number): ConditionOutcome => ({
  ...{ status: count === 0 ? 'False' : 'True', reason: count === 0 ? 'NotDraining' : 'PodsDraining' },
  message: `${String(count)} calls left`,
});

test('the first word, and every turn, is said at once', () => {
  const first = atPace(undefined, calls(3), 0);
  assert.deepEqual(first, { told: { outcome: calls(3), atMs: 0 }, againInMs: undefined });
  assert.equal(atPace(first.told, calls(0), 1).told.outcome.message, '0 calls left');
});

test('another number waits, and is said when its time has come', () => {
  const { told } = atPace(undefined, calls(3), 0);
  const waiting = atPace(told, calls(2), 4000);
  assert.equal(waiting.told.outcome.message, '3 calls left');
  assert.equal(waiting.againInMs, PACE_MS - 4000);
  assert.equal(atPace(waiting.told, calls(1), PACE_MS).told.outcome.message, '1 calls left');
});

test('another word than a number of calls is said at once', () => {
  const { told } = atPace(undefined, calls(3), 0);
  const outcome = { ...calls(3), message: 'may have calls' };
  assert.equal(atPace(told, outcome, 1).told.outcome.message, 'may have calls');
});

test('however fast calls end, a number is written at most once in ten seconds', () => {
  const ends = fc.array(
    fc.record({ inMs: fc.integer({ min: 0, max: 3000 }), count: fc.integer({ min: 1, max: 500 }) }),
  );
  fc.assert(
    fc.property(ends, (steps) => {
      let told: Told<ConditionOutcome> | undefined;
      let nowMs = 0;
      const writes: number[] = [];
      for (const { inMs, count } of steps) {
        nowMs += inMs;
        const paced = atPace(told, calls(count), nowMs);
        if (told !== undefined && paced.told !== told) writes.push(nowMs);
        told = paced.told;
        assert.ok(paced.againInMs === undefined || (paced.againInMs > 0 && paced.againInMs <= PACE_MS));
      }
      for (const [at, ms] of writes.entries()) assert.ok(at === 0 || ms - (writes[at - 1] ?? 0) >= PACE_MS);
      assert.ok(writes.length <= nowMs / PACE_MS);
    }),
  );
});
