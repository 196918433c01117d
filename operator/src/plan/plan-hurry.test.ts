import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HurryPod } from './plan-hurry.ts';
import { planHurry } from './plan-hurry.ts';

const nowMs = 1_000_000;
const pod = (fields: Partial<HurryPod> = {}): HurryPod => ({
  ...{ name: 'sbc-0', wish: undefined, killedAtMs: undefined, calls: 3, askedMs: undefined },
  ...fields,
});
const killedIn = (seconds: number) => ({ killedAtMs: nowMs + seconds * 1000 });
const now = { wish: 'now' };

/** Which are asked, whether something is said of the annotation, and when it is looked at again. */
const told = (...pods: HurryPod[]) => {
  const { ask, ignored, againInMs } = planHurry(pods, nowMs);
  return [ask.map(({ name }) => name).join(), ignored.length, againInMs];
};

const cases: Record<string, readonly [readonly unknown[], readonly unknown[]]> = {
  'a pod that stays is left alone': [told(pod()), ['', 0, undefined]],
  'a pod that drains is left alone until shortly before it is killed': [told(pod(killedIn(3600))), ['', 0, 3_585_000]],
  'the annotation ends the calls of a pod that drains': [told(pod({ ...now, ...killedIn(3600) })), ['sbc-0', 0, 5000]],
  'it is asked again while calls are left, not all the time': [
    told(pod({ ...now, ...killedIn(3600), askedMs: nowMs - 4999 })),
    ['', 0, 5000],
  ],
  'and again after a while': [told(pod({ ...now, ...killedIn(3600), askedMs: nowMs - 5000 })), ['sbc-0', 0, 5000]],
  'who has no call left is not asked': [told(pod({ ...now, ...killedIn(3600), calls: 0 })), ['', 0, undefined]],
  'who does not say how many calls it has is asked': [
    told(pod({ ...now, ...killedIn(3600), calls: undefined })),
    ['sbc-0', 0, 5000],
  ],
  'a pod that is killed in a moment ends its calls itself': [told(pod(killedIn(15))), ['sbc-0', 0, 5000]],
  'one that outlives that by far is not asked for ever': [told(pod({ ...now, ...killedIn(-61) })), ['', 0, undefined]],
  'on a pod that stays the annotation does nothing, and that is said': [told(pod(now)), ['', 1, undefined]],
  'another value does nothing, and that is said': [told(pod({ wish: 'true', ...killedIn(3600) })), ['', 1, 3_585_000]],
  'each pod stands for itself, and the earliest time counts': [
    told(pod(killedIn(100)), pod({ name: 'sbc-1', ...now, ...killedIn(3600) }), pod({ name: 'sbc-2' })),
    ['sbc-1', 0, 5000],
  ],
};

for (const [name, [found, expected]] of Object.entries(cases)) test(name, () => assert.deepEqual(found, expected));

test('what is said of the annotation names the remedy', () => {
  const [stays] = planHurry([pod(now)], nowMs).ignored;
  assert.match(stays?.message ?? '', /not to stop: delete the pod/);
  const [unknown] = planHurry([pod({ wish: 'yes' })], nowMs).ignored;
  assert.match(unknown?.message ?? '', /write now, or remove it/);
});
