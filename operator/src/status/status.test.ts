import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasons } from '@teams-sbc/crds';
import type { TargetReport, TrunkReport } from '@teams-sbc/crds/runtime';
import { aPbxTrunk, aTeamsTrunk, anInstance } from '../../test/manifests.ts';
import type { ConditionOutcome } from './condition-outcome.ts';
import type { InstanceFacts } from './instance-status.ts';
import { instanceStatus, invalidInstance } from './instance-status.ts';
import type { PbxTrunkFacts } from './pbx-trunk-status.ts';
import { pbxTrunkStatus } from './pbx-trunk-status.ts';
import { invalidOutcomes, orphanOutcomes } from './member.ts';
import type { PodView } from './pod-view.ts';
import { callRouteStatus } from './routing-status.ts';
import type { TeamsTrunkFacts } from './teams-trunk-status.ts';
import { teamsTrunkStatus } from './teams-trunk-status.ts';

const now = `sha256:${'1'.repeat(64)}`;
const old = `sha256:${'2'.repeat(64)}`;
const nowMs = Date.UTC(2026, 10, 23, 12);

function aPod(changes: Partial<PodView> = {}): PodView {
  return {
    name: 'sbc-0',
    uid: 'u0',
    ordinal: 0,
    isReady: true,
    isTerminating: false,
    answers: true,
    hash: now,
    refusal: undefined,
    calls: 0,
    failure: undefined,
    trunks: new Map(),
    ...changes,
  };
}

const silent = { answers: false, hash: undefined, failure: 'connect ECONNREFUSED' };
const other = { name: 'sbc-1', uid: 'u1', ordinal: 1 };

function says(name: string, targets: readonly Partial<TargetReport>[], more: Partial<TrunkReport> = {}) {
  const trunk = { name, targets: targets.map((target) => ({ host: 'h', state: 'Up' as const, ...target })), ...more };
  return { trunks: new Map([[name, trunk]]) };
}

function pbx(changes: Partial<PbxTrunkFacts> = {}) {
  return pbxTrunkStatus({
    trunk: aPbxTrunk({
      peers: [
        { name: 'a', host: '10.20.0.10' },
        { name: 'b', host: '10.20.0.11', port: 5070 },
      ],
    }),
    problem: undefined,
    reference: undefined,
    blocked: undefined,
    failure: undefined,
    pods: [aPod()],
    wanted: now,
    wantedForMs: 0,
    isIn: (hash) => hash === now,
    ...changes,
  });
}

function teams(changes: Partial<TeamsTrunkFacts> = {}) {
  return teamsTrunkStatus({
    trunk: aTeamsTrunk(),
    gateways: [{ fqdn: 'sbc-0.voice.example.com', port: 5061, pod: 'sbc-0' }],
    certificate: undefined,
    carriers: undefined,
    nowMs,
    problem: undefined,
    reference: undefined,
    blocked: undefined,
    failure: undefined,
    pods: [aPod()],
    wanted: now,
    wantedForMs: 0,
    isIn: (hash) => hash === now,
    ...changes,
  });
}

const leftOut = { message: 'spec.peers: no', isLeftOut: true };
const refusal = {
  hash: now,
  problems: [{ path: 'x', message: 'it is too new', found: '', allowed: '' }],
  at: '2026-11-23T12:00:00Z',
};
const answering = [{ host: '10.20.0.10' }, { host: '10.20.0.11', port: 5070 }];
const downBoth = (fault: Partial<TargetReport>) =>
  answering.map((target) => ({ ...target, state: 'Down' as const, ...fault }));

