import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podObject } from '../../test/world-objects.ts';
import { trimPod } from '../cluster/watched-kinds.ts';
import { podTrouble } from './pod-trouble.ts';

const summary = { version: '1', pod: 'sbc-0', draining: false, calls: { active: 0 } };
const container = (name: string, fields: object) => ({ name, ...fields });
const waiting = (reason: string, message?: string) => ({ state: { waiting: { reason, message } } });
const ended = (reason: string, exitCode: number) => ({ lastState: { terminated: { reason, exitCode } } });

const cases: Record<string, readonly [object, string | undefined]> = {
  'has no node': [
    {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 node had no ports' }],
    },
    'it has no node: 0/1 nodes are available: 1 node had no ports (kubectl describe pod sbc-0)',
  ],
  'was evicted': [{ phase: 'Failed', reason: 'Evicted' }, 'it has failed: Evicted (kubectl describe pod sbc-0)'],
  'gets no image': [
    { containerStatuses: [container('runtime', waiting('ImagePullBackOff', 'Back-off pulling image "a/b:1"'))] },
    'container runtime waits: ImagePullBackOff: Back-off pulling image "a/b:1" (kubectl describe pod sbc-0)',
  ],
  crashes: [
    { containerStatuses: [container('runtime', { ...waiting('CrashLoopBackOff', 'x'), ...ended('OOMKilled', 137) })] },
    'container runtime ended with OOMKilled (exit code 137): CrashLoopBackOff (kubectl logs sbc-0 --container=runtime --previous)',
  ],
  'has just crashed': [
    { containerStatuses: [container('runtime', { state: { running: {} }, ...ended('Error', 1) })] },
    'container runtime was started again, it ended with Error (exit code 1) (kubectl logs sbc-0 --container=runtime --previous)',
  ],
  'has a relay that gets no image': [
    {
      containerStatuses: [container('runtime', waiting('PodInitializing'))],
      initContainerStatuses: [container('rtpengine', waiting('ErrImagePull', 'not\n found'))],
    },
    'container rtpengine waits: ErrImagePull: not found (kubectl describe pod sbc-0)',
  ],
  'cannot be started': [
    { containerStatuses: [container('runtime', waiting('RunContainerError', 'exec "sbc --token=abc": not found'))] },
    'container runtime waits: RunContainerError (kubectl describe pod sbc-0)',
  ],
  starts: [{ containerStatuses: [container('runtime', waiting('ContainerCreating'))] }, undefined],
};

for (const [name, [status, expected]] of Object.entries(cases)) {
  test(`a pod that ${name} says why it is not ready, and what shows more`, () => {
    const pod = { ...podObject(0), status };
    assert.equal(podTrouble(pod, undefined), expected);
    assert.equal(podTrouble(trimPod(pod), undefined), expected);
  });
}

test('a pod whose RTPEngine does not answer says so itself', () => {
  assert.equal(
    podTrouble(podObject(0), { ...summary, relayAnswers: false }),
    'RTPEngine does not answer (kubectl logs sbc-0 --container=rtpengine)',
  );
  assert.equal(podTrouble(podObject(0), { ...summary, relayAnswers: true }), undefined);
  assert.equal(podTrouble(podObject(0), summary), undefined);
});

test('a pod that answers is not said to lack what ended a container of it days ago', () => {
  const status = { containerStatuses: [container('runtime', { state: { running: {} }, ...ended('OOMKilled', 137) })] };
  const pod = { ...podObject(0), status };
  assert.equal(podTrouble(pod, summary), undefined);
  assert.match(podTrouble(pod, { ...summary, relayAnswers: false }) ?? '', /^RTPEngine does not answer/);
});

test('what Kubernetes says is quoted to a limit', () => {
  const message = 'x'.repeat(100_000);
  const status = { conditions: [{ type: 'PodScheduled', status: 'False', message }] };
  assert.ok((podTrouble({ ...podObject(0), status }, undefined)?.length ?? Infinity) < 350);
});
