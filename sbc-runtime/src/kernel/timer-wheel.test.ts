import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Timer } from './clock.ts';
import { TICK_MS, TimerWheel } from './timer-wheel.ts';

const unexpected = (error: unknown) => {
  throw error;
};

test('a timer fires in the first turn behind its time, and once', () => {
  const fired: string[] = [];
  const wheel = new TimerWheel(1003, unexpected);
  wheel.start(1003, 25, () => fired.push('a'));
  wheel.turn(1027);
  assert.deepEqual(fired, []);
  wheel.turn(1030);
  wheel.turn(60_000);
  assert.deepEqual(fired, ['a']);
  assert.equal(wheel.pending, 0);
});

test('a timer longer than the wheel waits for its own round', () => {
  const fired: number[] = [];
  const wheel = new TimerWheel(0, unexpected);
  wheel.start(0, 100_000, () => fired.push(1));
  for (let nowMs = 0; nowMs < 100_000; nowMs += TICK_MS) wheel.turn(nowMs);
  assert.deepEqual(fired, []);
  wheel.turn(100_000);
  assert.deepEqual(fired, [1]);
});

test('a callback may start a timer for now and cancel its neighbour', () => {
  const fired: string[] = [];
  const wheel = new TimerWheel(0, unexpected);
  wheel.start(0, 10, () => {
    fired.push('first');
    wheel.cancel(neighbour);
    wheel.start(10, 0, () => fired.push('started'));
  });
  const neighbour = wheel.start(0, 10, () => fired.push('neighbour'));
  wheel.turn(10);
  assert.deepEqual(fired, ['first']);
  wheel.turn(20);
  assert.deepEqual(fired, ['first', 'started']);
  assert.equal(wheel.pending, 0);
});

test('what a callback throws is told, and its neighbours still fire', () => {
  const told: unknown[] = [];
  const fired: string[] = [];
  const wheel = new TimerWheel(0, (error) => told.push(error));
  wheel.start(0, 10, () => {
    throw new Error('broken');
  });
  wheel.start(0, 10, () => fired.push('neighbour'));
  wheel.turn(10);
  assert.deepEqual(told, [new Error('broken')]);
  assert.deepEqual(fired, ['neighbour']);
});

test('an empty wheel that was not turned for an hour fires a new timer neither early nor late', () => {
  const fired: number[] = [];
  const wheel = new TimerWheel(0, unexpected);
  wheel.start(3_600_000, 20, () => fired.push(1));
  wheel.turn(3_600_010);
  assert.deepEqual(fired, []);
  wheel.turn(3_600_020);
  assert.deepEqual(fired, [1]);
});

test('whatever is started and cancelled: no timer is early, none is lost, no cancelled one fires', () => {
  const act = fc.record({
    afterMs: fc.integer({ min: 0, max: 90_000 }),
    thenMs: fc.integer({ min: 0, max: 3_000 }),
    cancels: fc.option(fc.nat(50)),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      let nowMs = 0;
      const wheel = new TimerWheel(nowMs, unexpected);
      const timers: { timer: Timer; firedMs?: number; isCancelled: boolean }[] = [];
      for (const { afterMs, thenMs, cancels } of acts) {
        const entry: (typeof timers)[number] = {
          timer: wheel.start(nowMs, afterMs, () => {
            assert.equal(entry.firedMs, undefined);
            entry.firedMs = nowMs;
          }),
          isCancelled: false,
        };
        timers.push(entry);
        const chosen = cancels === null ? undefined : timers[cancels];
        if (chosen !== undefined) {
          chosen.isCancelled ||= chosen.firedMs === undefined;
          wheel.cancel(chosen.timer);
        }
        nowMs += thenMs;
        wheel.turn(nowMs);
        for (const { timer, firedMs, isCancelled } of timers) {
          if (isCancelled) assert.equal(firedMs, undefined);
          else if (firedMs !== undefined) assert.ok(firedMs >= timer.dueMs);
          else assert.ok(nowMs < timer.dueMs + TICK_MS);
        }
      }
      wheel.turn(nowMs + 100_000);
      assert.equal(wheel.pending, 0);
    }),
  );
});
