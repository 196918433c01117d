import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog, type Log } from '../kernel/log.ts';
import { noMetrics } from '../kernel/metrics.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { CallGate } from './call-gate.ts';

function stage() {
  const clock = new VirtualClock();
  const said: string[] = [];
  const log: Log = {
    ...silentLog,
    info: (message) => void said.push(message),
    warn: (message) => void said.push(message),
  };
  let counted = 0;
  const metrics = { ...noMetrics, callEnded: () => void (counted += 1) };
  const way = { lateMs: 0, isLost: false, exists: true };
  const probe = {
    ask: (answered: () => void) => {
      if (way.exists && !way.isLost) clock.after(way.lateMs, answered);
      return way.exists;
    },
  };
  const gate = new CallGate({ clock, log, metrics, probe });
  /** A call each 10 ms; returns how many were let in. */
  const calls = (count: number) => {
    let admitted = 0;
    for (let call = 0; call < count; call += 1) {
      if (gate.admits()) admitted += 1;
      clock.advance(10);
    }
    return admitted;
  };
  return { clock, said, way, gate, calls, counted: () => counted };
}

test('while nothing waits everybody is let in, and nothing is measured once the calls have stopped', () => {
  const { calls, clock, said } = stage();
  assert.equal(calls(500), 500);
  clock.advance(2000);
  assert.equal(clock.pending, 0);
  assert.deepEqual(said, []);
});

test('what waits keeps calls out; each is counted, and it is said once when it begins and once when it is over', () => {
  const { calls, clock, gate, said, way, counted } = stage();
  calls(100);
  way.lateMs = 300;
  calls(100);
  assert.equal(gate.isOverloaded, true);
  assert.equal(calls(10), 0);
  way.lateMs = 0;
  calls(200);
  assert.equal(calls(100), 100);
  clock.advance(5000);
  assert.equal(gate.isOverloaded, false);
  assert.deepEqual(said, ['Overload: some new calls are refused', 'Overload is over']);
  assert.ok(counted() > 10);
  assert.equal(clock.pending, 0);
});

test('it is over as well where nobody calls any more', () => {
  const { calls, clock, gate, way } = stage();
  calls(100);
  way.lateMs = 300;
  calls(100);
  way.lateMs = 0;
  clock.advance(10_000);
  assert.deepEqual({ isOverloaded: gate.isOverloaded, timers: clock.pending }, { isOverloaded: false, timers: 0 });
});

test('a probe that is on its way for long says as much as one that came late: the buffer is full', () => {
  const { calls, gate, way } = stage();
  calls(100);
  way.isLost = true;
  calls(60);
  assert.equal(gate.isOverloaded, true);
});

test('where no probe ever comes through, or none can be sent, nobody is refused', () => {
  for (const broken of [{ isLost: true }, { exists: false }]) {
    const { calls, way } = stage();
    Object.assign(way, broken);
    assert.equal(calls(2000), 2000);
  }
});

test('where probes stop to come through for good, calls are let in again', () => {
  const { calls, way } = stage();
  calls(100);
  way.isLost = true;
  calls(1000);
  assert.equal(calls(500), 500);
});
