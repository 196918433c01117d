import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maxRoutingStateLength, parseRoutingState } from './parse.ts';
import { samplePbxTrunk, sampleState, sampleTeamsTrunk } from './sample-state.ts';

function problemsOf(state: unknown): string[] {
  const parsed = parseRoutingState(JSON.stringify(state));
  return parsed.ok ? [] : parsed.problems.map(({ message }) => message);
}

const pbxTls = { certificate: 'sbc-tls', trustBundle: 'microsoft-teams', peerNames: [] };
const [pod] = sampleState.pods;
const [listener] = sampleState.listeners;

test('a document that was written is read back as it was', () => {
  assert.deepEqual(parseRoutingState(JSON.stringify(sampleState)), { ok: true, state: sampleState });
});

const refused: Record<string, [state: unknown, ...messages: string[]]> = {
  'another version': [
    { ...sampleState, version: 'teams-sbc.dev/routing-state/v2' },
    'version: must be teams-sbc.dev/routing-state/v1 (found "teams-sbc.dev/routing-state/v2")',
  ],
  'a field that this runtime does not know': [
    { ...sampleState, recording: {} },
    'recording: there is no such field, allowed here: version, instance, pods, listeners, certificates, trustBundles, trunks, routes, callRoutes, numberPolicies, media, limits, calls, drain, logLevel',
  ],
  'an unknown field of a trunk': [
    { ...sampleState, trunks: [sampleTeamsTrunk, { ...samplePbxTrunk, srpt: 'Required' }] },
    'trunks[1].srpt: there is no such field, allowed here: kind, name, listener, protocol, peers, allowCIDRs, tls, auth, options, codecs, srtp, country',
  ],
  'a password instead of the name of a Secret': [
    { ...sampleState, trunks: [sampleTeamsTrunk, { ...samplePbxTrunk, auth: { secret: 'a', password: 'b' } }] },
    'trunks[1].auth.password: there is no such field, allowed here: secret',
  ],
  'a kind of trunk that this runtime does not know': [
    { ...sampleState, trunks: [{ kind: 'SipEndpoint' }], routes: [] },
    'trunks[0].kind: must be one of TeamsTrunk, PbxTrunk (found "SipEndpoint")',
  ],
  'a range that is none': [
    { ...sampleState, trunks: [sampleTeamsTrunk, { ...samplePbxTrunk, allowCIDRs: ['10.20.0.10'] }] },
    'trunks[1].allowCIDRs[0]: must be a range in CIDR notation, such as 192.0.2.0/24 (found "10.20.0.10")',
  ],
  'a name that would break out of a header': [
    { ...sampleState, trunks: [{ ...sampleTeamsTrunk, fqdns: ['a\r\nX: y', 'b.example'] }, samplePbxTrunk] },
    'trunks[0].fqdns[0]: must be a DNS name in lower case or an IP address (found "a\\r\\nX: y")',
  ],
  'trust roots without a source': [
    { ...sampleState, trustBundles: [{ name: 'microsoft-teams', source: {} }] },
    'trustBundles[0].source: must be preset: MicrosoftTeams, or the kind, name and key of a ConfigMap or Secret (found an object)',
  ],
  'a listener that does not exist': [
    { ...sampleState, trunks: [sampleTeamsTrunk, { ...samplePbxTrunk, listener: 'pbx-tcp' }] },
    'trunks[1].listener: must be the name of an entry of listeners (found pbx-tcp)',
  ],
  'a listener for the other kind': [
    { ...sampleState, trunks: [sampleTeamsTrunk, { ...samplePbxTrunk, listener: 'teams-tls' }] },
    'trunks[1].listener: must be a listener that serves PbxTrunk over UDP (found teams-tls, which serves TeamsTrunk over TLS)',
  ],
  'a certificate and roots that do not exist': [
    { ...sampleState, certificates: [], trustBundles: [] },
    'trunks[0].tls.certificate: must be the name of an entry of certificates (found sbc-tls)',
    'trunks[0].tls.trustBundle: must be the name of an entry of trustBundles (found microsoft-teams)',
  ],
  'a route to a trunk that does not exist': [
    { ...sampleState, routes: [{ from: 'teams', to: ['carrier'] }] },
    'routes[0].to[0]: must be the name of an entry of trunks (found carrier)',
  ],
  'two routes for one trunk': [
    { ...sampleState, routes: [...sampleState.routes, { from: 'teams', to: ['teams'] }] },
    'routes[2].from: must be different from routes[0].from (found teams)',
  ],
  'two trunks with one name': [
    { ...sampleState, trunks: [...sampleState.trunks, samplePbxTrunk] },
    'trunks[2].name: must be different from trunks[1].name (found pbx)',
  ],
  'two Teams trunks with one FQDN': [
    {
      ...sampleState,
      trunks: [
        ...sampleState.trunks,
        { ...sampleTeamsTrunk, name: 'other', fqdns: ['x.example', 'sbc-0.voice.example.com'] },
      ],
    },
    'trunks[2].fqdns[1]: must be different from trunks[0].fqdns[0] (found sbc-0.voice.example.com)',
  ],
  'two pods with one ordinal': [
    { ...sampleState, pods: [pod, { ...pod, name: 'sbc-2', fqdn: 'sbc-2.voice.example.com' }] },
    'pods[1].ordinal: must be different from pods[0].ordinal (found 0)',
  ],
  'a TCP and a TLS listener on one port': [
    {
      ...sampleState,
      listeners: [...sampleState.listeners, { ...listener, name: 'pbx-tcp', serves: 'PbxTrunk', protocol: 'TCP' }],
    },
    'listeners[2].port: must be different from listeners[0].port (found TCP port 5061)',
  ],
  'two peers with one name': [
    {
      ...sampleState,
      trunks: [sampleTeamsTrunk, { ...samplePbxTrunk, peers: [...samplePbxTrunk.peers, ...samplePbxTrunk.peers] }],
    },
    'trunks[1].peers[1].name: must be different from trunks[1].peers[0].name (found a)',
  ],
  'a Teams trunk without a name for the last pod': [
    { ...sampleState, trunks: [{ ...sampleTeamsTrunk, fqdns: ['sbc-0.voice.example.com'] }, samplePbxTrunk] },
    'trunks[0].fqdns: must be one name for each of the ordinals 0 to 1 (found 1 names)',
  ],
  'TLS settings on a UDP trunk': [
    { ...sampleState, trunks: [sampleTeamsTrunk, { ...samplePbxTrunk, tls: pbxTls }] },
    'trunks[1].tls: must be present exactly when the protocol is TLS (found tls with UDP)',
  ],
};