const pbxCases: Record<string, readonly [Partial<PbxTrunkFacts>, Record<string, string>]> = {
  'all is well': [
    { pods: [aPod(says('pbx', answering))] },
    { Programmed: 'True InSync', Reachable: 'True Reachable', Ready: 'True Ready' },
  ],
  'a problem leaves it out': [
    { problem: { reason: 'NoListener', ...leftOut } },
    { Accepted: 'False NoListener', Programmed: 'False NotAccepted', Ready: 'False NotAccepted' },
  ],
  'a Secret that is missing leaves it out': [
    { reference: { reason: 'SecretNotFound', ...leftOut } },
    {
      Accepted: 'True Accepted',
      ResolvedRefs: 'False SecretNotFound',
      Programmed: 'False NotAccepted',
      Ready: 'False RefsNotResolved',
    },
  ],
  'a document that is too large keeps the last good one: a new trunk is not in it': [
    { blocked: 'too many', isIn: () => false },
    { Accepted: 'False DocumentInvalid', Programmed: 'False NotAccepted' },
  ],
  'a document that is too large harms no trunk that is served': [
    { blocked: 'too many' },
    { Accepted: 'True Accepted', Programmed: 'True InSync' },
  ],
  'nothing is written yet': [{ wanted: undefined }, { Programmed: 'False Pending', Ready: 'Unknown Progressing' }],
  'no pod is ready': [{ pods: [aPod({ isReady: false })] }, { Programmed: 'False NoReadyPod' }],
  'a pod is on its way to the document': [{ pods: [aPod({ hash: old })] }, { Programmed: 'False Pending' }],
  'a pod has been on its way for long': [
    { pods: [aPod({ hash: old })], wantedForMs: 11_000 },
    { Programmed: 'False PodsOutOfSync' },
  ],
  'a pod refused the document': [{ pods: [aPod({ hash: old, refusal })] }, { Programmed: 'False DocumentRefused' }],
  'a pod that is not ready is not waited for': [
    { pods: [aPod(), aPod({ ...other, isReady: false, hash: old })] },
    { Programmed: 'True InSync' },
  ],
  'a pod that says nothing is unknown': [
    { pods: [aPod(silent)] },
    { Programmed: 'Unknown PodsSilent', Reachable: 'Unknown PodsSilent', Ready: 'Unknown Pending' },
  ],
  'OPTIONS are switched off': [
    { trunk: aPbxTrunk({ options: { periodSeconds: 0 } }) },
    { Reachable: 'Unknown OptionsDisabled', Ready: 'True Ready' },
  ],
  'nobody has asked yet': [{}, { Reachable: 'Unknown Pending', Ready: 'Unknown Pending' }],
  'one of two hosts answers': [
    { pods: [aPod(says('pbx', [answering[0] ?? {}, ...downBoth({ lastFailure: 'timeout' }).slice(1)]))] },
    { Reachable: 'True PartlyReachable', Ready: 'True Ready' },
  ],
  'no host answers': [
    { pods: [aPod(says('pbx', downBoth({ lastFailure: 'timeout' })))] },
    { Reachable: 'False NoAnswer', Ready: 'False NotReachable' },
  ],
  'every host refuses': [{ pods: [aPod(says('pbx', downBoth({ lastStatus: 403 })))] }, { Reachable: 'False Refused' }],
  'every host asked to be left alone': [
    { pods: [aPod(says('pbx', downBoth({ lastStatus: 503, heldUntil: '2026-11-23T12:01:00Z' })))] },
    { Reachable: 'False Held' },
  ],
  'TLS fails': [
    {
      pods: [
        aPod(
          says('pbx', downBoth({ lastFailure: 'untrusted-root', tls: { state: 'Failed', failure: 'untrusted-root' } })),
        ),
      ],
    },
    { Reachable: 'False TlsFailed' },
  ],
  'what one of two pods reaches is reachable': [
    { pods: [aPod(says('pbx', answering)), aPod({ ...other, ...says('pbx', downBoth({ lastFailure: 'timeout' })) })] },
    { Reachable: 'True PartlyReachable' },
  ],
};

for (const [name, [facts, expected]] of Object.entries(pbxCases)) {
  test(`PbxTrunk: ${name}`, () => {
    const { conditions } = pbx(facts);
    catalogued('PbxTrunk', conditions);
    for (const [type, text] of Object.entries(expected)) assert.equal(told(conditions)[type], text, type);
  });
}

