import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anInstance } from '../../test/manifests.ts';
import type { RolloutPod, RolloutStep } from './plan-rollout.ts';
import { holdRolloutAnnotation, isRolloutHeld, planRollout, SETTLED_MS, updateRevision } from './plan-rollout.ts';

function pod(ordinal: number, fields: Partial<RolloutPod> = {}): RolloutPod {
  return {
    name: `sbc-${String(ordinal)}`,
    uid: `uid-${String(ordinal)}`,
    ordinal,
    revision: 'old',
    isReady: true,
    readySinceMs: 0,
    isInSync: true,
    isTerminating: false,
    hasStarted: true,
    calls: 0,
    ...fields,
  };
}

const NOW_MS = 1_000_000;
const step = (pods: readonly RolloutPod[], fields: { replicas?: number; isHeld?: boolean; lacking?: string } = {}) =>
  planRollout({ updateRevision: 'new', replicas: pods.length, pods, isHeld: false, nowMs: NOW_MS, ...fields });
const rolls = (ordinal: number): RolloutStep => ({
  kind: 'roll',
  pod: { name: `sbc-${String(ordinal)}`, uid: `uid-${String(ordinal)}` },
});
const current = { revision: 'new' };
const dead = { isReady: false, hasStarted: false, calls: undefined };
const silent = { isReady: false, calls: undefined };

const steps: Record<string, readonly [RolloutStep, RolloutStep]> = {
  'pods of the current template stay': [step([pod(0, current), pod(1, current)]), { kind: 'done' }],
  'the pod with the fewest calls goes first': [
    step([pod(0, { calls: 7 }), pod(1, { calls: 9 }), pod(2, { calls: 8 })]),
    rolls(0),
  ],
  'of pods with as many calls the one with the highest ordinal goes first': [step([pod(0), pod(1)]), rolls(1)],
  'a pod that did not say how many calls it has goes last': [
    step([pod(0, { calls: 400 }), pod(1, { calls: undefined })]),
    rolls(0),
  ],
  'a pod that serves stays while its successor could not serve': [
    step([pod(0), pod(1)], { lacking: 'Secret/typo' }),
    { kind: 'wait', message: '2 of 2 pods run an older template, and the next is replaced when there is Secret/typo' },
  ],
  'a pod that does not serve anyway is replaced, whatever its successor lacks': [
    step([pod(0), pod(1, dead)], { lacking: 'Secret/typo' }),
    rolls(1),
  ],
  'a single pod is replaced, calls or not': [step([pod(0, { calls: 3 })]), rolls(0)],
  'a pod that already goes away comes back with the new template': [
    step([pod(0, current), pod(1, { isTerminating: true })]),
    { kind: 'done' },
  ],
  'pods that a lower number of replicas takes away are not the rollout’s': [
    step([pod(0, current), pod(1)], { replicas: 1 }),
    { kind: 'done' },
  ],
  'a broken pod of the old template is replaced at once, also where all are broken': [
    step([pod(0, dead), pod(1, dead)]),
    rolls(1),
  ],
  'one that is silent and not ready is no reason to replace it at once: it may be cut off, with all its calls': [
    step([pod(0, silent), pod(1, silent), pod(2, { ...current, isReady: false })]),
    {
      kind: 'wait',
      message: '2 of 3 pods run an older template, and the next is replaced when sbc-2 is ready',
    },
  ],
  'where all are silent and not ready one is replaced': [step([pod(0, silent), pod(1, silent)]), rolls(1)],
  'and not the next while it is away': [
    step([pod(0, silent), pod(1, { ...silent, isTerminating: true })]),
    {
      kind: 'wait',
      message: '1 of 2 pods run an older template, and the next is replaced when sbc-1 has ended its calls and is back',
    },
  ],
  'a pod that works waits for those that are cut off': [
    step([pod(0, { calls: 3 }), pod(1, silent), pod(2, silent)]),
    {
      kind: 'wait',
      message: '3 of 3 pods run an older template, and the next is replaced when sbc-1 is ready',
    },
  ],
  'a pod that is not ready and still has calls waits for its turn': [
    step([pod(0, { isReady: false, calls: 2 }), pod(1, { ...current, isReady: false })]),
    {
      kind: 'wait',
      message: '1 of 2 pods run an older template, and the next is replaced when sbc-1 is ready',
    },
  ],
  'an old pod that refuses the new document does not stop its own replacement or that of another': [
    step([pod(0, { isInSync: false, calls: 1 }), pod(1, { isInSync: false })]),
    rolls(1),
  ],
};

for (const [name, [found, expected]] of Object.entries(steps)) {
  test(name, () => assert.deepEqual(found, expected));
}

