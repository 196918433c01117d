import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podObject } from '../../test/world-objects.ts';
import { hurryPod, placedPod, podView, rolloutPod } from '../observe/pod-facts.ts';
import { trimPod } from './watched-kinds.ts';

const metadata = {
  ...podObject(0).metadata,
  uid: 'u0',
  deletionTimestamp: '2026-11-23T12:00:00Z',
  annotations: { 'teams-sbc.dev/end-calls': 'now' },
};
const pod = {
  ...podObject(0),
  metadata,
  spec: { nodeName: 'n1', hostNetwork: true, containers: [{ name: 'runtime', image: 'runtime:1' }] },
  status: {
    ...(podObject(0).status as object),
    podIPs: [{ ip: '10.0.0.1' }],
    containerStatuses: [
      {
        name: 'runtime',
        started: false,
        imageID: 'sha256:1',
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, finishedAt: '2026-11-23T11:00:00Z' } },
      },
      { name: 'other', started: true, state: { running: { startedAt: '2026-11-23T11:00:00Z' } } },
    ],
  },
};

test('a pod as it is kept says the same as the whole pod', () => {
  const kept = trimPod(pod);
  const [whole, trimmed] = [podView(pod, undefined), podView(kept, undefined)];
  assert.deepEqual(trimmed, whole);
  assert.deepEqual(rolloutPod(kept, trimmed, undefined), rolloutPod(pod, whole, undefined));
  assert.deepEqual(placedPod(kept, trimmed, undefined), placedPod(pod, whole, undefined));
  assert.deepEqual(hurryPod(kept, trimmed, undefined), hurryPod(pod, whole, undefined));
  assert.equal(rolloutPod(kept, trimmed, undefined).hasStarted, false);
});

test('of a pod nothing is kept that nobody reads', () => {
  const text = JSON.stringify(trimPod(pod));
  for (const long of ['image', 'startedAt', 'finishedAt', 'podIPs', 'containers"'])
    assert.ok(!text.includes(long), long);
});
