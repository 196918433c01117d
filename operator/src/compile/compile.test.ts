import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SbcInstance } from '@teams-sbc/crds';
import { hashRoutingState } from '@teams-sbc/crds/runtime';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { compile } from './compile.ts';
import type { Problem } from './problem.ts';
import type { Manifests } from './attached.ts';
import type { Trunk } from './trunk.ts';

interface Case {
  readonly instance?: SbcInstance;
  readonly trunks: readonly Trunk[];
  /** Looked up in the compiled state. */
  readonly then?: (state: RoutingState) => unknown;
  readonly is?: unknown;
  readonly problems?: readonly Pick<Problem, 'reason' | 'field' | 'blocking'>[];
  /** A part of the only note. */
  readonly note?: string;
}

function of(trunks: readonly Trunk[]): Manifests {
  return {
    teamsTrunks: trunks.filter((trunk) => trunk.kind === 'TeamsTrunk'),
    pbxTrunks: trunks.filter((trunk) => trunk.kind === 'PbxTrunk'),
  };
}

const ca = (name: string) => ({ tls: { trust: { caBundleRef: { kind: 'ConfigMap', name, key: 'ca.crt' } } } });
const twoPods = {
  replicas: 2,
  network: { addresses: [{ address: '203.0.113.7' }, { address: '203.0.113.8', bindAddress: '10.0.0.8' }] },
};
const names = ({ trunks }: RoutingState) => trunks.map(({ name }) => name);
const teamsFqdns = ({ trunks }: RoutingState) =>
  trunks.flatMap((trunk) => (trunk.kind === 'TeamsTrunk' ? trunk.fqdns : []));

