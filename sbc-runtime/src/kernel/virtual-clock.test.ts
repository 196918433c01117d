import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from './virtual-clock.ts';

test('time stands still until it is moved', () => {
  const clock = new VirtualClock(1_000_000);
  assert.equal(clock.nowMs(), 0);
  clock.advance(250);
  assert.equal(clock.nowMs(), 250);
  assert.equal(clock.wallMs(), 1_000_250);
});

test('timers fire at their own time, also those that a callback starts', () => {
  const clock = new VirtualClock();
  const fired: [string, number][] = [];
  clock.after(30, () => fired.push(['late', clock.nowMs()]));
  clock.after(10, () => {
    fired.push(['early', clock.nowMs()]);
    clock.after(5, () => fired.push(['started', clock.nowMs()]));
  });
  clock.advance(30);
  assert.deepEqual(fired, [
    ['early', 10],
    ['started', 15],
    ['late', 30],
  ]);
});

test('runNext jumps to the next timer, and says when there is none', () => {
  const clock = new VirtualClock();
  clock.after(32_000, () => undefined);
  assert.equal(clock.nextDueMs(), 32_000);
  assert.equal(clock.runNext(), true);
  assert.equal(clock.nowMs(), 32_000);
  assert.equal(clock.nextDueMs(), undefined);
  assert.equal(clock.runNext(), false);
});

test('a cancelled timer is not pending and does not fire', () => {
  const clock = new VirtualClock();
  const timer = clock.after(10, () => assert.fail('fired'));
  assert.equal(clock.pending, 1);
  clock.cancel(timer);
  clock.cancel(timer);
  assert.equal(clock.pending, 0);
  clock.advance(20);
});

test('what a callback throws comes out of advance, and the next timer is still pending', () => {
  const clock = new VirtualClock();
  clock.after(1, () => {
    throw new Error('broken');
  });
  clock.after(2, () => undefined);
  assert.throws(() => clock.advance(5), /broken/);
  assert.equal(clock.pending, 1);
});

test('timers fire in the order of due time, then of their start, whatever is cancelled', () => {
  const timer = fc.record({ afterMs: fc.nat(20), isCancelled: fc.boolean() });
  fc.assert(
    fc.property(fc.array(timer, { maxLength: 50 }), (timers) => {
      const clock = new VirtualClock();
      const fired: number[] = [];
      const started = timers.map(({ afterMs }, index) => clock.after(afterMs, () => fired.push(index)));
      timers.forEach(({ isCancelled }, index) => {
        if (isCancelled) clock.cancel(started[index]!);
      });
      clock.advance(20);
      const expected = timers
        .map(({ afterMs, isCancelled }, index) => ({ afterMs, isCancelled, index }))
        .filter(({ isCancelled }) => !isCancelled)
        .sort((a, b) => a.afterMs - b.afterMs || a.index - b.index)
        .map(({ index }) => index);
      assert.deepEqual(fired, expected);
      assert.equal(clock.pending, 0);
    }),
  );
});
