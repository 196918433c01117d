import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import { noPodYet } from './no-pod-yet.ts';

test('Without a pod the status says where to look', () => {
  const words = "there is no pod yet: if that lasts, 'kubectl describe statefulset sbc' says why";
  assert.equal(noPodYet(anInstance({ network: { mode: 'ClusterPod' } })), words);
});

test('On the host network it names what the namespace must allow', () => {
  const instance = anInstance({ network: { mode: 'HostNetwork' } });
  assert.match(noPodYet(instance), /; the namespace must allow the host network \(Pod Security level privileged\)$/);
});
