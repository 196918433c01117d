import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from './parse-manifest.ts';
import { manifest } from './sample-manifest.ts';

test('an SbcInstance gets its defaults', () => {
  const parsed = parseManifest(manifest('SbcInstance'));
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.object.spec, {
    replicas: 1,
    domain: 'voice.example.com',
    hostnameTemplate: '{name}-{ordinal}',
    listeners: [
      { kind: 'TeamsTrunk', transport: 'TLS', port: 5061 },
      { kind: 'PbxTrunk', transport: 'UDP', port: 5060 },
    ],
    tls: { secretRef: { name: 'sbc-tls' } },
    network: { mode: 'HostNetwork', addresses: [], hostAliases: [] },
    media: { engine: 'RTPEngine', forwarding: 'Userspace', portRange: { start: 30000, end: 34999 }, controlPort: 2223 },
    capacity: { maxCalls: 500, maxCallsPerSecond: 50 },
    calls: { ringTimeoutSeconds: 180 },
    drain: { timeoutSeconds: 14400 },
    observability: { port: 8080, statusPort: 8443, logLevel: 'Info' },
    images: {},
    podTemplate: { topologyKey: 'topology.kubernetes.io/zone' },
  });
});

test('a TeamsTrunk gets its defaults, and the address ranges of its region', () => {
  const parsed = parseManifest(manifest('TeamsTrunk', { region: 'DoD' }));
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.object.spec, {
    sbcRef: { name: 'sbc' },
    region: 'DoD',
    tls: { trust: { preset: 'MicrosoftTeams' } },
    allowCIDRs: ['52.127.64.0/21'],
    options: { periodSeconds: 60 },
    codecs: [],
    earlyMedia: 'Pass',
  });
});

test('a PbxTrunk gets its defaults, and allows the addresses of its peers', () => {
  const peers = [
    { name: 'a', host: '10.20.0.10' },
    { name: 'b', host: '2001:db8::5' },
  ];
  const parsed = parseManifest(manifest('PbxTrunk', { peers }));
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.object.spec, {
    sbcRef: { name: 'sbc' },
    transport: 'UDP',
    peers,
    allowCIDRs: ['10.20.0.10/32', '2001:db8::5/128'],
    options: { periodSeconds: 30 },
    codecs: [],
    media: { srtp: 'Disabled' },
    numbers: {},
  });
});
