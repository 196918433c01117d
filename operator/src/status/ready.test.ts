import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aPbxTrunk, anInstance } from '../../test/manifests.ts';
import type { InstanceFacts } from './instance-status.ts';
import { instanceStatus, START_PATIENCE_MS } from './instance-status.ts';
import type { MemberFacts } from './member.ts';
import { pbxTrunkStatus } from './pbx-trunk-status.ts';
import type { PodView } from './pod-view.ts';
import { readySummary } from './ready.ts';

const hash = `sha256:${'1'.repeat(64)}`;
const ready: PodView = {
  ...{ name: 'sbc-0', uid: 'u0', ordinal: 0, isReady: true, isTerminating: false, answers: true },
  ...{ hash, refusal: undefined, calls: 0, failure: undefined, trunks: new Map() },
};
const address = { address: '203.0.113.7', source: 'Spec' } as const;
const addressed = {
  ...{ addresses: new Map([[0, address]]), advertised: new Map([[0, address]]) },
  ...{ missing: [], notes: [] },
};
const without = (away: boolean) => ({
  ...{ addresses: new Map(), advertised: new Map() },
  ...{ missing: [{ ordinal: 0, message: 'no address', away }], notes: [] },
});
const certificate = (reason: 'Issuing' | 'Expired') =>
  ({ condition: { status: 'False', reason, message: `it is ${reason}` } }) as const;
const notWaited = { AddressesAssigned: 0, Available: 0 };
const late = { AddressesAssigned: START_PATIENCE_MS, Available: START_PATIENCE_MS };

const statusOf = (changes: Partial<InstanceFacts>) =>
  instanceStatus({
    instance: anInstance(),
    blocked: undefined,
    pods: [ready],
    fqdns: ['sbc-0.voice.example.com'],
    addresses: addressed,
    certificate: { condition: { status: 'True', reason: 'Valid', message: 'valid' } },
    routing: { hash, shards: 2 },
    wantedForMs: 0,
    failure: undefined,
    waitedMs: notWaited,
    rollout: { kind: 'done' },
    draining: { status: 'False', reason: 'NotDraining', message: 'none' },
    selector: 'a=b',
    ...changes,
  });

function readyOf(changes: Partial<InstanceFacts>): string {
  const { Ready } = statusOf(changes).conditions;
  return `${Ready.status} ${Ready.reason}: ${Ready.message}`;
}

const away = { ...ready, isReady: false };
const cases: Record<string, readonly [Partial<InstanceFacts>, RegExp]> = {
  'a certificate is being issued': [{ certificate: certificate('Issuing') }, /^Unknown Progressing: it is Issuing$/],
  'a certificate has expired': [{ certificate: certificate('Expired') }, /^False CertificateNotReady: it is Expired$/],
  'one thing passes, another must be mended: that is told': [
    { certificate: certificate('Issuing'), addresses: without(false) },
    /^False AddressesMissing: no address$/,
  ],
  'a pod that starts has no address yet': [{ addresses: without(true) }, /^Unknown Progressing: no address$/],
  'an address that does not come must be looked after': [
    { addresses: without(true), waitedMs: late },
    /^False AddressesMissing/,
  ],
  'no pod is ready yet': [{ pods: [away] }, /^Unknown Progressing: not ready: sbc-0 \(kubectl describe pod sbc-0\)$/],
  'no pod became ready': [
    { pods: [away], waitedMs: late },
    /^False NotAvailable: not ready: sbc-0 \(kubectl describe pod sbc-0\)$/,
  ],
  'the last pod drains': [
    { pods: [{ ...away, isTerminating: true }], waitedMs: late },
    /^Unknown Progressing: draining: sbc-0; new calls are answered 503 until a new pod is ready$/,
  ],
  'pods are about to take it up': [
    { pods: [{ ...ready, hash: 'sha256:old' }] },
    /^Unknown Progressing: 0 of 1 ready pods run it, missing: sbc-0$/,
  ],
  'pods do not take it up': [{ pods: [{ ...ready, hash: 'sha256:old' }], wantedForMs: 60_000 }, /^False NotProgrammed/],
  'the API server refuses a part of it': [{ failure: 'exceeded quota' }, /^False NotProgrammed: exceeded quota$/],
};

for (const [name, [facts, expected]] of Object.entries(cases))
  test(`Ready of an instance: ${name}`, () => assert.match(readyOf(facts), expected));

test('of a trunk that has no pod to run on nobody mends anything: its instance tells', () => {
  const facts: MemberFacts<'PbxTrunk'> = {
    ...{ problem: undefined, reference: undefined, blocked: undefined, failure: undefined },
    ...{ pods: [away], wanted: hash, wantedForMs: 60_000, isIn: () => true },
  };
  const { Programmed, Ready } = pbxTrunkStatus({ ...facts, trunk: aPbxTrunk() }).conditions;
  assert.equal(`${Programmed.status} ${Programmed.reason}`, 'False NoReadyPod');
  assert.equal(`${Ready.status} ${Ready.reason}`, 'Unknown Progressing');
});

test('what the API server refused of an instance is told on the members that wait for it, and on no other', () => {
  const programmed = (isIn: boolean) => {
    const facts: MemberFacts<'PbxTrunk'> = {
      ...{ problem: undefined, reference: undefined, blocked: undefined, failure: 'exceeded quota' },
      ...{ pods: [ready], wanted: hash, wantedForMs: 0, isIn: () => isIn },
    };
    const { status, reason, message } = pbxTrunkStatus({ ...facts, trunk: aPbxTrunk() }).conditions.Programmed;
    return `${status} ${reason}: ${message}`;
  };
  assert.equal(programmed(false), 'False ApplyFailed: exceeded quota');
  assert.match(programmed(true), /^True InSync/);
});

test('a reason that passes on one condition says nothing about another', () => {
  const outcome = { status: 'False', reason: 'Issuing', message: 'x' } as const;
  assert.equal(readySummary([{ type: 'Accepted', outcome, reason: 'NotAccepted' }]).status, 'False');
});

test('of the pods that take no calls it is told which drain', () => {
  const pods = [ready, { ...away, name: 'sbc-1' }, { ...away, name: 'sbc-2', isTerminating: true }];
  const { Available } = statusOf({ instance: anInstance({ replicas: 3 }), pods }).conditions;
  assert.equal(
    Available.message,
    '1 of 3 pods take calls, not ready: sbc-1 (kubectl describe pod sbc-1); draining: sbc-2',
  );
});

test('an instance lists what DNS must say, and how far its routing state has come', () => {
  const { fields } = statusOf({});
  assert.deepEqual(fields.addresses, [
    { pod: 'sbc-0', fqdn: 'sbc-0.voice.example.com', address: '203.0.113.7', source: 'Spec' },
  ]);
  assert.equal(fields.addressList, '203.0.113.7');
  assert.deepEqual(fields.routing, { hash, shards: 2, podsInSync: 1 });
});
