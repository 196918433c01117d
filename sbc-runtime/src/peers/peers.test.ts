import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentVersion, type PbxTrunkState, type RoutingState } from '@teams-sbc/crds/runtime';
import { Headers } from '../sip/headers.ts';
import { Request } from '../sip/message.ts';
import { callParties, refusalOfParties } from './parties.ts';
import type { Peer } from './peer.ts';
import { peersOf } from './peers-of.ts';

const tls = { certificate: 'sbc', trustBundle: 'microsoft', peerNames: ['sip.pstnhub.microsoft.com'] };
const office: PbxTrunkState = {
  kind: 'PbxTrunk',
  name: 'office',
  listener: 'pbx',
  protocol: 'UDP',
  peers: [{ name: 'a', host: '192.0.2.10', port: 5060 }],
  allowCIDRs: ['192.0.2.0/24'],
  options: { periodSeconds: 0 },
  codecs: ['PCMA'],
  srtp: 'Disabled',
};
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
    office,
  ],
  routes: [{ from: 'contoso', to: ['office'] }],
  media: { engine: 'RTPEngine' },
  limits: { maxCalls: 10, maxCallsPerSecond: 10 },
  calls: { ringTimeoutSeconds: 60 },
  drain: { timeoutSeconds: 60 },
  logLevel: 'Info',
};

const place = { podName: 'sbc-0', bindAddress: '10.0.0.4', userAgent: 'teams-sbc' };
const peers = peersOf(state, place);
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
  const sent = teams.invite(
    callParties(invite('sip:+4989123@10.0.0.4', [['Max-Forwards', '10']]), peer('office')),
    target,
  );
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
  const [teams, pbx] = [peer('contoso'), peer('office')];
  const [target] = pbx.targets;
  assert.ok(target);
  const sent = pbx.invite(
    callParties(invite('sip:+4930200;ext=7@customer1.sbc-0.example.com:5061;user=phone', [['Privacy', 'id']]), teams),
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

test('no sendonly and no recvonly reaches Teams: an offer with either is inactive, an answer sendrecv', () => {
  const sdp = (direction: string) =>
    `v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8\r\na=${direction}\r\n`;
  const teams = peer('contoso');
  for (const halfWay of ['sendonly', 'recvonly']) {
    assert.equal(teams.sdpTowards(sdp(halfWay), 'offer'), sdp('inactive'));
    assert.equal(teams.sdpTowards(sdp(halfWay), 'answer'), sdp('sendrecv'));
  }
  for (const role of ['offer', 'answer'] as const) {
    for (const known of ['sendrecv', 'inactive']) assert.equal(teams.sdpTowards(sdp(known), role), sdp(known));
    assert.equal(peer('office').sdpTowards(sdp('sendonly'), role), sdp('sendonly'));
  }
});

test('who calls whom: numbers from sip and tel URIs, one hop less, nothing but the people crosses', () => {
  const parties = callParties(
    invite('tel:+49-89-1', [
      ['Max-Forwards', '7'],
      ['Subject', 'x'],
      ['Record-Route', '<sip:a>'],
      ['X-Secret', '1'],
    ]),
    peer('contoso'),
  );
  assert.deepEqual([parties.called, parties.maxForwards, parties.headers], ['+49-89-1', 6, [['Subject', 'x']]]);
});

test('a caller who hides is anonymous, however that is written', () => {
  const callerOf = (from: string) =>
    callParties(
      new Request('INVITE', 'sip:pbx.example.com', Headers.from([['From', `${from};tag=1`]])),
      peer('contoso'),
    ).caller;
  for (const from of [
    '"Anonymous" <sip:anonymous@anonymous.invalid>',
    '<sip:Anonymous@sip.pstnhub.microsoft.com;user=phone>',
    'sip:ANONYMOUS@192.0.2.10',
    '<sip:anonymous.invalid>',
    '<sip:sip.pstnhub.microsoft.com:5061>',
    '<sip:+4930100@anonymous.invalid>',
    '<sip:unavailable@unknown.invalid>',
  ])
    assert.equal(callerOf(from), 'anonymous', from);
  assert.equal(callerOf('<sip:+4930100@192.0.2.10>'), '+4930100');
});

test('a URI without a user has no @ on the other side either', () => {
  const [teams, pbx] = [peer('contoso'), peer('office')];
  const parties = callParties(invite('sip:customer1.sbc-0.example.com:5061;x-m=8:orgid:e0a0', []), teams);
  assert.equal(parties.called, '');
  for (const [side, uri] of [
    [teams, 'sip:sip.pstnhub.microsoft.com:5061'],
    [pbx, 'sip:192.0.2.10:5060'],
  ] as const) {
    const [target] = side.targets;
    assert.ok(target);
    const sent = side.invite(parties, target);
    assert.equal(sent.requestUri, uri);
    assert.ok(!sent.to.includes('@'));
  }
});

test('numbers of a PBX in DE become E.164 on both sides of the call; those of Teams stay as they are', () => {
  const german = { ...office, country: 'DE' };
  const [ours, pbx] = [peer('contoso'), peersOf({ ...state, trunks: [german] }, place).get('office')];
  assert.ok(pbx);
  const [target] = ours.targets;
  assert.ok(target);
  const request = (to: string, from: string) =>
    new Request('INVITE', `sip:${to}@10.0.0.4`, Headers.from([['From', `<sip:${from}@192.0.2.10>;tag=1`]]));
  const sent = ours.invite(callParties(request('089%20123456', '(030)123456;ext=7'), pbx), target);
  assert.equal(sent.requestUri, 'sip:+4989123456@sip.pstnhub.microsoft.com:5061;user=phone');
  assert.equal(sent.from, '<sip:+4930123456;ext=7@customer1.sbc-0.example.com>');
  const { called, caller } = callParties(request('030123456', '110'), ours);
  assert.deepEqual([called, caller], ['030123456', '110']);
});

test('payload types that a PBX uses twice, and its old ways to hold, are put right before anybody else sees them', () => {
  const written = (media: string) => `v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n${media}`;
  const read = peer('office').sdpFrom(written('m=audio 4000 RTP/AVP 8 0 8\r\n'));
  assert.equal(read, written('m=audio 4000 RTP/AVP 8 0\r\na=sendonly\r\n'));
});

test('of the keys that a side writes the relay sees one, under one tag', () => {
  const written = (...cryptos: string[]) =>
    `v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4 RTP/SAVP 8\r\n${cryptos.map((each) => `a=crypto:${each}\r\n`).join('')}`;
  const key = `AES_CM_128_HMAC_SHA1_80 inline:${'k'.repeat(40)}|2^31|1:1`;
  for (const side of [peer('contoso'), peer('office')])
    assert.equal(side.sdpFrom(written('0 AES_CM_128_HMAC_SHA1_32 x', `2 ${key}`, `3 ${key}`)), written(`1 ${key}`));
});

test('numbers of 256 octets are called; longer ones are refused, the called one with 414', () => {
  const [longest, longer] = ['7'.repeat(256), '7'.repeat(257)];
  const between = (caller: string, called: string) => {
    const from: [string, string] = ['From', `<sip:${caller}@192.0.2.10>;tag=1`];
    const asked = new Request('INVITE', `sip:${called}@sbc.example.com`, Headers.from([from]));
    return refusalOfParties(callParties(asked, peer('contoso')))?.status;
  };
  assert.deepEqual([between(longest, longest), between('1', longer), between(longer, '1')], [undefined, 414, 400]);
});
