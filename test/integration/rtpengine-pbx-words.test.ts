/** What a PBX says and what Teams reads of it, through both peers and a real rtpengine. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Peer } from '../../sbc-runtime/src/peers/peer.ts';
import { peersOf } from '../../sbc-runtime/src/peers/peers-of.ts';
import type { MediaResult } from '../../sbc-runtime/src/media/media-relay.ts';
import { fittingAnswer } from '../../sbc-runtime/src/sdp/fitting-answer.ts';
import type { RunningProcess } from '../kit/process.ts';
import { routingState } from '../kit/routing-state.ts';
import { descriptionFault } from '../kit/teams-fault.ts';
import { connectRelay, crypto80, linesOf, pbxSdp, startRtpengine, teamsSdp } from './rtpengine-daemon.ts';
import type { ConnectedRelay } from './rtpengine-daemon.ts';

const BLOCK = 28;
const peers = peersOf(routingState(), { podName: 'sbc-0', bindAddress: '127.0.0.1', userAgent: 'test' });
const [teams, pbx] = ['teams', 'pbx'].map((name) => peers.get(name)) as [Peer, Peer];
let daemon: RunningProcess;
let connected: ConnectedRelay;
let calls = 0;

before(async () => {
  daemon = await startRtpengine(BLOCK);
  connected = connectRelay(BLOCK);
  await connected.becomes(true);
});
after(async () => {
  connected.relay.close();
  await daemon.end();
});

const described = (result: MediaResult, to: Peer, offer = ''): string => {
  if (result.kind !== 'sdp') throw new Error(`No SDP: ${JSON.stringify(result)}`);
  return fittingAnswer(offer, to.sdpTowards(result.sdp, offer === '' ? 'offer' : 'answer'));
};
const lineOf = (sdp: string, prefix: string) => sdp.split('\r\n').find((line) => line.startsWith(prefix)) ?? '';
const portOf = (sdp: string) => lineOf(sdp, 'm=').split(' ')[1];
const inTeams = (direction: string, version: number) => teamsSdp([crypto80], direction, version);

/** Exchanges descriptions as the b2bua does. */
function newCall() {
  const session = `s${(calls += 1)}`;
  const tags = { session, fromTag: 'pbx-tag', toTag: 'teams-tag' };
  const turned = { session, fromTag: 'teams-tag', toTag: 'pbx-tag' };
  const [toTeams, toPbx] = [
    { from: pbx.media, to: teams.media },
    { from: teams.media, to: pbx.media },
  ];
  return {
    pbxOffers: async (sdp: string, isFirst = false) => {
      const names = isFirst ? { session, fromTag: 'pbx-tag' } : tags;
      return described(await connected.offer({ ...names, sdp: pbx.sdpFrom(sdp), ...toTeams }), teams);
    },
    teamsAnswers: async (sdp: string, offer: string) =>
      described(await connected.answer({ ...tags, sdp: teams.sdpFrom(sdp), ...toPbx }), pbx, offer),
    teamsOffers: async (sdp: string, isFirst = false) => {
      const names = isFirst ? { session, fromTag: 'teams-tag' } : turned;
      return described(await connected.offer({ ...names, sdp: teams.sdpFrom(sdp), ...toPbx }), pbx);
    },
    pbxAnswers: async (sdp: string, offer: string) =>
      described(await connected.answer({ ...turned, sdp: pbx.sdpFrom(sdp), ...toTeams }), teams, offer),
  };
}

const at = (address: string) => (sdp: string) => sdp.replace('c=IN IP4 192.0.2.1', `c=IN ${address}`);
const holds: Record<string, (sdp: string) => string> = {
  sendonly: (sdp) => sdp.replace('sendrecv', 'sendonly'),
  recvonly: (sdp) => sdp.replace('sendrecv', 'recvonly'),
  inactive: (sdp) => sdp.replace('sendrecv', 'inactive'),
  '0.0.0.0 for the session': (sdp) => at('IP4 0.0.0.0')(sdp).replace('a=sendrecv\r\n', ''),
  '0.0.0.0 and sendrecv': at('IP4 0.0.0.0'),
  '0.0.0.0 for the stream': (sdp) => sdp.replace('13 101\r\n', '13 101\r\nc=IN IP4 0.0.0.0\r\n'),
  '::': at('IP6 ::'),
  'port 0': (sdp) => sdp.replace('m=audio 4000', 'm=audio 0'),
};