const cases: Record<string, Case> = {
  'one TeamsTrunk and one PbxTrunk are each the destination of the other': {
    trunks: [aTeamsTrunk(), aPbxTrunk()],
    then: ({ routes }) => routes,
    is: [
      { from: 'pbx', to: ['teams'] },
      { from: 'teams', to: ['pbx'] },
    ],
  },
  'with two PbxTrunks there is no default route, and a note says so': {
    trunks: [aTeamsTrunk(), aPbxTrunk(), aPbxTrunk({}, { name: 'second' })],
    then: ({ routes }) => routes,
    is: [],
    note: 'found 1 and 2',
  },
  'of a login the document names the Secret, and nothing where there is none': {
    trunks: [
      aTeamsTrunk(),
      aPbxTrunk({ auth: { secretRef: { name: 'pbx-login' } } }),
      aPbxTrunk({}, { name: 'second' }),
    ],
    then: ({ trunks }) => trunks.map((trunk) => (trunk.kind === 'PbxTrunk' ? trunk.auth : trunk.kind)),
    is: [{ secret: 'pbx-login' }, undefined, 'TeamsTrunk'],
    note: 'found 1 and 2',
  },
  'the country of a PbxTrunk is handed on, and none where there is none': {
    trunks: [aTeamsTrunk(), aPbxTrunk({ numbers: { country: 'DE' } }), aPbxTrunk({}, { name: 'second' })],
    then: ({ trunks }) => trunks.map((trunk) => (trunk.kind === 'PbxTrunk' ? trunk.country : trunk.kind)),
    is: ['DE', undefined, 'TeamsTrunk'],
    note: 'found 1 and 2',
  },
  'an instance without trunks is served, and a note says that nothing is routed': {
    trunks: [],
    then: names,
    is: [],
    note: 'found 0 and 0',
  },
  'a trunk that is left out does not make its only sibling a default': {
    trunks: [aTeamsTrunk(), aPbxTrunk(), aPbxTrunk({ transport: 'TCP' }, { name: 'tcp' })],
    then: ({ routes }) => routes,
    is: [],
    problems: [{ reason: 'NoListener', field: 'spec.transport', blocking: false }],
    note: 'found 1 and 2',
  },
  'a trunk of another instance is not looked at': {
    trunks: [aTeamsTrunk(), aPbxTrunk({ sbcRef: { name: 'other' } })],
    then: names,
    is: ['teams'],
    note: 'found 1 and 0',
  },
  'a trunk of another namespace is not looked at': {
    trunks: [aTeamsTrunk(), aPbxTrunk({}, { namespace: 'voice' })],
    then: names,
    is: ['teams'],
    note: 'found 1 and 0',
  },
  'a pod is its hostname under the domain, with its own address': {
    instance: anInstance(twoPods),
    trunks: [aTeamsTrunk(), aPbxTrunk()],
    then: ({ pods }) => pods,
    is: [
      { name: 'sbc-0', ordinal: 0, fqdn: 'sbc-0.voice.example.com', publicAddress: '203.0.113.7' },
      { name: 'sbc-1', ordinal: 1, fqdn: 'sbc-1.voice.example.com', publicAddress: '203.0.113.8' },
    ],
  },
  'an address that is not configured is left to the cluster': {
    trunks: [aTeamsTrunk(), aPbxTrunk()],
    then: ({ pods }) => pods.map(({ publicAddress }) => publicAddress),
    is: [undefined],
  },
  'a TeamsTrunk has the FQDN of the pod': {
    instance: anInstance({ ...twoPods, hostnameTemplate: 'edge{ordinal}' }),
    trunks: [aTeamsTrunk(), aPbxTrunk()],
    then: teamsFqdns,
    is: ['edge0.voice.example.com', 'edge1.voice.example.com'],
  },
  'a TeamsTrunk with a subdomain stands below the FQDN of the pod': {
    instance: anInstance(twoPods),
    trunks: [aTeamsTrunk({ subdomain: 'customer1' }), aPbxTrunk()],
    then: teamsFqdns,
    is: ['customer1.sbc-0.voice.example.com', 'customer1.sbc-1.voice.example.com'],
    note: 'no OPTIONS are sent for sbc-0.voice.example.com, whose health decides whether Microsoft uses the subdomain customer1 below it, add a TeamsTrunk without subdomain and fqdns',
  },
  'a TeamsTrunk with FQDNs of its own has one for each ordinal': {
    instance: anInstance(twoPods),
    trunks: [aTeamsTrunk({ fqdns: ['a.customer.example', 'b.customer.example', 'c.customer.example'] }), aPbxTrunk()],
    then: teamsFqdns,
    is: ['a.customer.example', 'b.customer.example'],
  },
  'a TeamsTrunk with fewer FQDNs than replicas is left out': {
    instance: anInstance(twoPods),
    trunks: [aTeamsTrunk({ fqdns: ['a.customer.example'] }), aPbxTrunk()],
    then: names,
    is: ['pbx'],
    problems: [{ reason: 'FqdnsMismatch', field: 'spec.fqdns', blocking: false }],
    note: 'left out',
  },
  'a TeamsTrunk whose FQDN is too long for Teams is left out': {
    trunks: [aTeamsTrunk({ subdomain: 'a'.repeat(50) }), aPbxTrunk()],
    then: names,
    is: ['pbx'],
    problems: [{ reason: 'InvalidName', field: 'spec.subdomain', blocking: false }],
    note: 'left out',
  },
  'of two TeamsTrunks with one FQDN the older is served': {
    trunks: [
      aTeamsTrunk({}, { name: 'a-younger', creationTimestamp: '2026-02-01T00:00:00Z' }),
      aTeamsTrunk({}, { name: 'b-older', creationTimestamp: '2026-01-01T00:00:00Z' }),
    ],
    then: names,
    is: ['b-older'],
    problems: [{ reason: 'Conflict', field: 'spec.subdomain', blocking: false }],
    note: 'found 2 and 0',
  },
  'a TeamsTrunk and a PbxTrunk of one name cannot both be served': {
    trunks: [aTeamsTrunk({}, { name: 'main' }), aPbxTrunk({}, { name: 'main' })],
    then: ({ trunks }) => trunks.map(({ kind }) => kind),
    is: ['TeamsTrunk'],
    problems: [{ reason: 'Conflict', field: 'metadata.name', blocking: false }],
    note: 'left out',
  },
  'a TeamsTrunk needs a listener of its kind': {
    instance: anInstance({ listeners: [{ kind: 'PbxTrunk', transport: 'UDP', port: 5060 }] }),
    trunks: [aTeamsTrunk(), aPbxTrunk()],
    then: names,
    is: ['pbx'],
    problems: [{ reason: 'NoListener', field: 'spec.sbcRef', blocking: false }],
    note: 'left out',
  },
  'a trunk finds its listener by kind and transport': {
    instance: anInstance({
      listeners: [
        { kind: 'TeamsTrunk', transport: 'TLS', port: 5061 },
        { kind: 'PbxTrunk', transport: 'TLS', port: 5071 },
      ],
    }),
    trunks: [aTeamsTrunk(), aPbxTrunk({ transport: 'TLS', ...ca('pbx-ca') })],
    then: ({ trunks }) => trunks.map(({ listener }) => listener),
    is: ['pbx-tls', 'teams-tls'],
  },
  'trust roots that two trunks share stand once': {
    instance: anInstance({
      listeners: [
        { kind: 'TeamsTrunk', transport: 'TLS', port: 5061 },
        { kind: 'PbxTrunk', transport: 'TLS', port: 5071 },
      ],
    }),
    trunks: [aTeamsTrunk(ca('lab-ca')), aPbxTrunk({ transport: 'TLS', ...ca('lab-ca') })],
    then: ({ trustBundles, trunks }) => [trustBundles, trunks.map(({ tls }) => tls?.trustBundle)],
    is: [
      [{ name: 'configmap-lab-ca', source: { kind: 'ConfigMap', name: 'lab-ca', key: 'ca.crt' } }],
      ['configmap-lab-ca', 'configmap-lab-ca'],
    ],
  },
  'trust roots that nobody uses are left away': {
    trunks: [aTeamsTrunk({ subdomain: 'a'.repeat(50), ...ca('lab-ca') }), aPbxTrunk()],
    then: ({ trustBundles }) => trustBundles,
    is: [],
    problems: [{ reason: 'InvalidName', field: 'spec.subdomain', blocking: false }],
    note: 'left out',
  },
  'by default Teams is trusted with the roots and names of Microsoft, from its ranges': {
    trunks: [aTeamsTrunk(), aPbxTrunk()],
    then: ({ trustBundles, trunks }) => [trustBundles, trunks[1]?.tls?.peerNames[0], trunks[1]?.allowCIDRs],
    is: [
      [{ name: 'microsoft-teams', source: { preset: 'MicrosoftTeams' } }],
      'sip.pstnhub.microsoft.com',
      ['52.112.0.0/14', '52.120.0.0/14'],
    ],
  },
  'to Microsoft all three data centres are dialled, in its order': {
    trunks: [aTeamsTrunk(), aPbxTrunk()],
    then: ({ trunks }) => trunks.flatMap((trunk) => (trunk.kind === 'TeamsTrunk' ? trunk.dataCentres : [])),
    is: ['sip', 'sip2', 'sip3'].map((name) => ({ host: `${name}.pstnhub.microsoft.com`, port: 5061 })),
  },
  'in a cloud of the government there is one data centre, with ranges and a name of its own': {
    trunks: [aTeamsTrunk({ region: 'GCCHigh' }), aPbxTrunk()],
    then: ({ trunks }) =>
      trunks.flatMap((trunk) =>
        trunk.kind === 'TeamsTrunk' ? [trunk.dataCentres, trunk.allowCIDRs, trunk.tls.peerNames] : [],
      ),
    is: [
      [{ host: 'sip.pstnhub.gov.teams.microsoft.us', port: 5061 }],
      ['52.127.88.0/21'],
      ['sip.pstnhub.gov.teams.microsoft.us'],
    ],
  },
  'a cloud of the government dials port 5061 alone: with another listener the trunk is left out': {
    instance: anInstance({
      listeners: [
        { kind: 'TeamsTrunk', transport: 'TLS', port: 5067 },
        { kind: 'PbxTrunk', transport: 'UDP', port: 5060 },
      ],
    }),
    trunks: [aTeamsTrunk({ region: 'DoD' }), aPbxTrunk()],
    then: names,
    is: ['pbx'],
    problems: [{ reason: 'PortMismatch', field: 'spec.region', blocking: false }],
    note: 'left out',
  },
  'the worldwide cloud dials the port that the gateway is registered with': {
    instance: anInstance({
      listeners: [
        { kind: 'TeamsTrunk', transport: 'TLS', port: 5067 },
        { kind: 'PbxTrunk', transport: 'UDP', port: 5060 },
      ],
    }),
    trunks: [aTeamsTrunk(), aPbxTrunk()],
    then: names,
    is: ['pbx', 'teams'],
  },
  "customers below a carrier's trunk send no OPTIONS: the carrier's own does": {
    trunks: [
      aTeamsTrunk({ options: { periodSeconds: 90 } }, { name: 'carrier' }),
      aTeamsTrunk({ subdomain: 'customer1', options: { periodSeconds: 60 } }, { name: 'customer1' }),
      aTeamsTrunk({ fqdns: ['sbc.customer2.example'] }, { name: 'customer2' }),
    ],
    then: ({ trunks }) => trunks.map(({ name, options }) => `${name}: ${String(options.periodSeconds)}`),
    is: ['carrier: 90', 'customer1: 0', 'customer2: 60'],
    note: 'found 3 and 0',
  },
  'endpoints replace the data centres of the region': {
    trunks: [aTeamsTrunk({ endpoints: [{ host: 'teams.lab.example', port: 6061 }] }), aPbxTrunk()],
    then: ({ trunks }) => trunks.flatMap((trunk) => (trunk.kind === 'TeamsTrunk' ? trunk.dataCentres : [])),
    is: [{ host: 'teams.lab.example', port: 6061 }],
  },
  'with an issuer the certificate is the one that the operator asks for': {
    instance: anInstance({ tls: { issuerRef: { name: 'letsencrypt' } } }),
    trunks: [aTeamsTrunk(), aPbxTrunk()],
    then: ({ certificates }) => certificates,
    is: [{ name: 'sbc-tls', secret: 'sbc-tls' }],
  },
  'a peer without a port keeps it open, for SRV records': {
    trunks: [aTeamsTrunk(), aPbxTrunk({ peers: [{ name: 'a', host: 'pbx.example.com' }], allowCIDRs: ['10.0.0.0/8'] })],
    then: ({ trunks }) => trunks.flatMap((trunk) => (trunk.kind === 'PbxTrunk' ? trunk.peers : [])),
    is: [{ name: 'a', host: 'pbx.example.com' }],
  },
};