test('a trunk lists its hosts with what they last said', () => {
  const { fields } = pbx({
    pods: [
      aPod(
        says('pbx', [
          { host: '10.20.0.10', lastStatus: 200 },
          { host: '10.20.0.11', port: 5070, state: 'Down', lastFailure: 'timeout' },
        ]),
      ),
    ],
  });
  assert.deepEqual(fields.peers, [
    { name: 'a', host: '10.20.0.10', state: 'Up', lastStatus: 200 },
    { name: 'b', host: '10.20.0.11', port: 5070, state: 'Down', lastFailure: 'timeout' },
  ]);
  assert.deepEqual(fields.pods, { ready: 1, inSync: 1 });
});

test('what Microsoft refused last stands in plain words with its remedy, the newest of all pods', () => {
  const refused = (at: string, reasonHeader?: string) => ({
    lastRefusal: {
      status: 403,
      phrase: 'Forbidden',
      ...(reasonHeader && { reasonHeader, text: 'No trunk config' }),
      host: 'sip.pstnhub.microsoft.com',
      method: 'INVITE',
      at,
    },
  });
  const { fields } = teams({
    pods: [
      aPod(says('teams', [], refused('2026-11-23T11:00:00Z'))),
      aPod({
        ...other,
        ...says('teams', [], refused('2026-11-23T11:59:00Z', 'Q.850;cause=63;text="x;510532;No trunk config"')),
      }),
    ],
  });
  assert.equal(fields.lastRefusal?.pod, 'sbc-1');
  assert.equal(fields.lastRefusal.reason, 'No trunk config');
  assert.match(fields.lastRefusal.meaning, /no tenant knows a gateway/);
  assert.match(fields.lastRefusal.remedy, /New-CsOnlinePSTNGateway/);
});

for (const [name, minutes, state, expected] of [
  ['came a minute ago', 1, 'Up', 'Yes'],
  ['have stopped', 10, 'Up', 'No'],
  ['never came, and we are answered', undefined, 'Up', 'No'],
  ['never came, and nobody answers us either', undefined, 'Down', 'Unknown'],
] as const) {
  test(`receivesOptions where those of Microsoft ${name}: ${expected}`, () => {
    const at = minutes === undefined ? {} : { optionsReceivedAt: new Date(nowMs - minutes * 60_000).toISOString() };
    assert.equal(teams({ pods: [aPod(says('teams', [{ state }], at))] }).fields.receivesOptions, expected);
  });
}

test('a trunk below a carrier that is not there says so', () => {
  const missing = teams({ trunk: aTeamsTrunk({ subdomain: 'customer1' }), carriers: 'Missing' });
  catalogued('TeamsTrunk', missing.conditions);
  assert.equal(told(missing.conditions)['Reachable'], 'Unknown CarrierMissing');
  assert.equal(missing.fields.receivesOptions, undefined);
});

test('what nobody looks at says why, with reasons of the catalogue', () => {
  for (const outcomes of [orphanOutcomes('sbc', 'default'), invalidOutcomes('spec.peers: must be more')]) {
    catalogued('PbxTrunk', outcomes);
    assert.equal(outcomes.Programmed.reason, 'NotAccepted');
  }
  catalogued('SbcInstance', invalidInstance('spec.domain: must be a name'));
});

test('a route that names a trunk which is missing is served in part', () => {
  const reference = { reason: 'TrunkNotFound', message: 'no pbx-b', isLeftOut: false } as const;
  const facts = {
    problem: undefined,
    reference,
    blocked: undefined,
    failure: undefined,
    pods: [aPod()],
    wanted: now,
    wantedForMs: 0,
    isIn: () => true,
  };
  const { conditions } = callRouteStatus(facts);
  catalogued('CallRoute', conditions);
  assert.equal(told(conditions)['Programmed'], 'True InSync');
  assert.equal(told(conditions)['Ready'], 'False RefsNotResolved');
});