describe('The PBX holds and resumes', () => {
  for (const [how, held] of Object.entries(holds)) {
    it(`with ${how}: Teams reads inactive, and address, port and key stay on both sides`, async () => {
      const call = newCall();
      const first = await call.pbxOffers(pbxSdp(), true);
      const firstToPbx = await call.teamsAnswers(inTeams('sendrecv', 1), pbxSdp());
      const offer = held(pbxSdp('sendrecv', 2));
      const hold = await call.pbxOffers(offer);
      const answer = await call.teamsAnswers(inTeams('inactive', 2), offer);
      const resume = await call.pbxOffers(pbxSdp('sendrecv', 3));
      const resumed = await call.teamsAnswers(inTeams('sendrecv', 3), pbxSdp('sendrecv', 3));
      for (const sdp of [first, hold, resume]) {
        assert.equal(descriptionFault(sdp), undefined);
        assert.deepEqual(
          [portOf(sdp), lineOf(sdp, 'c='), lineOf(sdp, 'a=crypto'), lineOf(sdp, 'a=rtcp-mux')],
          [portOf(first), `c=IN IP4 127.78.${BLOCK}.1`, lineOf(first, 'a=crypto'), 'a=rtcp-mux'],
        );
      }
      assert.deepEqual(
        [hold, resume].map((sdp) => /a=(inactive|sendrecv)\r/.exec(sdp)?.[1]),
        ['inactive', 'sendrecv'],
      );
      assert.match(answer, /a=inactive\r\n/);
      assert.equal(portOf(answer), how === 'port 0' ? '0' : portOf(firstToPbx));
      assert.deepEqual([portOf(resumed), lineOf(resumed, 'c=')], [portOf(firstToPbx), `c=IN IP4 127.78.${BLOCK}.2`]);
      assert.match(resumed, /a=sendrecv\r\n/);
    });
  }

  it('while it answers Teams: sendrecv where it wants any media, else inactive, and a real address', async () => {
    for (const [how, held] of Object.entries(holds)) {
      const call = newCall();
      await call.teamsOffers(inTeams('sendrecv', 1), true);
      const answer = await call.pbxAnswers(held(pbxSdp()), inTeams('sendrecv', 1));
      assert.equal(descriptionFault(answer), undefined, how);
      const wanted = how === 'inactive' || how === 'port 0' ? 'inactive' : 'sendrecv';
      assert.deepEqual(answer.match(/a=(sendrecv|sendonly|recvonly|inactive)(?=\r)/g), [`a=${wanted}`], how);
    }
  });

  it('while it answers a hold of Teams: inactive, however it says so', async () => {
    for (const [how, held] of Object.entries(holds)) {
      const call = newCall();
      await call.teamsOffers(inTeams('sendrecv', 1), true);
      await call.pbxAnswers(pbxSdp(), inTeams('sendrecv', 1));
      await call.teamsOffers(inTeams('inactive', 2));
      const answer = await call.pbxAnswers(held(pbxSdp('sendrecv', 2)), inTeams('inactive', 2));
      assert.equal(descriptionFault(answer), undefined, how);
      assert.match(answer, /a=inactive\r\n/, how);
    }
  });
});

describe('Payload types that stand for two things', () => {
  const clash = (sdp: string) =>
    sdp.replace('8 0 18 13 101', '8 0 8 101 13 101').replace('a=fmtp', 'a=rtpmap:101 opus/48000/2\r\na=fmtp');

  it('in an offer of the PBX: Teams reads each once, and telephone-event is still there', async () => {
    const call = newCall();
    const offer = await call.pbxOffers(clash(pbxSdp()), true);
    assert.equal(descriptionFault(offer), undefined);
    assert.match(lineOf(offer, 'm='), / 8 0 101 13$/);
    assert.deepEqual(
      offer.split('\r\n').filter((line) => line.startsWith('a=rtpmap:101')),
      ['a=rtpmap:101 telephone-event/8000'],
    );
    assert.match(lineOf(await call.teamsAnswers(inTeams('sendrecv', 1), pbxSdp()), 'm='), / 8 101$/);
  });

  it('in an answer of the PBX', async () => {
    const call = newCall();
    await call.teamsOffers(inTeams('sendrecv', 1), true);
    const answer = await call.pbxAnswers(clash(pbxSdp()), inTeams('sendrecv', 1));
    assert.equal(descriptionFault(answer), undefined);
    assert.match(lineOf(answer, 'm='), / RTP\/SAVP 8 101$/);
  });
});

describe('Towards Teams there is SRTP under the one suite', () => {
  it('in an answer to it as well', async () => {
    const call = newCall();
    await call.teamsOffers(inTeams('sendrecv', 1), true);
    const answer = await call.pbxAnswers(pbxSdp(), inTeams('sendrecv', 1));
    assert.match(lineOf(answer, 'm='), /^m=audio \d+ RTP\/SAVP 8 101$/);
    const cryptos = answer.split('\r\n').filter((line) => line.startsWith('a=crypto'));
    assert.equal(cryptos.length, 1);
    assert.match(cryptos[0] ?? '', /^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[A-Za-z0-9+/]{40}$/);
  });

  it('or no call: plain RTP of Teams is refused with 488, in offers and in answers', async () => {
    const plain = teamsSdp([]).replace('RTP/SAVP', 'RTP/AVP');
    const refused = { kind: 'refused', reason: 'RTP/AVP where SRTP is required', status: 488 };
    const profiles = { from: teams.media, to: pbx.media };
    assert.deepEqual(await connected.offer({ session: 'plain', fromTag: 't', sdp: plain, ...profiles }), refused);
    const call = { session: 'plain-answer', fromTag: 'p' };
    await connected.offer({ ...call, sdp: pbxSdp(), from: pbx.media, to: teams.media });
    assert.deepEqual(await connected.answer({ ...call, toTag: 't', sdp: plain, ...profiles }), refused);
  });
});

describe('A relay with few ports', () => {
  it('refuses the call that finds none with 503, and serves again once one has ended', async () => {
    // An offer takes two on its other side: RTP and RTCP.
    const few = await startRtpengine(BLOCK + 1, '--port-min=31000', '--port-max=31003');
    const relay = connectRelay(BLOCK + 1);
    try {
      await relay.becomes(true);
      const offer = (session: string) =>
        relay.offer({ session, fromTag: 'p', sdp: pbxSdp(), from: pbx.media, to: teams.media });
      const results = [];
      for (const session of ['a', 'b', 'c']) results.push(await offer(session));
      assert.deepEqual(
        results.map(({ kind }) => kind),
        ['sdp', 'sdp', 'refused'],
      );
      assert.deepEqual(results[2], { kind: 'refused', reason: 'Ran out of ports', status: 503 });
      relay.relay.delete('a');
      await relay.isSettled();
      assert.equal((await offer('d')).kind, 'sdp');
      assert.notDeepEqual(linesOf(await offer('d'), 'm='), []);
    } finally {
      relay.relay.close();
      await few.end();
    }
  });
});