for (const [name, { instance = anInstance(), trunks, then, is, problems = [], note }] of Object.entries(cases)) {
  test(name, () => {
    const compiled = compile(instance, of(trunks));
    assert.deepEqual(
      compiled.problems.map(({ reason, field, blocking }) => ({ reason, field, blocking })),
      problems,
    );
    assert.ok(compiled.state);
    assert.deepEqual(then?.(compiled.state), is);
    const notes = compiled.notes.map(({ message }) => message);
    if (note === undefined) assert.deepEqual(notes, []);
    else assert.ok(notes.length === 1 && notes[0]?.includes(note), notes.join());
  });
}

test('every FQDN has one pod, every pod one address, and no two pods share one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), (replicas) => {
      const addresses = Array.from({ length: replicas }, (_, ordinal) => ({ address: `203.0.113.${String(ordinal)}` }));
      const trunks = [aTeamsTrunk(), aTeamsTrunk({ subdomain: 'customer1' }, { name: 'customer1' })];
      const { state } = compile(anInstance({ replicas, network: { addresses } }), of(trunks));
      assert.ok(state);
      const fqdns = [...state.pods.map(({ fqdn }) => fqdn), ...teamsFqdns(state).filter((fqdn) => /^cust/.test(fqdn))];
      assert.equal(new Set(fqdns).size, 2 * replicas);
      assert.equal(new Set(state.pods.map(({ publicAddress }) => publicAddress)).size, replicas);
      for (const { ordinal, fqdn, publicAddress } of state.pods) {
        assert.equal(publicAddress, addresses[ordinal]?.address);
        for (const trunk of state.trunks)
          assert.ok(trunk.kind === 'TeamsTrunk' && trunk.fqdns[ordinal]?.endsWith(fqdn) === true);
      }
    }),
  );
});