for (const [name, [state, ...messages]] of Object.entries(refused)) {
  test(`the document is refused as a whole for ${name}`, () => assert.deepEqual(problemsOf(state), messages));
}

test('a text that is not JSON is refused', () => {
  const parsed = parseRoutingState('{"version":');
  assert.ok(!parsed.ok);
  assert.match(parsed.problems[0]?.message ?? '', /^must be JSON \(found /);
});

test('a text that is too long is refused unread', () => {
  const parsed = parseRoutingState(' '.repeat(maxRoutingStateLength + 1));
  assert.ok(!parsed.ok);
  assert.equal(parsed.problems[0]?.found, `${String(maxRoutingStateLength + 1)} characters`);
});

test('a text that is very deep is refused', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  assert.equal(parseRoutingState(deep).ok, false);
  assert.equal(parseRoutingState(JSON.stringify(sampleState).replace('"Info"', deep)).ok, false);
});

test('no text makes it throw, and a refusal always says why', () => {
  const section = fc.constantFrom(...Object.keys(sampleState));
  const mutated = fc
    .tuple(section, fc.jsonValue())
    .map(([key, value]) => JSON.stringify({ ...sampleState, [key]: value }));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), mutated), (text) => {
      const parsed = parseRoutingState(text);
      assert.ok(parsed.ok || parsed.problems.length > 0);
    }),
  );
});
