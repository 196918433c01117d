import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseManifest } from './parse-manifest.ts';
import { maxProblems } from './problem.ts';
import { apiVersion, least, manifest } from './sample-manifest.ts';
import type { Kind } from './v1alpha1/kinds.ts';

function problemsOf(value: unknown): string[] {
  const parsed = parseManifest(value);
  return parsed.ok ? [] : parsed.problems.map(({ message }) => message);
}

test('what an API server adds to metadata and status is kept', () => {
  const stored = {
    ...(manifest('TeamsTrunk') as object),
    metadata: {
      name: 'teams',
      namespace: 'voice',
      generation: 3,
      creationTimestamp: null,
      managedFields: [{ manager: 'kubectl' }],
    },
    status: { observedGeneration: 2, gateways: [{ fqdn: 'sbc-0.voice.example.com' }] },
  };
  const parsed = parseManifest(stored);
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.object.metadata, stored.metadata);
  assert.deepEqual(parsed.object.status, stored.status);
});

const accepted: Record<string, unknown> = {
  'a hostname without {ordinal} for one replica': manifest('SbcInstance', { hostnameTemplate: 'sbc' }),
  'two replicas with an address each': manifest('SbcInstance', {
    replicas: 2,
    network: { addresses: [{ address: '203.0.113.7' }, { address: '203.0.113.8', bindAddress: '10.0.0.8' }] },
  }),
  'a UDP and a TCP listener on one port': manifest('SbcInstance', {
    listeners: [
      { kind: 'PbxTrunk', transport: 'UDP', port: 5060 },
      { kind: 'PbxTrunk', transport: 'TCP', port: 5060 },
    ],
  }),
  'exactly four ports a call': manifest('SbcInstance', {
    media: { portRange: { start: 30000, end: 30039 } },
    capacity: { maxCalls: 10 },
  }),
  'any port range without a media engine': manifest('SbcInstance', {
    media: { engine: 'None', portRange: { start: 30000, end: 30001 } },
  }),
  'a short OPTIONS period towards other endpoints': manifest('TeamsTrunk', {
    endpoints: [{ host: 'teams.test' }],
    options: { periodSeconds: 1 },
  }),
  'trust in a bundle instead of the preset': manifest('TeamsTrunk', {
    tls: { trust: { caBundleRef: { kind: 'Secret', name: 'ca', key: 'ca.crt' } } },
  }),
  'OPTIONS switched off towards a PBX': manifest('PbxTrunk', { options: { periodSeconds: 0 } }),
  'a PBX by name with its ranges': manifest('PbxTrunk', {
    peers: [{ name: 'a', host: 'pbx' }],
    allowCIDRs: ['10.0.0.0/8'],
  }),
};

for (const [name, value] of Object.entries(accepted)) {
  test(`accepted: ${name}`, () => assert.deepEqual(problemsOf(value), []));
}

const teamsListener = { kind: 'TeamsTrunk', transport: 'TLS', port: 5061 };