test('of more trunks than a document holds the youngest are left out', () => {
  const trunks = Array.from({ length: 4098 }, (_, index) =>
    aPbxTrunk({}, { name: `pbx-${String(index)}`, creationTimestamp: new Date(1e12 - index * 1000).toISOString() }),
  );
  const { state, problems } = compile(anInstance(), of(trunks));
  assert.equal(state?.trunks.length, 4096);
  assert.deepEqual(
    problems.map(({ object, reason, blocking }) => [object.name, reason, blocking]),
    [
      ['pbx-1', 'TooMany', false],
      ['pbx-0', 'TooMany', false],
    ],
  );
});

test('the order of the manifests changes nothing', () => {
  const trunks: Trunk[] = [
    aTeamsTrunk({ subdomain: 'a' }, { name: 'teams-a' }),
    aTeamsTrunk({ subdomain: 'a' }, { name: 'teams-b' }),
    aTeamsTrunk(ca('x'), { name: 'teams-c' }),
    aPbxTrunk(),
    aPbxTrunk({ transport: 'TCP' }, { name: 'tcp' }),
  ];
  const expected = compile(anInstance(), of(trunks));
  assert.ok(expected.state);
  const hash = hashRoutingState(expected.state);
  fc.assert(
    fc.property(fc.shuffledSubarray(trunks, { minLength: trunks.length }), (shuffled) => {
      const compiled = compile(anInstance(), of(shuffled));
      assert.ok(compiled.state);
      assert.equal(hashRoutingState(compiled.state), hash);
      assert.deepEqual(compiled.problems, expected.problems);
    }),
    { numRuns: 50 },
  );
});
