import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../parse-manifest.ts';
import type { Kind } from './kinds.ts';
import { microsoft } from './microsoft.ts';
import { pbxPeerNames, type PbxTrunkSpec } from './pbx-trunk.ts';
import { podFqdn } from './sbc-instance.ts';
import { endpointsOf, teamsPeerNames, trunkFqdn, type TeamsTrunkSpec } from './teams-trunk.ts';

const apiVersion = 'teams-sbc.dev/v1alpha1';

function parsed(kind: Kind, spec: object) {
  const result = parseManifest({ apiVersion, kind, metadata: { name: 'sbc' }, spec });
  assert.ok(result.ok);
  return result;
}

function teams(spec: object = {}): TeamsTrunkSpec {
  const result = parsed('TeamsTrunk', { sbcRef: { name: 'sbc' }, ...spec });
  assert.ok(result.kind === 'TeamsTrunk');
  return result.object.spec;
}

function pbx(spec: object = {}): PbxTrunkSpec {
  const result = parsed('PbxTrunk', { sbcRef: { name: 'sbc' }, peers: [{ name: 'a', host: '10.0.0.1' }], ...spec });
  assert.ok(result.kind === 'PbxTrunk');
  return result.object.spec;
}

test('a pod is named after instance and ordinal, below the domain', () => {
  const tls = { secretRef: { name: 'a' } };
  const named = (hostnameTemplate: string, ordinal: number) => {
    const result = parsed('SbcInstance', { domain: 'voice.example.com', tls, hostnameTemplate });
    assert.ok(result.kind === 'SbcInstance');
    return podFqdn(result.object, ordinal);
  };
  assert.equal(named('{name}-{ordinal}', 3), 'sbc-3.voice.example.com');
  assert.equal(named('{ordinal}-{name}', 0), '0-sbc.voice.example.com');
  assert.equal(named('edge', 0), 'edge.voice.example.com');
});

test('a Teams trunk has the name of the pod, one below it, or one of its own', () => {
  const pod = { fqdn: 'sbc-1.voice.example.com', ordinal: 1 };
  assert.equal(trunkFqdn(teams(), pod), 'sbc-1.voice.example.com');
  assert.equal(trunkFqdn(teams({ subdomain: 'customer1' }), pod), 'customer1.sbc-1.voice.example.com');
  assert.equal(trunkFqdn(teams({ fqdns: ['a.customer.example', 'b.customer.example'] }), pod), 'b.customer.example');
  assert.equal(trunkFqdn(teams({ fqdns: ['a.customer.example'] }), pod), undefined);
});

test('calls to Teams go to the data centres of the region in order of preference, unless endpoints replaces them', () => {
  assert.deepEqual(endpointsOf(teams()), [
    { host: 'sip.pstnhub.microsoft.com', port: 5061 },
    { host: 'sip2.pstnhub.microsoft.com', port: 5061 },
    { host: 'sip3.pstnhub.microsoft.com', port: 5061 },
  ]);
  assert.deepEqual(endpointsOf(teams({ endpoints: [{ host: 'teams.test' }] })), [{ host: 'teams.test', port: 5061 }]);
});

test('a cloud of the government has one data centre, which its certificate must name, and ranges of its own', () => {
  for (const [region, host, range] of [
    ['GCCHigh', 'sip.pstnhub.gov.teams.microsoft.us', '52.127.88.0/21'],
    ['DoD', 'sip.pstnhub.dod.teams.microsoft.us', '52.127.64.0/21'],
  ]) {
    const spec = teams({ region });
    assert.deepEqual(endpointsOf(spec), [{ host, port: 5061 }]);
    assert.deepEqual([teamsPeerNames(spec), spec.allowCIDRs], [[host], [range]]);
  }
});

test('no region leads to the name sip-all, which Microsoft has retired', () => {
  for (const { hosts } of Object.values(microsoft.regions))
    assert.ok(hosts.length > 0 && hosts.every((host) => /^sip[23]?\.pstnhub\./.test(host)), hosts.join());
});

test('the names that a certificate must carry are those that we dial, unless peerNames says otherwise', () => {
  assert.deepEqual(teamsPeerNames(teams({ endpoints: [{ host: 'a.test' }, { host: 'a.test', port: 5062 }] })), [
    'a.test',
  ]);
  assert.deepEqual(teamsPeerNames(teams({ tls: { peerNames: ['b.test'] } })), ['b.test']);
  assert.deepEqual(pbxPeerNames(pbx()), ['10.0.0.1']);
});
