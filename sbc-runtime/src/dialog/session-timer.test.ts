import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noSessionTimer, raised, refresherOf, step, type SessionEffect, type SessionEvent } from './session-timer.ts';

const ours: SessionEvent = { kind: 'agreed', agreement: { seconds: 90, refresher: 'us' } };
const oursLong: SessionEvent = { kind: 'agreed', agreement: { seconds: 1800, refresher: 'us' } };
const unreachable: SessionEvent = { kind: 'refused', retryMs: 2500 };
const theirs: SessionEvent = { kind: 'agreed', agreement: { seconds: 1800, refresher: 'peer' } };
const refused = (status: number, minSeconds?: number): SessionEvent => ({
  kind: 'refused',
  status,
  retryMs: 2500,
  ...(minSeconds === undefined ? {} : { minSeconds }),
});

/** Each event as the phase that it leads to and what is done. */
function run(...events: SessionEvent[]): string[] {
  let session = noSessionTimer;
  return events.map((event) => {
    const { next, effects } = step(session, event);
    session = next;
    return [next.phase, ...effects.map(written)].join(', ');
  });
}

function written(effect: SessionEffect): string {
  switch (effect.kind) {
    case 'start-timer':
      return `${effect.timer} in ${effect.afterMs}`;
    case 'stop-timer':
      return `stop ${effect.timer}`;
    default:
      return effect.kind;
  }
}

const due: SessionEvent = { kind: 'refresh-due' };

describe('a session that we refresh', () => {
  it('is refreshed at half its interval, and would end 30 s early where it has 90', () => {
    assert.deepEqual(run(ours, due, ours), [
      'Resting, refresh in 45000, deadline in 60000',
      'Refreshing, refresh in 32000, refresh',
      'Resting, refresh in 45000, deadline in 60000',
    ]);
  });
  it('is tried again a little later after a 491, or while another exchange is under way', () => {
    assert.deepEqual(run(ours, due, refused(491), due, { kind: 'busy', retryMs: 2000 }).slice(2), [
      'Resting, refresh in 2500',
      'Refreshing, refresh in 32000, refresh',
      'Resting, refresh in 2000',
    ]);
  });
  it('asks once more with what a 422 demands, and not a third time', () => {
    assert.deepEqual(run(ours, due, refused(422, 3600), refused(422, 7200)).slice(2), [
      'Refreshing, refresh in 32000, refresh',
      'Lapsing, stop refresh',
    ]);
  });
  it('is tried again after a pause where the peer is busy, overloaded or out of reach, however often', () => {
    for (const event of [refused(500), refused(503), refused(504), unreachable]) {
      assert.deepEqual(run(ours, due, event, due, event, due, ours).slice(2), [
        'Resting, refresh in 5625',
        'Refreshing, refresh in 32000, refresh',
        'Resting, refresh in 5625',
        'Refreshing, refresh in 32000, refresh',
        'Resting, refresh in 45000, deadline in 60000',
      ]);
    }
  });
  it('is not tried again before Retry-After has passed, and waits no longer than its interval', () => {
    const after = (retryAfterMs: number): SessionEvent => ({
      kind: 'refused',
      status: 503,
      retryMs: 2500,
      retryAfterMs,
    });
    assert.deepEqual(run(ours, due, after(3000))[2], 'Resting, refresh in 5625');
    assert.deepEqual(run(ours, due, after(9000))[2], 'Resting, refresh in 9000');
    assert.deepEqual(run(ours, due, after(9e12))[2], 'Resting, refresh in 90000');
  });
  it('is asked for less often where the peer says 491 again', () => {
    assert.deepEqual(run(ours, due, refused(491), due, refused(491))[4], 'Resting, refresh in 5625');
  });
  it('lives until its deadline where the peer refuses twice with the same', () => {
    assert.deepEqual(run(ours, due, refused(488), due, refused(488), due, { kind: 'deadline' }).slice(2), [
      'Resting, refresh in 5625',
      'Refreshing, refresh in 32000, refresh',
      'Lapsing, stop refresh',
      'Lapsing',
      'Off, stop refresh, stop deadline, expire',
    ]);
  });
  it('has its refresh cancelled where that gets no answer for 64*T1, and tries again after a pause', () => {
    assert.deepEqual(run(oursLong, due, due, refused(487)).slice(2), [
      'Refreshing, cancel-refresh',
      'Resting, refresh in 112500',
    ]);
  });
  it('may still be refreshed by the other side before the deadline', () => {
    assert.deepEqual(
      run(ours, due, refused(488), due, refused(488), theirs)[5],
      'Watching, stop refresh, deadline in 1768000',
    );
  });
});

describe('a session that the peer refreshes', () => {
  it('ends 32 s before its interval is over', () => {
    assert.deepEqual(run(theirs, { kind: 'deadline' }), [
      'Watching, stop refresh, deadline in 1768000',
      'Off, stop refresh, stop deadline, expire',
    ]);
  });
  it('lives without end after a 2xx that agrees on nothing', () => {
    assert.deepEqual(run(theirs, { kind: 'not-agreed' }, { kind: 'deadline' }), [
      'Watching, stop refresh, deadline in 1768000',
      'Off, stop refresh, stop deadline',
      'Off',
    ]);
  });
  it('is not ours to refresh', () => {
    assert.deepEqual(run(theirs, due, refused(491), { kind: 'busy', retryMs: 1 }).slice(1), [
      'Watching',
      'Watching',
      'Watching',
    ]);
  });
});

it('a 422 to the first INVITE raises what we ask for once, and only upwards', () => {
  const next = raised(noSessionTimer, 3600);
  const higher = { ...noSessionTimer, seconds: 3600, minSeconds: 3600 };
  assert.deepEqual(next, higher);
  assert.equal(raised(higher, 7200), undefined);
  assert.equal(raised(noSessionTimer, 1800), undefined);
});

it('nobody refreshes before an agreement', () => {
  assert.equal(refresherOf(noSessionTimer), undefined);
  assert.equal(refresherOf(step(noSessionTimer, ours).next), 'us');
  assert.equal(refresherOf(step(noSessionTimer, theirs).next), 'peer');
});
