import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { initialReflector, reflectorTimes, stepReflector } from './reflector-machine.ts';
import type { Failure, ReflectorEffect, ReflectorEvent, ReflectorState } from './reflector-machine.ts';

const times = reflectorTimes;

/** Plays events one second apart and tells the effects of the last one. */
function play(...events: readonly ReflectorEvent[]): { state: ReflectorState; effects: readonly ReflectorEffect[] } {
  let step: ReturnType<typeof stepReflector> = { state: initialReflector, effects: [] };
  events.forEach((event, i) => (step = stepReflector(step.state, event, { nowMs: i * 10, chance: 0.5, times })));
  return step;
}
const start = { kind: 'start' } as const;
const listed = (resourceVersion: string) => ({ kind: 'listed', resourceVersion }) as const;
const event = (resourceVersion: string) => ({ kind: 'watch-event', resourceVersion }) as const;
const failed = (failure: Failure) => ({ kind: 'watch-failed', failure }) as const;
const timer = (name: 'retry' | 'silence' | 'relist') => ({ kind: 'timer', timer: name }) as const;
const opened = { kind: 'watch-opened' } as const;
const gone = failed({ kind: 'gone' });
const lost = failed({ kind: 'unreachable' });
const kinds = (effects: readonly ReflectorEffect[]) =>
  effects.map((effect) => ('timer' in effect ? `${effect.kind} ${effect.timer}` : effect.kind));
const delayOf = (effects: readonly ReflectorEffect[]) =>
  effects.find((effect) => effect.kind === 'start-timer' && effect.timer === 'retry');

const cases = {
  'it lists first': { given: [start], then: ['list'] },
  'it watches from the version of the list': {
    given: [start, listed('7')],
    then: ['start-timer relist', 'start-timer silence', 'watch'],
  },
  'each event puts off the silence': { given: [start, listed('7'), opened, event('8')], then: ['start-timer silence'] },
  'a lost watch waits before it goes on': { given: [start, listed('7'), opened, lost], then: ['stop-timer silence', 'start-timer retry'] }, // prettier-ignore
  'then it goes on from where it was': {
    given: [start, listed('7'), opened, event('8'), lost, timer('retry')],
    then: ['start-timer silence', 'watch'],
  },
  'a silent watch is given up': { given: [start, listed('7'), opened, timer('silence')], then: ['abort-watch', 'start-timer retry'] }, // prettier-ignore
  'the first 410 lists at once': { given: [start, listed('7'), opened, gone], then: ['stop-timer silence', 'list'] },
  'a second 410 without an event between waits': {
    given: [start, listed('7'), opened, gone, listed('8'), opened, gone],
    then: ['stop-timer silence', 'start-timer retry'],
  },
  'a watch that had an event and was ended by the server goes on at once': {
    given: [start, listed('7'), opened, event('8'), { kind: 'watch-ended' }],
    then: ['start-timer silence', 'watch'],
  },
  'a watch that ends at once has failed': {
    given: [start, listed('7'), opened, { kind: 'watch-ended' }],
    then: ['stop-timer silence', 'start-timer retry'],
  },
  'a relist asks for exactly what the watch has reached': {
    given: [start, listed('7'), opened, event('9'), timer('relist')],
    then: ['abort-watch', 'stop-timer silence', 'list'],
  },
  'where that is forgotten it lists the newest': {
    given: [start, listed('7'), opened, timer('relist'), { kind: 'list-failed', failure: { kind: 'gone' } }],
    then: ['list'],
  },
  'a relist that falls due while waiting comes next': {
    given: [start, listed('7'), opened, lost, timer('relist'), timer('retry')],
    then: ['list'],
  },
  'a resource that is not served is empty, and asked for again': {
    given: [start, { kind: 'list-failed', failure: { kind: 'not-served' } }],
    then: ['not-served', 'start-timer retry'],
  },
  'stopped, it does nothing more': { given: [start, listed('7'), { kind: 'stop' }, timer('retry')], then: [] },
} satisfies Record<string, { given: readonly ReflectorEvent[]; then: readonly string[] }>;

