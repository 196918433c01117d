import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { startWaiting, whenDue, type AckTimers } from './ack-schedule.ts';

/** When the 2xx is sent again, and when the wait ends. */
function run(timers: AckTimers): { readonly retransmissions: number[]; readonly endMs: number } {
  const retransmissions: number[] = [];
  let nowMs = 0;
  for (let schedule = startWaiting(timers); ;) {
    nowMs += schedule.waitMs;
    const step = whenDue(schedule, timers);
    if (step.kind === 'give-up') return { retransmissions, endMs: nowMs };
    retransmissions.push(nowMs);
    schedule = step.next;
  }
}

describe('the wait for an ACK', () => {
  it('with the timers of RFC 3261 is 0.5, 1.5, 3.5, 7.5, then every 4 s, for 32 s', () => {
    assert.deepEqual(run({ T1: 500, T2: 4000 }), {
      retransmissions: [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500],
      endMs: 32_000,
    });
  });

  it('ends at 64*T1 exactly, and never waits longer than T2 after the first interval', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 40 }), (T1, factor) => {
        const T2 = T1 * factor;
        const { retransmissions, endMs } = run({ T1, T2 });
        assert.equal(endMs, 64 * T1);
        assert.equal(retransmissions[0], T1);
        const all = [...retransmissions, endMs];
        for (const [at, ms] of all.entries()) assert.ok(at === 0 || ms - (all[at - 1] ?? 0) <= T2);
      }),
    );
  });
});