const refused: Record<string, [manifest: unknown, ...messages: string[]]> = {
  'a number': [7, 'must be a manifest: an object with apiVersion, kind, metadata and spec (found 7)'],
  'another kind and version': [
    { apiVersion: 'v1', kind: 'Pod' },
    'apiVersion: must be teams-sbc.dev/v1alpha1 (found "v1")',
    'kind: must be one of SbcInstance, TeamsTrunk, PbxTrunk, CallRoute, NumberPolicy (found "Pod")',
  ],
  'a kind that every object has': [
    { apiVersion, kind: 'constructor' },
    'kind: must be one of SbcInstance, TeamsTrunk, PbxTrunk, CallRoute, NumberPolicy (found "constructor")',
  ],
  'no spec': [
    { apiVersion, kind: 'TeamsTrunk', metadata: { name: 'teams' } },
    'spec: is missing, must be an object with the fields sbcRef, region, endpoints, subdomain, fqdns, tls, allowCIDRs, options, codecs, earlyMedia',
  ],
  'a misspelt field': [
    manifest('SbcInstance', { replica: 2 }),
    'spec.replica: there is no such field, did you mean replicas?',
  ],
  'a field that is nowhere near': [
    manifest('SbcInstance', { drain: { graceful: true } }),
    'spec.drain.graceful: there is no such field, allowed here: timeoutSeconds',
  ],
  'a number out of range': [
    manifest('SbcInstance', { replicas: 17 }),
    'spec.replicas: must be a whole number from 1 to 16 (found 17)',
  ],
  'a text for a number': [
    manifest('SbcInstance', { observability: { port: '8080' } }),
    'spec.observability.port: must be a whole number from 1 to 65535 (found "8080")',
  ],
  'a null': [
    manifest('SbcInstance', { capacity: null }),
    'spec.capacity: must be an object with the fields maxCalls, maxCallsPerSecond (found nothing (null))',
  ],
  'a word that is not on the list': [
    manifest('SbcInstance', { observability: { logLevel: 'debug' } }),
    'spec.observability.logLevel: must be one of Error, Warn, Info, Debug (found "debug")',
  ],
  'a name with a dot': [
    manifest('SbcInstance', {}, 'my.sbc'),
    'metadata.name: the name of an SbcInstance begins with a letter, has no dots and at most 52 characters, because its pods and Services are named after it: choose another name (found "my.sbc")',
  ],
  'a domain under onmicrosoft.com': [
    manifest('SbcInstance', { domain: 'contoso.onmicrosoft.com' }),
    'spec.domain: Teams refuses names under onmicrosoft.com: use a domain that is verified in the tenant (found "contoso.onmicrosoft.com")',
  ],
  'a pod name longer than Teams takes': [
    manifest('SbcInstance', { domain: `${'x'.repeat(50)}.example` }),
    `spec.hostnameTemplate: the FQDN of every pod has at most 63 characters, which is all that Teams takes: shorten the domain, the name or hostnameTemplate (found sbc-0.${'x'.repeat(50)}.example)`,
  ],
  'two replicas with one name': [
    manifest('SbcInstance', { replicas: 2, hostnameTemplate: 'sbc' }),
    'spec.hostnameTemplate: with more than one replica each pod needs a name of its own: put {ordinal} into hostnameTemplate (found "sbc")',
  ],
  'a placeholder twice': [
    manifest('SbcInstance', { hostnameTemplate: '{ordinal}-{ordinal}' }),
    'spec.hostnameTemplate: {name} and {ordinal} may each stand there once: remove the second one (found "{ordinal}-{ordinal}")',
  ],
  'fewer addresses than replicas': [
    manifest('SbcInstance', { replicas: 2, network: { addresses: [{ address: '203.0.113.7' }] } }),
    'spec.network.addresses: addresses must have one entry for each replica, or none at all: add the missing ones or lower replicas (found 1 for 2 replicas)',
  ],
  'one address for two pods': [
    manifest('SbcInstance', { network: { addresses: [{ address: '203.0.113.7' }, { address: '203.0.113.7' }] } }),
    'spec.network.addresses: two entries have the same address: remove one of them (found a list of 2 entries)',
  ],
  'a Teams listener over UDP': [
    manifest('SbcInstance', { listeners: [{ ...teamsListener, transport: 'UDP' }] }),
    'spec.listeners[0].transport: a listener for TeamsTrunk is TLS, because Teams speaks nothing else: set transport to TLS (found "UDP")',
  ],
  'two listeners for the same': [
    manifest('SbcInstance', { listeners: [teamsListener, { ...teamsListener, port: 5062 }] }),
    'spec.listeners[1]: two entries have the same kind and transport: remove one of them (found an object)',
  ],
  'a TLS and a TCP listener on one port': [
    manifest('SbcInstance', { listeners: [teamsListener, { kind: 'PbxTrunk', transport: 'TCP', port: 5061 }] }),
    'spec.listeners: two listeners share a port: give each its own (UDP counts apart, TCP and TLS count together) (found a list of 2 entries)',
  ],
  'no certificate': [
    manifest('SbcInstance', { tls: {} }),
    'spec.tls: name either a Secret (secretRef) or a cert-manager issuer (issuerRef), exactly one of the two (found neither)',
  ],
  'two certificates': [
    manifest('SbcInstance', { tls: { secretRef: { name: 'a' }, issuerRef: { name: 'b' } } }),
    'spec.tls: name either a Secret (secretRef) or a cert-manager issuer (issuerRef), exactly one of the two (found both)',
  ],
  'too few media ports': [
    manifest('SbcInstance', { media: { portRange: { start: 30000, end: 30999 } } }),
    'spec.media.portRange: a call takes 4 media ports (two legs, RTP and RTCP): widen media.portRange or lower capacity.maxCalls (found 1000 ports for 500 calls)',
  ],
  'an odd first port': [
    manifest('SbcInstance', { media: { portRange: { start: 30001, end: 34999 } } }),
    'spec.media.portRange.start: start must be an even number, because RTP uses even ports and RTCP the port above (RFC 3550) (found 30001)',
  ],
  'a SIP port among the media ports': [
    manifest('SbcInstance', { listeners: [{ kind: 'PbxTrunk', transport: 'UDP', port: 30000 }] }),
    'spec.listeners: a UDP listener stands inside media.portRange, where calls would take its port: move one of the two (found a list of one entry)',
  ],
  'a control port that is taken': [
    manifest('SbcInstance', { media: { controlPort: 5060 } }),
    'spec.media.controlPort: controlPort is taken by media.portRange or by a UDP listener: choose another port (found 5060)',
  ],
  'an HTTP port that is taken': [
    manifest('SbcInstance', { observability: { port: 5061 } }),
    'spec.observability.port: observability.port is taken by a listener: choose another port (found 5061)',
  ],
  'a subdomain and names of its own': [
    manifest('TeamsTrunk', { subdomain: 'customer1', fqdns: ['sbc.customer.example'] }),
    'spec.subdomain: a trunk has either a subdomain or fqdns of its own: remove one of the two (found "customer1")',
  ],
  'an FQDN longer than Teams takes': [
    manifest('TeamsTrunk', { fqdns: [`${'x'.repeat(60)}.example`] }),
    `spec.fqdns[0]: must be a DNS name in lower case with at most 63 characters, such as sbc.example.com (found "${'x'.repeat(60)}.example")`,
  ],
  'no trust at all': [
    manifest('TeamsTrunk', { tls: { trust: {} } }),
    'spec.tls.trust: trust either the preset MicrosoftTeams or the certificates of a caBundleRef, exactly one of the two (found neither)',
  ],
  'the data centre name that Microsoft has retired': [
    manifest('TeamsTrunk', {
      endpoints: [{ host: 'sip.pstnhub.microsoft.com' }, { host: 'sip-all.pstnhub.microsoft.com' }],
    }),
    'spec.endpoints[1].host: Microsoft has retired the name sip-all: remove endpoints for the data centres of the region, or name sip, sip2 and sip3 one by one (found "sip-all.pstnhub.microsoft.com")',
  ],
  'its name in the clouds of the government': [
    manifest('TeamsTrunk', { region: 'DoD', endpoints: [{ host: 'sip-all.pstnhub.gov.teams.microsoft.us' }] }),
    'spec.endpoints[0].host: Microsoft has retired the name sip-all: remove endpoints for the data centres of the region, or name sip, sip2 and sip3 one by one (found "sip-all.pstnhub.gov.teams.microsoft.us")',
  ],
  'OPTIONS to Microsoft too seldom': [
    manifest('TeamsTrunk', { options: { periodSeconds: 181 } }),
    'spec.options.periodSeconds: must be a whole number from 1 to 180 (found 181)',
  ],
  'OPTIONS to Microsoft too often': [
    manifest('TeamsTrunk', { options: { periodSeconds: 30 } }),
    'spec.options.periodSeconds: Microsoft wants at least 60 seconds between two OPTIONS requests: set 60 to 180, or set endpoints for a test (found 30)',
  ],
  'an address where a range belongs': [
    manifest('TeamsTrunk', { allowCIDRs: ['52.112.0.1'] }),
    'spec.allowCIDRs[0]: must be a range in CIDR notation, such as 192.0.2.0/24, or 192.0.2.10/32 for one address (found "52.112.0.1")',
  ],
  'a codec that is no name': [
    manifest('TeamsTrunk', { codecs: ['PCMA 8000'] }),
    'spec.codecs[0]: must be the name of a codec as SDP writes it, such as PCMA, G722 or opus/48000/2 (found "PCMA 8000")',
  ],
  'TLS to a PBX without roots': [
    manifest('PbxTrunk', { transport: 'TLS' }),
    'spec.tls: transport TLS needs to know whom to trust: set tls.trust.caBundleRef (found nothing)',
  ],
  'roots without TLS': [
    manifest('PbxTrunk', { tls: { trust: { caBundleRef: { kind: 'ConfigMap', name: 'ca', key: 'ca.crt' } } } }),
    'spec.tls: tls has no effect without transport TLS: set transport to TLS or remove tls (found an object)',
  ],
  'a PBX by name without ranges': [
    manifest('PbxTrunk', { peers: [{ name: 'a', host: 'pbx.example.com' }] }),
    'spec.allowCIDRs: a peer is given by name, so its address ranges are not known: list them in allowCIDRs (found nothing)',
  ],
  'an address that is none': [
    manifest('PbxTrunk', { peers: [{ name: 'a', host: '10.20.0.256' }] }),
    'spec.peers[0].host: must be a DNS name in lower case or an IP address (IPv6 without brackets) (found "10.20.0.256")',
  ],
  'a country that has no numbers': [
    manifest('PbxTrunk', { numbers: { country: 'UK' } }),
    'spec.numbers.country: must be the ISO 3166-1 alpha-2 code of a country, such as DE or US (found "UK")',
  ],
  'two peers with one name': [
    manifest('PbxTrunk', {
      peers: [
        { name: 'a', host: '10.20.0.10' },
        { name: 'a', host: '10.20.0.11' },
      ],
    }),
    'spec.peers[1]: two entries have the same name: remove one of them (found an object)',
  ],
  'no peers': [
    manifest('PbxTrunk', { peers: [] }),
    'spec.peers: must be a list of 1 to 16 entries (found a list of 0 entries)',
  ],
};

