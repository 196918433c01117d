import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podObject } from '../../test/world-objects.ts';
import { podView, rolloutPod } from './pod-facts.ts';

const hasStarted = (status: object) => {
  const pod = { ...podObject(0), status };
  return rolloutPod(pod, podView(pod, undefined), undefined).hasStarted;
};
const runtime = (state: object, started = true) => ({
  phase: 'Running',
  containerStatuses: [{ name: 'runtime', started, state }],
});

for (const [name, status, expected] of [
  ['runs', runtime({ running: {} }), true],
  ['runs for all that was ever heard of it', { phase: 'Unknown' }, true],
  ['has not passed its startup probe', runtime({ running: {} }, false), false],
  ['crashes again and again', runtime({ waiting: { reason: 'CrashLoopBackOff' } }, false), false],
  ['has no image', { ...runtime({ waiting: { reason: 'ImagePullBackOff' } }, false), phase: 'Pending' }, false],
  ['was never placed', { phase: 'Pending' }, false],
  ['was evicted', { phase: 'Failed' }, false],
] as const) {
  test(`a silent pod that ${name} ${expected ? 'may have calls' : 'has none'}`, () => {
    assert.equal(hasStarted(status), expected);
  });
}
