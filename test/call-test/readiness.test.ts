import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, FoundObject } from './kube-api.ts';
import { hanging, isReady, isSeen, podTroubles, whatHangs, type Watched } from './readiness.ts';

const metadata = { name: 'sbc', uid: '1', generation: 2 };

function watched(...conditions: readonly Partial<Condition>[]): Watched {
  const whole = conditions.map((each) => ({ type: 'Ready', status: 'True', observedGeneration: 2, ...each }));
  return { kind: 'SbcInstance', object: { metadata, status: { conditions: whole } } };
}

const pod = (status: FoundObject['status']): FoundObject => ({
  metadata: { name: 'sbc-0', uid: '2' },
  ...(status === undefined ? {} : { status }),
});

test('ready is what is Ready as it is now, and Reachable where that is asked', () => {
  assert.equal(isReady(watched({})), true);
  assert.equal(isReady(watched({ observedGeneration: 1 })), false);
  assert.equal(isReady(watched({}, { type: 'Reachable', status: 'Unknown' })), false);
  assert.equal(isReady(watched({}, { type: 'Reachable' })), true);
});

test('what the API server itself writes into a new object was seen by nobody', () => {
  assert.equal(isSeen(watched({ status: 'Unknown', reason: 'Pending' })), false);
  assert.equal(isSeen(watched({ status: 'False', reason: 'NotAvailable' })), true);
});

test('objects that nobody has looked at are no SBC that is not ready, however short the test waits', () => {
  const nobody = [watched({ status: 'Unknown', reason: 'Pending' })];
  const somebody = [...nobody, watched({ status: 'False', reason: 'NotAvailable' })];
  for (const readyMs of [1000, 120_000]) {
    assert.equal(whatHangs(nobody, { elapsedMs: 900, readyMs }), undefined);
    assert.equal(whatHangs(nobody, { elapsedMs: 130_000, readyMs }), 'Operator');
    assert.equal(whatHangs(somebody, { elapsedMs: 900, readyMs }), undefined);
    assert.equal(whatHangs(somebody, { elapsedMs: 130_000, readyMs }), 'Sbc');
  }
  assert.equal(whatHangs(nobody, { elapsedMs: 1100, readyMs: 1000 }), 'Operator');
  assert.equal(whatHangs(nobody, { elapsedMs: 16_000, readyMs: 120_000 }), 'Operator');
});

test('conditions that are False say what hangs, before those that are not known, and never the summary', () => {
  const summary = { status: 'False', reason: 'NotAvailable', message: 'see Available' };
  const unknown = { type: 'Programmed', status: 'Unknown', reason: 'Pending', message: 'no pod' };
  const known = { type: 'Available', status: 'False', reason: 'NotAvailable', message: 'no pod takes calls' };
  assert.deepEqual(hanging(watched(summary, unknown, known)), [
    'SbcInstance Available is False (NotAvailable): no pod takes calls',
  ]);
  assert.deepEqual(hanging(watched(summary, unknown)), ['SbcInstance Programmed is Unknown (Pending): no pod']);
});

test('a pod says why it does not run: no node, an image that is not there, a container that ends', () => {
  const scheduled = { type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' };
  assert.deepEqual(podTroubles(pod({ conditions: [scheduled] })), ['Pod sbc-0 has no node: 0/3 nodes are available']);
  const waiting = { reason: 'ImagePullBackOff', message: 'not found' };
  const runtime = { name: 'runtime', image: 'example.com/sbc:1', state: { waiting } };
  assert.deepEqual(podTroubles(pod({ containerStatuses: [runtime] })), [
    'Pod sbc-0: container runtime waits: ImagePullBackOff (image example.com/sbc:1): not found',
  ]);
  const crashing = { ...runtime, restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } } };
  assert.deepEqual(podTroubles(pod({ containerStatuses: [crashing] })), [
    'Pod sbc-0: container runtime waits: CrashLoopBackOff, started 3 times (image example.com/sbc:1)',
  ]);
  assert.match(podTroubles(undefined)[0] ?? '', /There is no pod yet/);
});