const waits: Record<string, readonly [RolloutStep, RegExp]> = {
  'until the last one is ready': [step([pod(0, { ...current, isReady: false }), pod(1)]), /when sbc-0 is ready$/],
  'until the last one runs the current routing state': [
    step([pod(0, { ...current, isInSync: false }), pod(1)]),
    /when sbc-0 runs the current routing state$/,
  ],
  'while another pod ends its calls': [
    step([pod(0, { isTerminating: true }), pod(1)]),
    /when sbc-0 has ended its calls and is back$/,
  ],
  'until callers have found the last one': [
    step([pod(0, { ...current, readySinceMs: NOW_MS - SETTLED_MS + 1 }), pod(1)]),
    /is replaced in a moment$/,
  ],
  'while a pod is missing': [step([pod(0)], { replicas: 2 }), /when all 2 pods are there$/],
  'while a person holds it': [step([pod(0)], { isHeld: true }), /held by the annotation teams-sbc\.dev\/hold-rollout/],
  'until the StatefulSet controller has seen the template': [
    planRollout({ updateRevision: undefined, replicas: 1, pods: [pod(0)], isHeld: false, nowMs: NOW_MS }),
    /has not looked/,
  ],
};

for (const [name, [found, expected]] of Object.entries(waits)) {
  test(`the rollout waits ${name}`, () => {
    assert.match(found.kind === 'wait' ? found.message : found.kind, expected);
  });
}

test('a rollout that waits for callers says when it goes on, and then does; not where nobody calls the next one', () => {
  const back = (readySinceMs: number | undefined, next: Partial<RolloutPod> = {}) =>
    step([pod(0, { ...current, readySinceMs }), pod(1, next)]);
  const waiting = back(NOW_MS - 5000);
  assert.equal(waiting.kind === 'wait' && waiting.againInMs, SETTLED_MS - 5000);
  assert.deepEqual(back(NOW_MS - SETTLED_MS), rolls(1));
  assert.deepEqual(back(undefined), rolls(1));
  assert.deepEqual(back(NOW_MS + 3_600_000), rolls(1), 'a node whose clock is wrong');
  assert.deepEqual(back(NOW_MS, dead), rolls(1));
});

const anyPod = fc.record({
  revision: fc.constantFrom('old', 'new'),
  isReady: fc.boolean(),
  isInSync: fc.boolean(),
  isTerminating: fc.boolean(),
  hasStarted: fc.boolean(),
  calls: fc.option(fc.nat(50), { nil: undefined }),
});

test('never a pod of the current template, never one that takes calls while another does not', () => {
  fc.assert(
    fc.property(fc.array(anyPod, { minLength: 1, maxLength: 6 }), (fields) => {
      const pods = fields.map((each, ordinal) => pod(ordinal, each));
      const found = step(pods);
      if (found.kind !== 'roll') return;
      const rolled = pods.find(({ name }) => name === found.pod.name);
      assert.ok(rolled?.revision === 'old' && !rolled.isTerminating);
      const others = pods.filter(({ name }) => name !== rolled.name);
      assert.ok(!rolled.isReady || others.every(({ isReady, isTerminating }) => isReady && !isTerminating));
      const mayHaveCalls = rolled.isReady || (rolled.calls === undefined ? rolled.hasStarted : rolled.calls > 0);
      assert.ok(!mayHaveCalls || others.every(({ isTerminating }) => !isTerminating));
    }),
  );
});

test('a rollout of healthy pods ends, each replaced once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 16 }), (calls) => {
      let pods = calls.map((count, ordinal) => pod(ordinal, { calls: count }));
      const order: number[] = [];
      for (let found = step(pods); found.kind === 'roll'; found = step(pods)) {
        const { name } = found.pod;
        order.push(pods.find((each) => each.name === name)?.calls ?? -1);
        pods = pods.map((each) => (each.name === name ? { ...each, ...current } : each));
      }
      assert.deepEqual(
        order,
        calls.toSorted((a, b) => a - b),
      );
    }),
  );
});

test('a StatefulSet speaks of the template that it has seen last', () => {
  const set = (generation: number) => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'sbc', generation },
    status: { observedGeneration: 2, updateRevision: 'sbc-1' },
  });
  assert.equal(updateRevision(set(2)), 'sbc-1');
  assert.equal(updateRevision(set(3)), undefined);
  assert.equal(updateRevision(undefined), undefined);
});

test('a rollout is held by the annotation, with any value but false', () => {
  const annotated = (value: string) => anInstance({}, { annotations: { [holdRolloutAnnotation]: value } });
  assert.deepEqual([anInstance(), annotated('false'), annotated(''), annotated('night')].map(isRolloutHeld), [
    false,
    false,
    true,
    true,
  ]);
});
