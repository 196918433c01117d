import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pauseMs, stepFollow, stopped, type FollowEvent, type FollowRules, type FollowState } from './follow-step.ts';
import type { ApiFailure } from './kube-api.ts';

const rules: FollowRules = { by: 'Watch', below: () => 0 };
const status = (code: number, retryAfterSeconds?: number): ApiFailure => ({
  ...{ kind: 'status', status: code, reason: '' },
  retryAfterSeconds,
});
const away: ApiFailure = { kind: 'unreachable', reason: 'connect ECONNREFUSED' };

/** What a run of events does, one line an effect. */
function told(
  events: readonly FollowEvent[],
  by: FollowRules['by'] = 'Watch',
): { lines: string[]; state: FollowState } {
  let state = stopped;
  const lines: string[] = [];
  for (const event of events) {
    const { next, effects } = stepFollow(state, event, { ...rules, by });
    state = next;
    for (const effect of effects) {
      if (effect.kind === 'watch') lines.push(`watch ${effect.resourceVersion} for ${effect.timeoutSeconds} s`);
      else lines.push(effect.kind === 'wait' ? `wait ${effect.ms}` : effect.kind);
    }
  }
  return { lines, state };
}

const start: FollowEvent = { kind: 'start' };
const listed = (version: string | undefined): FollowEvent => ({ kind: 'listed', version, resourceVersion: '7' });
const changed = (version: string | undefined): FollowEvent => ({ kind: 'changed', version });
const ended = (failure: ApiFailure | undefined, livedMs: number): FollowEvent => ({ kind: 'ended', failure, livedMs });
const due: FollowEvent = { kind: 'due' };

describe('Following an object', () => {
  it('lists it, then watches from there', () => {
    assert.deepEqual(told([start, listed('a')]).lines, ['list', 'deliver', 'watch 7 for 300 s']);
  });

  it('delivers each version once, and that it is gone', () => {
    const { lines } = told([start, listed('a'), changed('a'), changed('b'), changed(undefined), changed(undefined)]);
    assert.deepEqual(lines.slice(2), ['watch 7 for 300 s', 'deliver', 'deliver']);
  });

  it('lists again at once when the server ends a watch that has lived, and delivers only what is new', () => {
    const { lines } = told([
      start,
      listed('a'),
      ended(undefined, 5000),
      listed('a'),
      ended(undefined, 5000),
      listed('b'),
    ]);
    assert.deepEqual(lines.slice(3), ['list', 'watch 7 for 300 s', 'list', 'deliver', 'watch 7 for 300 s']);
  });

  it('lists again at once after 410, but not twice in a row', () => {
    const { lines } = told([start, listed('a'), ended(status(410), 0), listed('a'), ended(status(410), 0)]);
    assert.deepEqual(lines.slice(3), ['list', 'watch 7 for 300 s', 'wait 100']);
  });

  const waitsAfter = (failures: readonly ApiFailure[]) =>
    told([start, ...failures.flatMap((failure) => [ended(failure, 0), due])]).lines.filter((line) =>
      line.startsWith('wait'),
    );

  it('pauses longer with each failure, up to fifteen to thirty seconds', () => {
    const waits = waitsAfter(Array.from({ length: 11 }, () => status(500)));
    assert.deepEqual(waits.slice(0, 4), ['wait 50', 'wait 100', 'wait 200', 'wait 400']);
    assert.equal(waits.at(-1), 'wait 15000');
  });

  it('pauses for five seconds at most while nothing answers, and not much longer for the first 503 after that', () => {
    const waits = waitsAfter([...Array.from({ length: 30 }, () => away), status(503)]);
    assert.deepEqual(waits.slice(0, 4), ['wait 50', 'wait 100', 'wait 200', 'wait 400']);
    assert.deepEqual(waits.slice(-2), ['wait 2500', 'wait 6400']);
    assert.equal(pauseMs(30, away, { below: (below) => below - 1 }), 5000);
  });

  it('an outage after many refusals does not shorten the pauses of the next refusal', () => {
    const refusals = Array.from({ length: 11 }, () => status(429));
    assert.deepEqual(waitsAfter([...refusals, away, status(429)]).slice(-2), ['wait 2500', 'wait 15000']);
  });

  it('a watch that is refused again and again is asked for ever more seldom, though the list works', () => {
    const round = [listed('a'), ended(status(403), 0), due];
    const waits = told([start, ...round, ...round, ...round]).lines.filter((line) => line.startsWith('wait'));
    assert.deepEqual(waits, ['wait 50', 'wait 100', 'wait 200']);
  });

  it('comes back soon from a cut after long service', () => {
    const { lines } = told([start, listed('a'), ended(away, 60_000), due]);
    assert.deepEqual(lines.slice(3), ['wait 50', 'list']);
  });

  it('gives up a watch that has fallen silent', () => {
    const { lines } = told([start, listed('a'), { kind: 'silent' }, due]);
    assert.deepEqual(lines.slice(3), ['abort', 'wait 50', 'list']);
  });

  it('one of very many is asked for every five minutes', () => {
    assert.deepEqual(told([start, listed('a'), due, listed('a')], 'Poll').lines, [
      ...['list', 'deliver', 'wait 300000'],
      ...['list', 'wait 300000'],
    ]);
  });

  it('waits as long as the server wishes, within a minute', () => {
    assert.equal(pauseMs(1, status(429, 7), rules), 7000);
    assert.equal(pauseMs(1, status(503, 86_400), rules), 60_000);
    assert.equal(pauseMs(10, status(429, 1), rules), 15_000);
  });

  it('whatever happens, exactly one of list, watch and wait is under way until it is stopped', () => {
    const event = fc.oneof(
      fc.constantFrom<FollowEvent>(start, due, { kind: 'silent' }, listed('a'), listed(undefined), changed('b')),
      fc.record({
        kind: fc.constant('ended' as const),
        failure: fc.constantFrom(undefined, away, status(410)),
        livedMs: fc.nat(3000),
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = stepFollow(stopped, start, rules).next;
        const phases = { list: 'Listing', watch: 'Watching', wait: 'Waiting' } as const;
        for (const each of events) {
          const { next, effects } = stepFollow(state, each, rules);
          const begun = effects.filter(({ kind }) => kind in phases);
          assert.ok(begun.length <= 1);
          const [kind] = begun.map((effect) => effect.kind as keyof typeof phases);
          if (kind !== undefined) assert.equal(next.phase, phases[kind]);
          else assert.equal(next.phase, state.phase);
          state = next;
        }
        assert.deepEqual(stepFollow(state, { kind: 'stop' }, rules).effects, [{ kind: 'abort' }]);
      }),
    );
  });
});
