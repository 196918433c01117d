import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentVersion, type RoutingState } from '@teams-sbc/crds/runtime';
import { Headers } from '../sip/headers.ts';
import { Request } from '../sip/message.ts';
import { callParties } from './parties.ts';
import type { Peer } from './peer.ts';
import { peersOf } from './peers-of.ts';

const tls = { certificate: 'sbc', trustBundle: 'microsoft', peerNames: ['sip.pstnhub.microsoft.com'] };
const state: RoutingState = {
  version: documentVersion,
  instance: { namespace: 'voice', name: 'sbc' },
  pods: [{ name: 'sbc-0', ordinal: 0, fqdn: 'sbc-0.example.com', publicAddress: '203.0.113.7' }],
  listeners: [
    { name: 'teams', serves: 'TeamsTrunk', protocol: 'TLS', port: 5061 },
    { name: 'pbx', serves: 'PbxTrunk', protocol: 'UDP', port: 5060 },
  ],
  certificates: [{ name: 'sbc', secret: 'sbc-tls' }],
  trustBundles: [{ name: 'microsoft', source: { preset: 'MicrosoftTeams' } }],
  trunks: [
    {
      kind: 'TeamsTrunk',
      name: 'contoso',
      listener: 'teams',
      fqdns: ['customer1.sbc-0.example.com'],
      dataCentres: [{ host: 'sip.pstnhub.microsoft.com', port: 5061 }],
      allowCIDRs: ['52.112.0.0/14'],
      tls,
      options: { periodSeconds: 60 },
      codecs: [],
      earlyMedia: 'Pass',
    },
    {
      kind: 'PbxTrunk',
      name: 'office',
      listener: 'pbx',
      protocol: 'UDP',
      peers: [{ name: 'a', host: '192.0.2.10', port: 5060 }],
      allowCIDRs: ['192.0.2.0/24'],
      options: { periodSeconds: 0 },
      codecs: ['PCMA'],
      srtp: 'Disabled',
    },
  ],
  routes: [{ from: 'contoso', to: ['office'] }],
  media: { engine: 'RTPEngine' },
  limits: { maxCalls: 10, maxCallsPerSecond: 10 },
  calls: { ringTimeoutSeconds: 60 },
  drain: { timeoutSeconds: 60 },
  logLevel: 'Info',
};

const peers = peersOf(state, { podName: 'sbc-0', bindAddress: '10.0.0.4', userAgent: 'teams-sbc' });
const peer = (trunk: string): Peer => {
  const found = peers.get(trunk);
  assert.ok(found);
  return found;
};

function invite(uri: string, headers: [string, string][]): Request {
  return new Request('INVITE', uri, Headers.from([['From', '"Ada" <sip:+4930100@192.0.2.10>;tag=1'], ...headers]));
}

test('towards Teams the tenant FQDN stands in Contact, Via and From, and the number carries user=phone', () => {
  const teams = peer('contoso');
  const [target] = teams.targets;
  assert.ok(target);
  const sent = teams.invite(callParties(invite('sip:+4989123@10.0.0.4', [['Max-Forwards', '10']])), target);
  assert.deepEqual(sent, {
    requestUri: 'sip:+4989123@sip.pstnhub.microsoft.com:5061;user=phone',
    from: '"Ada" <sip:+4930100@customer1.sbc-0.example.com>',
    to: '<sip:+4989123@sip.pstnhub.microsoft.com:5061;user=phone>',
    headers: [],
  });
  assert.equal(teams.identity.contact, '<sip:customer1.sbc-0.example.com:5061;transport=tls>');
  assert.equal(target.sentBy, 'customer1.sbc-0.example.com:5061');
  assert.equal(teams.media.advertisedAddress, '203.0.113.7');
});

test('towards the PBX our bound address stands where Teams would see a name', () => {
  const pbx = peer('office');
  const [target] = pbx.targets;
  assert.ok(target);
  const sent = pbx.invite(
    callParties(invite('sip:+4930200;ext=7@customer1.sbc-0.example.com:5061;user=phone', [['Privacy', 'id']])),
    target,
  );
  assert.deepEqual(sent, {
    requestUri: 'sip:+4930200;ext=7@192.0.2.10:5060',
    from: '"Ada" <sip:+4930100@10.0.0.4>',
    to: '<sip:+4930200;ext=7@192.0.2.10>',
    headers: [['Privacy', 'id']],
  });
  assert.equal(pbx.identity.contact, '<sip:10.0.0.4:5060>');
});

test('the tenant is told by the host of the request URI, in any case', () => {
  assert.equal(peer('contoso').isAddressedBy('sip:+1@CUSTOMER1.sbc-0.example.com:5061;user=phone'), true);
  assert.equal(peer('contoso').isAddressedBy('sip:+1@customer2.sbc-0.example.com'), false);
  assert.equal(peer('contoso').isAddressedBy('tel:+1'), false);
});

test('no sendonly and no recvonly reaches Teams; sendrecv and inactive do', () => {
  const sdp = (direction: string) =>
    `v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8\r\na=${direction}\r\n`;
  const teams = peer('contoso');
  assert.ok(teams.sdpTowards(sdp('sendonly')).includes('a=inactive'));
  assert.ok(teams.sdpTowards(sdp('recvonly')).includes('a=inactive'));
  assert.equal(teams.sdpTowards(sdp('sendrecv')), sdp('sendrecv'));
  assert.ok(peer('office').sdpTowards(sdp('sendonly')).includes('a=sendonly'));
});

test('who calls whom: numbers from sip and tel URIs, one hop less, nothing but the people crosses', () => {
  const parties = callParties(
    invite('tel:+49-89-1', [
      ['Max-Forwards', '7'],
      ['Subject', 'x'],
      ['Record-Route', '<sip:a>'],
      ['X-Secret', '1'],
    ]),
  );
  assert.deepEqual([parties.called, parties.maxForwards, parties.headers], ['+49-89-1', 6, [['Subject', 'x']]]);
  const hidden = new Request(
    'INVITE',
    'sip:pbx.example.com',
    Headers.from([['From', '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1']]),
  );
  assert.deepEqual([callParties(hidden).called, callParties(hidden).caller], ['', 'anonymous']);
});