function instance(changes: Partial<InstanceFacts> = {}) {
  const address = { address: '203.0.113.7', source: 'Spec' } as const;
  return instanceStatus({
    instance: anInstance(),
    blocked: undefined,
    failure: undefined,
    pods: [aPod()],
    fqdns: ['sbc-0.voice.example.com'],
    addresses: { addresses: new Map([[0, address]]), advertised: new Map([[0, address]]), missing: [], notes: [] },
    certificate: { condition: { status: 'True', reason: 'Valid', message: 'valid' } },
    routing: { hash: now, shards: 2 },
    wantedForMs: 0,
    waitedMs: { AddressesAssigned: 0, Available: 0 },
    ...{ rollout: { kind: 'done' }, draining: { status: 'False', reason: 'NotDraining', message: 'none' } },
    selector: 'a=b',
    ...changes,
  });
}

const noAddresses = {
  addresses: new Map(),
  advertised: new Map(),
  missing: [{ ordinal: 0, message: 'no node', away: true }],
  notes: [],
};
const instanceCases: Record<string, readonly [Partial<InstanceFacts>, Record<string, string>]> = {
  'all is well': [{}, { Ready: 'True Ready', Available: 'True Available', AddressesAssigned: 'True Assigned' }],
  'pods are being replaced': [{ rollout: { kind: 'wait', message: 'sbc-0 drains' } }, { Ready: 'True RollingOut' }],
  'the document is too large': [
    { blocked: 'too many' },
    { Accepted: 'False DocumentInvalid', Programmed: 'False NotAccepted', Ready: 'False NotAccepted' },
  ],
  'the Secret of the certificate is missing': [
    { certificate: { condition: { status: 'False', reason: 'SecretNotFound', message: 'none' } } },
    { ResolvedRefs: 'False SecretNotFound', CertificateReady: 'False SecretNotFound', Ready: 'False RefsNotResolved' },
  ],
  'the certificate has expired': [
    { certificate: { condition: { status: 'False', reason: 'Expired', message: 'over' } } },
    { ResolvedRefs: 'True ResolvedRefs', Ready: 'False CertificateNotReady' },
  ],
  'a pod has no address': [
    { addresses: noAddresses },
    { AddressesAssigned: 'False AddressPending', Ready: 'Unknown Progressing' },
  ],
  'no pod can be made': [
    { pods: [], addresses: noAddresses, failure: 'Cannot write StatefulSet sbc: there is one already' },
    {
      AddressesAssigned: 'Unknown ApplyFailed',
      Available: 'False ApplyFailed',
      Programmed: 'False ApplyFailed',
      Ready: 'False NotProgrammed',
    },
  ],
  'no pod is there yet': [{ pods: [] }, { Available: 'False Starting', Ready: 'Unknown Progressing' }],
  'every pod drains': [{ pods: [aPod({ isReady: false, isTerminating: true })] }, { Available: 'False Draining' }],
  'one of two pods is ready': [
    { instance: anInstance({ replicas: 2 }), pods: [aPod(), aPod({ ...other, isReady: false })] },
    { Available: 'True PartlyAvailable', Ready: 'True Ready' },
  ],
};

for (const [name, [facts, expected]] of Object.entries(instanceCases)) {
  test(`SbcInstance: ${name}`, () => {
    const { conditions } = instance(facts);
    catalogued('SbcInstance', conditions);
    for (const [type, text] of Object.entries(expected)) assert.equal(told(conditions)[type], text, type);
  });
}

function told(conditions: Readonly<Record<string, ConditionOutcome>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(conditions).map(([type, { status, reason }]) => [type, `${status} ${reason}`]),
  );
}

/** Every reason is used with a status that the catalogue has for it, and says something. */
function catalogued(kind: keyof typeof reasons, conditions: Readonly<Record<string, ConditionOutcome>>): void {
  const catalogue = reasons[kind] as Record<string, Record<string, { statuses: readonly string[] }>>;
  for (const [type, { status, reason, message }] of Object.entries(conditions)) {
    assert.ok(catalogue[type]?.[reason]?.statuses.includes(status), `${kind} ${type} ${status} ${reason}`);
    assert.ok(message.length > 0 && !message.endsWith('.'), message);
  }
}
