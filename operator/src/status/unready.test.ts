import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import type { InstanceFacts } from './instance-status.ts';
import { instanceStatus } from './instance-status.ts';
import type { PodView } from './pod-view.ts';

const other = { name: 'sbc-1', uid: 'u1', ordinal: 1 };
const aPod = (changes: Partial<PodView> = {}): PodView => ({
  ...{ name: 'sbc-0', uid: 'u0', ordinal: 0, isReady: true, isTerminating: false, answers: true, hash: 'h' },
  ...{ refusal: undefined, calls: 0, failure: undefined, trunks: new Map(), ...changes },
});

function instance(changes: Partial<InstanceFacts> = {}) {
  const addresses = new Map([[0, { address: '203.0.113.7', source: 'Spec' }]] as const);
  return instanceStatus({
    ...{ instance: anInstance(), blocked: undefined, failure: undefined, pods: [aPod()], fqdns: [], selector: 'a=b' },
    addresses: { addresses, advertised: addresses, missing: [], notes: [] },
    certificate: { condition: { status: 'True', reason: 'Valid', message: 'valid' } },
    ...{ routing: { hash: 'h', shards: 2 }, wantedForMs: 0, waitedMs: { AddressesAssigned: 0, Available: 0 } },
    ...{ rollout: { kind: 'done' }, draining: { status: 'False', reason: 'NotDraining', message: 'none' } },
    ...changes,
  });
}

test('pods that are not ready are told of with the cause and the command that shows more', () => {
  const trouble = 'it has no node: 0/1 nodes are available (kubectl describe pod sbc-1)';
  const waits = aPod({ ...other, isReady: false, trouble, isUnplaced: true });
  const partly = instance({ instance: anInstance({ replicas: 2 }), pods: [aPod(), waits] });
  assert.equal(partly.conditions.Available.message, `1 of 2 pods take calls, not ready: sbc-1: ${trouble}`);
  const alone = instance({ pods: [aPod({ isReady: false, trouble: 'RTPEngine does not answer' })] });
  assert.equal(alone.conditions.Available.message, 'not ready: sbc-0: RTPEngine does not answer');
  assert.equal(alone.conditions.Ready.message, alone.conditions.Available.message);
  const silentPod = instance({ pods: [aPod({ isReady: false })] });
  assert.equal(silentPod.conditions.Available.message, 'not ready: sbc-0 (kubectl describe pod sbc-0)');
  const many = Array.from({ length: 1000 }, (_, ordinal) =>
    aPod({ name: `sbc-${String(ordinal)}`, isReady: false, trouble: 'x'.repeat(350) }),
  );
  assert.ok(instance({ pods: many }).conditions.Available.message.length < 2048);
});

test('an address that is known before its pod runs is not called that of a pod that runs', () => {
  const waits = aPod({ isReady: false, isUnplaced: true });
  const { message } = instance({ pods: [waits] }).conditions.AddressesAssigned;
  assert.match(message, /^every pod that runs has an address of its own; sbc-0 does not run yet, its address is kept/);
  assert.match(instance().conditions.AddressesAssigned.message, /^every pod has an address of its own/);
});
