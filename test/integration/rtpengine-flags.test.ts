/** What our flags do in a real rtpengine. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { MediaProfile } from '../../sbc-runtime/src/media/media-relay.ts';
import type { RunningProcess } from '../kit/process.ts';
import {
  connectRelay, crypto32First, crypto80, linesOf, pbxSdp, pbxSide, startRtpengine, teamsSdp, teamsSide,
} from './rtpengine-daemon.ts'; // prettier-ignore
import type { ConnectedRelay } from './rtpengine-daemon.ts';

const BLOCK = 11;
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

/** One call; `offer` and `answer` are told who speaks. */
function newCall(teams: MediaProfile = teamsSide, pbx: MediaProfile = pbxSide) {
  const session = `s${(calls += 1)}`;
  const tags = { session, fromTag: 'pbx-tag', toTag: 'teams-tag' };
  const turned = { session, fromTag: 'teams-tag', toTag: 'pbx-tag' };
  return {
    pbxOffersFirst: (sdp: string) => connected.offer({ session, fromTag: 'pbx-tag', sdp, from: pbx, to: teams }),
    teamsOffersFirst: (sdp: string) => connected.offer({ session, fromTag: 'teams-tag', sdp, from: teams, to: pbx }),
    pbxOffers: (sdp: string) => connected.offer({ ...tags, sdp, from: pbx, to: teams }),
    teamsAnswers: (sdp: string) => connected.answer({ ...tags, sdp, from: teams, to: pbx }),
    teamsOffers: (sdp: string) => connected.offer({ ...turned, sdp, from: teams, to: pbx }),
    pbxAnswers: (sdp: string) => connected.answer({ ...turned, sdp, from: pbx, to: teams }),
  };
}

describe('A PBX calls Teams', () => {
  it('with exactly one crypto line, rtcp-mux, no ICE, and nothing of its own address', async () => {
    const offer = await newCall().pbxOffersFirst(pbxSdp());
    const cryptos = linesOf(offer, 'a=crypto:');
    assert.equal(cryptos.length, 1);
    assert.match(cryptos[0]!, /^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[A-Za-z0-9+/]{40}$/);
    assert.match(linesOf(offer, 'm=')[0]!, /^m=audio \d+ RTP\/SAVP 8 0 18 13 101$/);
    assert.equal(linesOf(offer, 'a=rtcp-mux').length, 1);
    assert.deepEqual(
      [linesOf(offer, 'a=ice'), linesOf(offer, 'a=candidate'), linesOf(offer, 'a=fingerprint')],
      [[], [], []],
    );
    assert.deepEqual(linesOf(offer, 'c='), [`c=IN IP4 127.78.${BLOCK}.1`]);
    assert.ok(offer.kind === 'sdp' && !offer.sdp.includes('192.0.2.1'));
  });

  it('and Teams answers with lifetime and MKI: the PBX gets plain RTP', async () => {
    const call = newCall();
    await call.pbxOffersFirst(pbxSdp());
    const answer = await call.teamsAnswers(teamsSdp([crypto80]));
    assert.match(linesOf(answer, 'm=')[0]!, /^m=audio \d+ RTP\/AVP 8 101$/);
    assert.deepEqual([linesOf(answer, 'a=crypto'), linesOf(answer, 'a=rtcp-mux')], [[], []]);
    assert.deepEqual(new Set(linesOf(answer, 'c=')), new Set([`c=IN IP4 127.78.${BLOCK}.2`]));
  });

  it('with the codecs that Teams may see, telephone-event kept', async () => {
    const offer = await newCall({ ...teamsSide, codecs: ['PCMU', 'CN'] }).pbxOffersFirst(pbxSdp());
    assert.deepEqual(linesOf(offer, 'a=rtpmap:').map((line) => line.split(' ')[1]?.split('/')[0]).sort(), ['CN', 'PCMU', 'telephone-event']); // prettier-ignore
    assert.match(linesOf(offer, 'm=')[0]!, / RTP\/SAVP 0 /);
  });

  it('with codecs that the trunk names as SDP writes them, clock rate and channels included', async () => {
    const offers = pbxSdp()
      .replace(' 101\r\n', ' 101 111\r\n')
      .replace('a=fmtp', 'a=rtpmap:111 opus/48000/2\r\na=fmtp');
    for (const [codec, format] of [
      ['opus/48000/2', 111],
      ['Opus/48000/2', 111],
      ['PCMA/8000', 8],
    ] as const) {
      const offer = await newCall({ ...teamsSide, codecs: [codec] }).pbxOffersFirst(offers);
      assert.match(linesOf(offer, 'm=')[0] ?? '', new RegExp(` RTP/SAVP ${format} \\d+$`), codec);
    }
  });

  it('without a codec that Teams may see: 488', async () => {
    const result = await newCall({ ...teamsSide, codecs: ['opus'] }).pbxOffersFirst(pbxSdp());
    assert.deepEqual(result, { kind: 'refused', reason: 'No codec in common', status: 488 });
    const otherRate = await newCall({ ...teamsSide, codecs: ['PCMA/16000'] }).pbxOffersFirst(pbxSdp());
    assert.deepEqual(otherRate, result);
  });

  it('under the advertised address, in offers and in answers', async () => {
    const teams = { ...teamsSide, advertisedAddress: '203.0.113.9' };
    const out = newCall(teams);
    const offer = await out.pbxOffersFirst(pbxSdp());
    assert.deepEqual(
      [linesOf(offer, 'c='), linesOf(offer, 'o=')],
      [['c=IN IP4 203.0.113.9'], ['o=- 1 1 IN IP4 203.0.113.9']],
    );
    assert.ok(
      linesOf(await out.teamsAnswers(teamsSdp([crypto80])), 'c=').every(
        (line) => line === `c=IN IP4 127.78.${BLOCK}.2`,
      ),
    );
    const back = newCall(teams);
    assert.ok(
      linesOf(await back.teamsOffersFirst(teamsSdp([crypto80])), 'c=').every(
        (line) => line === `c=IN IP4 127.78.${BLOCK}.2`,
      ),
    );
    assert.deepEqual(linesOf(await back.pbxAnswers(pbxSdp()), 'c='), ['c=IN IP4 203.0.113.9']);
  });
});