describe('A reflector', () => {
  for (const [name, { given, then }] of Object.entries(cases)) {
    it(name, () => assert.deepEqual(kinds(play(...given).effects), then));
  }

  it('asks from the last version that it heard, with a time limit that differs from watch to watch', () => {
    const { effects } = play(start, listed('7'), opened, event('12'), lost, timer('retry'));
    assert.deepEqual(effects.at(-1), { kind: 'watch', resourceVersion: '12', timeoutSeconds: 375 });
    const relist = play(start, listed('7'), opened, event('12'), timer('relist'));
    assert.deepEqual(relist.effects.at(-1), { kind: 'list', exactly: '12' });
  });

  it('waits as long as the server asks', () => {
    const { effects } = play(start, listed('7'), opened, failed({ kind: 'throttled', retryAfterMs: 8_000 }));
    assert.deepEqual(delayOf(effects), { kind: 'start-timer', timer: 'retry', afterMs: 9_000 });
  });

  const delaysAfter = (failure: Failure): number[] => {
    let state = play(start).state;
    const delays: number[] = [];
    for (let i = 0; i < 12; i++) {
      const failedStep = stepReflector(state, { kind: 'list-failed', failure }, { nowMs: 0, chance: 0.5, times });
      const wait = delayOf(failedStep.effects);
      if (wait?.kind === 'start-timer') delays.push(wait.afterMs);
      state = stepReflector(failedStep.state, timer('retry'), { nowMs: 0, chance: 0.5, times }).state;
    }
    return delays;
  };

  it('backs off from a quarter of a second to half a minute', () => {
    const delays = delaysAfter({ kind: 'refused' });
    assert.deepEqual([delays[0], delays[1], delays.at(-1)], [250, 500, 30_000]);
  });

  it('asks every few seconds while nobody listens, to be there when somebody does again', () => {
    const delays = delaysAfter({ kind: 'unreachable' });
    assert.deepEqual([delays[0], delays[1], delays.at(-1)], [250, 500, 3_000]);
  });

  it('is soon there again when an API server that was away for long comes back and refuses at first', () => {
    for (const failure of [{ kind: 'refused' }, { kind: 'throttled', retryAfterMs: 100 }] as const) {
      const away = Array.from({ length: 12 }, () => [lost, timer('retry')]).flat();
      const back = play(start, listed('7'), opened, ...away, failed(failure));
      assert.deepEqual(delayOf(back.effects), { kind: 'start-timer', timer: 'retry', afterMs: 500 });
      const again = stepReflector(back.state, timer('retry'), { nowMs: 0, chance: 0.5, times });
      const refused = stepReflector(again.state, failed(failure), { nowMs: 0, chance: 0.5, times });
      assert.deepEqual(delayOf(refused.effects), { kind: 'start-timer', timer: 'retry', afterMs: 1_000 });
    }
  });

  const failures: Failure[] = [{ kind: 'gone' }, { kind: 'throttled', retryAfterMs: 1 }, { kind: 'not-served' }, { kind: 'refused' }, { kind: 'unreachable' }]; // prettier-ignore
  const anyFailure = fc.constantFrom(...failures);
  const anyEvent: fc.Arbitrary<ReflectorEvent> = fc.oneof(
    fc.constant(start),
    fc.constant(listed('5')),
    fc.constant(opened),
    fc.constant(event('6')),
    fc.constant({ kind: 'watch-ended' } as const),
    anyFailure.map(failed),
    anyFailure.map((failure) => ({ kind: 'list-failed', failure }) as const),
    fc.constantFrom(timer('retry'), timer('silence'), timer('relist')),
  );
  it('always has something that will move it on: a request, or a timer', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let state = initialReflector;
        const timers = new Set<string>();
        let asks = 0;
        for (const each of [start, ...events]) {
          // A timer that does not run does not fire.
          if (each.kind === 'timer' && !timers.delete(each.timer)) continue;
          const step = stepReflector(state, each, { nowMs: 0, chance: 0, times });
          for (const effect of step.effects) {
            if (effect.kind === 'start-timer') timers.add(effect.timer);
            if (effect.kind === 'stop-timer') timers.delete(effect.timer);
            if (effect.kind === 'list' || effect.kind === 'watch') asks++;
          }
          state = step.state;
          if (state.doing.kind === 'waiting') assert.ok(timers.has('retry'));
          if (state.doing.kind === 'watching') assert.ok(timers.has('silence'));
          assert.notEqual(state.doing.kind, 'idle');
        }
        assert.ok(asks > 0);
      }),
    );
  });
});