for (const [name, [value, ...messages]] of Object.entries(refused)) {
  test(`refused with its remedy: ${name}`, () => assert.deepEqual(problemsOf(value), messages));
}

test('a problem names what was found and what is allowed apart from its sentence', () => {
  const parsed = parseManifest(manifest('SbcInstance', { replicas: 0 }));
  assert.deepEqual(parsed, {
    ok: false,
    problems: [
      {
        path: 'spec.replicas',
        message: 'spec.replicas: must be a whole number from 1 to 16 (found 0)',
        found: '0',
        allowed: 'a whole number from 1 to 16',
      },
    ],
  });
});

test('of very many problems the first are listed and the others counted', () => {
  const spec = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${String(index)}`, 1]));
  const messages = problemsOf(manifest('TeamsTrunk', spec));
  assert.equal(messages.length, maxProblems + 1);
  assert.equal(messages.at(-1), `${String(1000 - maxProblems)} more problems are not listed`);
});

test('no JSON makes it throw, and a refusal always says why', () => {
  const kind = fc.constantFrom<Kind>('SbcInstance', 'TeamsTrunk', 'PbxTrunk');
  const field = fc.constantFrom('tls', 'listeners', 'peers', 'network', 'media', 'options', 'fqdns', 'sbcRef', 'x');
  const change = fc.dictionary(field, fc.jsonValue());
  const anyManifest = fc.oneof(
    fc.jsonValue(),
    fc.tuple(kind, change).map(([ofKind, fields]) => manifest(ofKind, fields)),
  );
  fc.assert(
    fc.property(anyManifest, (value) => {
      const parsed = parseManifest(value);
      assert.ok(parsed.ok || parsed.problems.length > 0);
    }),
  );
});

test('what was accepted is accepted again, unchanged', () => {
  for (const kind of Object.keys(least) as Kind[]) {
    const once = parseManifest(manifest(kind));
    assert.ok(once.ok);
    assert.deepEqual(parseManifest(structuredClone(once.object)), once);
  }
});