describe('Teams calls a PBX', () => {
  it('with the unwanted suite first: the answer takes the other one, by its tag', async () => {
    const call = newCall();
    const offer = await call.teamsOffersFirst(teamsSdp(crypto32First));
    assert.match(linesOf(offer, 'm=')[0]!, /^m=audio \d+ RTP\/AVP 8 101$/);
    assert.deepEqual([linesOf(offer, 'a=crypto'), linesOf(offer, 'a=rtcp-mux')], [[], []]);
    const cryptos = linesOf(await call.pbxAnswers(pbxSdp()), 'a=crypto:');
    assert.equal(cryptos.length, 1);
    assert.match(cryptos[0]!, /^a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:/);
  });

  it('with ICE: neither side sees any of it', async () => {
    const call = newCall();
    const ice =
      'a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\na=candidate:1 1 UDP 2130706431 52.112.1.1 50000 typ host\r\n';
    const results = [await call.teamsOffersFirst(teamsSdp([crypto80]) + ice), await call.pbxAnswers(pbxSdp())];
    for (const result of results)
      assert.deepEqual([...linesOf(result, 'a=ice'), ...linesOf(result, 'a=candidate')], []);
    assert.deepEqual(linesOf(results[1]!, 'a=rtcp-mux').length, 1);
  });
});

describe('Hold and resume, by either side', () => {
  const media = (result: Awaited<ReturnType<ConnectedRelay['offer']>>) => ({
    port: linesOf(result, 'm=')[0]!.split(' ')[1],
    crypto: linesOf(result, 'a=crypto:').map((line) => line.split(' ').slice(1)),
    mux: linesOf(result, 'a=rtcp-mux').length,
  });

  it('keep ports, key and rtcp-mux towards Teams, and ports towards the PBX', async () => {
    const call = newCall();
    const toTeams = [await call.pbxOffersFirst(pbxSdp())];
    const toPbx = [await call.teamsAnswers(teamsSdp([crypto80]))];
    const directions: string[] = [];
    for (const [index, direction] of ['sendonly', 'sendrecv', 'inactive', 'sendrecv'].entries()) {
      toTeams.push(await call.pbxOffers(pbxSdp(direction, 10 + index)));
      directions.push(...linesOf(toTeams.at(-1)!, `a=${direction}`));
      toPbx.push(await call.teamsAnswers(teamsSdp([crypto80], 'sendrecv', 10 + index)));
      toPbx.push(await call.teamsOffers(teamsSdp([crypto80], direction, 20 + index)));
      directions.push(...linesOf(toPbx.at(-1)!, `a=${direction}`));
      toTeams.push(await call.pbxAnswers(pbxSdp('sendrecv', 20 + index)));
    }
    for (const result of toTeams) assert.deepEqual(media(result), media(toTeams[0]!));
    for (const result of toPbx) assert.deepEqual(media(result), { ...media(toPbx[0]!), crypto: [], mux: 0 });
    assert.equal(directions.length, 8);
  });
});

describe('Refusals', () => {
  it('lie in the SDP where it cannot be read: 488', async () => {
    for (const sdp of ['v=0\r\nnonsense', '']) {
      const refused = { kind: 'refused', reason: 'SDP that cannot be read', status: 488 };
      assert.deepEqual(await newCall().pbxOffersFirst(sdp), refused);
    }
  });

  it('lie with us where the session is unknown: 503', async () => {
    assert.deepEqual(await newCall().teamsAnswers(teamsSdp([crypto80])), {
      kind: 'refused',
      reason: 'Unknown call-id',
      status: 503,
    });
  });
});
