/** A hundredth of `make soak`: ten thousand calls in a day of virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soak } from './soak.ts';

test('ten thousand calls in a day, with lost messages and cut connections: nothing is left, and memory is flat', () => {
  const { calls, ends, heapMiB, problems, left, traced, peak } = soak(10_000);
  assert.equal(calls, 10_000);
  assert.deepEqual(left, []);
  assert.deepEqual(problems, []);
  assert.equal(
    [...ends.values()].reduce((sum, count) => sum + count, 0),
    10_000,
  );
  for (const end of ['normal-clearing', 'cancelled', 'busy', 'ring-timeout']) assert.ok((ends.get(end) ?? 0) > 10, end);
  // Our own faults: none.
  for (const end of ['bug', 'relay-unavailable', 'overload']) assert.equal(ends.get(end), undefined, end);
  assert.ok(traced.messages <= 8192 && traced.bytes <= 16 * 1024 * 1024);
  assert.ok(peak.calls < 100);
  const [first = 0, half = 0, last = 0] = heapMiB;
  assert.ok(half < first + 4 && last < first + 4, `heap after 10 %, 50 %, 100 %: ${heapMiB.join(', ')} MiB`);
});
