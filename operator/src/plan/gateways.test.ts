import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { compile } from '../compile/compile.ts';
import { fqdnsOf, gatewaysOf } from './gateways.ts';

const { state } = compile(anInstance({ replicas: 2 }), {
  teamsTrunks: [
    aTeamsTrunk({}, { name: 'carrier' }),
    aTeamsTrunk({ subdomain: 'customer1' }, { name: 'customer1' }),
    aTeamsTrunk({ fqdns: ['b.own.example', 'a.own.example'] }, { name: 'own' }),
  ],
  pbxTrunks: [aPbxTrunk()],
  callRoutes: [],
  numberPolicies: [],
});
assert.ok(state);

test('the names to cover are those of the pods, then those of the trunks, each once', () => {
  assert.deepEqual(fqdnsOf(state), [
    'sbc-0.voice.example.com',
    'sbc-1.voice.example.com',
    'a.own.example',
    'b.own.example',
    'customer1.sbc-0.voice.example.com',
    'customer1.sbc-1.voice.example.com',
  ]);
});

test('a trunk has one gateway for each pod: the name and port to register, the address for DNS', () => {
  const gateways = gatewaysOf(state, new Map([[0, { address: '203.0.113.7', source: 'Spec' }]]));
  assert.deepEqual([...gateways.keys()], ['carrier', 'customer1', 'own']);
  assert.deepEqual(gateways.get('own'), [
    { fqdn: 'b.own.example', port: 5061, pod: 'sbc-0', address: '203.0.113.7' },
    { fqdn: 'a.own.example', port: 5061, pod: 'sbc-1' },
  ]);
});
