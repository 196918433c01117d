/** SRTP through a real rtpengine, as Teams may write its keys: sound in both directions, or it is not shown. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { MediaResult } from '../../sbc-runtime/src/media/media-relay.ts';
import { withOneKey } from '../../sbc-runtime/src/sdp/encryption.ts';
import { fittingAnswer } from '../../sbc-runtime/src/sdp/fitting-answer.ts';
import { MediaEnd } from '../kit/media-end.ts';
import type { RunningProcess } from '../kit/process.ts';
import { SrtpReceiver, SrtpSender } from '../kit/srtp.ts';
import { connectRelay, linesOf, pbxSdp, pbxSide, startRtpengine, teamsSdp, teamsSide } from './rtpengine-daemon.ts';
import type { ConnectedRelay } from './rtpengine-daemon.ts';

const BLOCK = 27;
const TEAMS = `127.78.${BLOCK}.11`;
const PBX = `127.78.${BLOCK}.12`;
const OTHER_PBX = `127.78.${BLOCK}.13`;
const SUITE = 'AES_CM_128_HMAC_SHA1_80';
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

const newKey = () => randomBytes(30).toString('base64');
const ofTeams = (cryptos: readonly string[], version = 0, direction = 'sendrecv') =>
  teamsSdp(cryptos, direction, version).replaceAll('52.112.1.1', TEAMS);
const ofPbx = (version = 1, direction = 'sendrecv') => pbxSdp(direction, version).replaceAll('192.0.2.1', PBX);
/** Where a description wants its media, and its key. */
const portOf = (result: MediaResult) => Number(linesOf(result, 'm=')[0]?.split(' ')[1]);
const keyOf = (result: MediaResult) =>
  /inline:([A-Za-z0-9+/=]+)/.exec(linesOf(result, 'a=crypto:')[0] ?? '')?.[1] ?? '';

/** Two ends around one call of the relay, which Teams' words reach as its peer puts them. `sequence`: of each end's first packet. */
async function newCall(t: TestContext, sequence = 100) {
  const session = `s${(calls += 1)}`;
  const teams = await MediaEnd.open({ address: TEAMS, port: 50_000 }, 0x7e, sequence);
  const pbx = await MediaEnd.open({ address: PBX, port: 4000 }, 0xb0, sequence);
  t.after(() => {
    teams.close();
    pbx.close();
    connected.relay.delete(session);
  });
  let offered = '';
  const tags = { session, fromTag: 'pbx-tag', toTag: 'teams-tag' };
  const turned = { session, fromTag: 'teams-tag', toTag: 'pbx-tag' };
  return {
    teams,
    pbx,
    pbxOffers: (sdp: string, isFirst = false) =>
      connected.offer({
        session,
        fromTag: 'pbx-tag',
        ...(isFirst ? {} : { toTag: 'teams-tag' }),
        sdp,
        from: pbxSide,
        to: teamsSide,
      }),
    teamsAnswers: (sdp: string) => connected.answer({ ...tags, sdp: withOneKey(sdp), from: teamsSide, to: pbxSide }),
    teamsOffers: (sdp: string, isFirst = false) => {
      offered = sdp;
      const toTag = isFirst ? {} : { toTag: 'pbx-tag' };
      const tags = { session, fromTag: 'teams-tag', ...toTag };
      return connected.offer({ ...tags, sdp: withOneKey(sdp), from: teamsSide, to: pbxSide });
    },
    pbxAnswers: async (sdp: string): Promise<MediaResult> => {
      const answer = await connected.answer({ ...turned, sdp, from: pbxSide, to: teamsSide });
      return answer.kind === 'sdp' ? { ...answer, sdp: fittingAnswer(offered, answer.sdp) } : answer;
    },
    /** Each end hears the other; `toTeams` and `toPbx` are what the two ends were told. */
    talk: async (word: string, toTeams: MediaResult, toPbx: MediaResult) => {
      await teams.says(`teams ${word}`, pbx, { address: `127.78.${BLOCK}.1`, port: portOf(toTeams) });
      await pbx.says(`pbx ${word}`, teams, { address: `127.78.${BLOCK}.2`, port: portOf(toPbx) });
    },
  };
}

describe('Both ends hear each other', () => {
  const answers: Record<string, (key: string) => { cryptos: string[]; mki?: number }> = {
    'one line under our tag': (key) => ({ cryptos: [`1 ${SUITE} inline:${key}`] }),
    'a lifetime': (key) => ({ cryptos: [`1 ${SUITE} inline:${key}|2^31`] }),
    'a lifetime and an MKI of one octet': (key) => ({ cryptos: [`1 ${SUITE} inline:${key}|2^31|1:1`], mki: 1 }),
    'a tag that is not ours': (key) => ({ cryptos: [`2 ${SUITE} inline:${key}|2^31`] }),
    'several lines, the first under another tag and with an MKI, as published': (key) => ({
      cryptos: [`2 ${SUITE} inline:${key}|2^31|1:1`, `3 ${SUITE} inline:${newKey()}|2^31`],
      mki: 1,
    }),
  };
  for (const [what, answer] of Object.entries(answers)) {
    it(`where Teams answers with ${what}`, async (t) => {
      const call = await newCall(t);
      const key = newKey();
      const { cryptos, mki } = answer(key);
      const toTeams = await call.pbxOffers(ofPbx(), true);
      const toPbx = await call.teamsAnswers(ofTeams(cryptos));
      call.teams.sender = new SrtpSender(key, mki);
      call.teams.receiver = new SrtpReceiver(keyOf(toTeams));
      await call.talk('hello', toTeams, toPbx);
      assert.equal(call.teams.garbled, 0);
    });
  }

  const offers: Record<string, (key: string) => string[]> = {
    'tag 0 for the suite that we do not take, and a lifetime': (key) => [
      `0 AES_CM_128_HMAC_SHA1_32 inline:${newKey()}|2^31`,
      `1 ${SUITE} inline:${key}|2^31`,
    ],
    'tag 0 for the suite that we take': (key) => [`0 ${SUITE} inline:${key}|2^31`],
    'several keys of the suite that we take': (key) => [
      `4 ${SUITE} inline:${key}|2^31`,
      `5 ${SUITE} inline:${newKey()}|2^31`,
    ],
  };
  for (const [what, offer] of Object.entries(offers)) {
    it(`where Teams offers ${what}`, async (t) => {
      const call = await newCall(t);
      const key = newKey();
      const lines = offer(key);
      const toPbx = await call.teamsOffers(ofTeams(lines), true);
      const toTeams = await call.pbxAnswers(ofPbx());
      const [chosen = '', ...others] = linesOf(toTeams, 'a=crypto:');
      const offered = lines.find((line) => line.includes(key)) ?? '';
      assert.deepEqual([chosen.split(' ')[0], others], [`a=crypto:${offered.split(' ')[0]}`, []]);
      call.teams.sender = new SrtpSender(key);
      call.teams.receiver = new SrtpReceiver(keyOf(toTeams));
      await call.talk('hello', toTeams, toPbx);
      assert.equal(call.teams.garbled, 0);
    });
  }
});

describe('The PBX answers with half a direction: what it says or wants to hear goes through', () => {
  /** A call that Teams has offered, with the ends ready for it. */
  async function answeredCall(t: TestContext, direction: string) {
    const call = await newCall(t);
    const key = newKey();
    const line = `1 ${SUITE} inline:${key}|2^31`;
    const toPbx = await call.teamsOffers(ofTeams([line]), true);
    const toTeams = await call.pbxAnswers(ofPbx(1, direction));
    call.teams.sender = new SrtpSender(key);
    call.teams.receiver = new SrtpReceiver(keyOf(toTeams));
    return { ...call, line, toPbx, toTeams };
  }

  it('sendonly: Teams hears the announcement, and after it both hear each other', async (t) => {
    const call = await answeredCall(t, 'sendonly');
    await call.pbx.says('announcement', call.teams, { address: `127.78.${BLOCK}.2`, port: portOf(call.toPbx) });
    const toTeams = await call.pbxOffers(ofPbx(2));
    const toPbx = await call.teamsAnswers(ofTeams([call.line], 1));
    await call.talk('after it', toTeams, toPbx);
  });

  it('recvonly: the PBX hears Teams', async (t) => {
    const call = await answeredCall(t, 'recvonly');
    await call.teams.says('listen', call.pbx, { address: `127.78.${BLOCK}.1`, port: portOf(call.toTeams) });
  });

  it('sendonly when Teams resumes: Teams hears the music', async (t) => {
    const call = await answeredCall(t, 'sendrecv');
    await call.talk('before', call.toTeams, call.toPbx);
    await call.teamsOffers(ofTeams([call.line], 1, 'inactive'));
    await call.pbxAnswers(ofPbx(2, 'sendonly'));
    const toPbx = await call.teamsOffers(ofTeams([call.line], 2));
    await call.pbxAnswers(ofPbx(3, 'sendonly'));
    await call.pbx.says('music', call.teams, { address: `127.78.${BLOCK}.2`, port: portOf(toPbx) });
  });
});

describe('After the sequence numbers have wrapped', () => {
  /** A call whose rollover counters stand at 1 in both directions. */
  async function longCall(t: TestContext) {
    const call = await newCall(t, 65_530);
    const key = newKey();
    const toTeams = await call.pbxOffers(ofPbx(), true);
    const toPbx = await call.teamsAnswers(ofTeams([`1 ${SUITE} inline:${key}|2^31`]));
    call.teams.sender = new SrtpSender(key);
    call.teams.receiver = new SrtpReceiver(keyOf(toTeams));
    await call.talk('before', toTeams, toPbx);
    assert.deepEqual([call.teams.sender.rollover, call.teams.receiver.rollover], [1, 1]);
    return { ...call, key, toTeams, toPbx };
  }

  it('a refresh by either side keeps port, key and counter, and both still hear each other', async (t) => {
    const call = await longCall(t);
    const first = [portOf(call.toTeams), keyOf(call.toTeams)];
    const toTeams = await call.pbxOffers(ofPbx(2));
    const toPbx = await call.teamsAnswers(ofTeams([`1 ${SUITE} inline:${call.key}|2^31`], 1));
    assert.deepEqual([portOf(toTeams), keyOf(toTeams)], first);
    await call.talk('after ours', toTeams, toPbx);
    const again = await call.teamsOffers(ofTeams([`1 ${SUITE} inline:${call.key}|2^31`], 2));
    const toTeamsAgain = await call.pbxAnswers(ofPbx(3));
    assert.deepEqual([portOf(toTeamsAgain), keyOf(toTeamsAgain)], first);
    await call.talk('after theirs', toTeamsAgain, again);
    assert.equal(call.teams.garbled, 0);
  });

  it('a refresh under another tag keeps them too, and is answered under that tag', async (t) => {
    const call = await longCall(t);
    const toPbx = await call.teamsOffers(ofTeams([`0 ${SUITE} inline:${call.key}|2^31`], 1));
    const toTeams = await call.pbxAnswers(ofPbx(2));
    assert.match(linesOf(toTeams, 'a=crypto:')[0] ?? '', /^a=crypto:0 /);
    assert.deepEqual([portOf(toTeams), keyOf(toTeams)], [portOf(call.toTeams), keyOf(call.toTeams)]);
    await call.talk('after', toTeams, toPbx);
    assert.deepEqual([call.teams.sender?.rollover, call.teams.receiver?.rollover], [1, 1]);
  });

  it('Teams takes a new key and begins its counter anew: both still hear each other, and our key stays', async (t) => {
    const call = await longCall(t);
    const key = newKey();
    const toPbx = await call.teamsOffers(ofTeams([`1 ${SUITE} inline:${key}|2^31`], 1));
    const toTeams = await call.pbxAnswers(ofPbx(2));
    assert.deepEqual([portOf(toTeams), keyOf(toTeams)], [portOf(call.toTeams), keyOf(call.toTeams)]);
    call.teams.sender = new SrtpSender(key);
    await call.talk('after', toTeams, toPbx);
    assert.equal(call.teams.sender.rollover, 0);
    assert.equal(call.teams.receiver?.rollover, 1);
    assert.equal(call.teams.garbled, 0);
  });

  it('Teams answers our refresh with a new key: both still hear each other', async (t) => {
    const call = await longCall(t);
    const key = newKey();
    const toTeams = await call.pbxOffers(ofPbx(2));
    const toPbx = await call.teamsAnswers(ofTeams([`1 ${SUITE} inline:${key}|2^31`], 1));
    call.teams.sender = new SrtpSender(key);
    await call.talk('after', toTeams, toPbx);
    assert.deepEqual([call.teams.sender.rollover, call.teams.receiver?.rollover], [0, 1]);
  });
});

it('The PBX moves its media to another address and port: port and key towards Teams stay, and both hear each other', async (t) => {
  const call = await newCall(t);
  const line = `1 ${SUITE} inline:${newKey()}`;
  const toTeams = await call.pbxOffers(ofPbx(), true);
  const toPbx = await call.teamsAnswers(ofTeams([line]));
  call.teams.sender = new SrtpSender(line.slice(line.indexOf(':') + 1));
  call.teams.receiver = new SrtpReceiver(keyOf(toTeams));
  await call.talk('hello', toTeams, toPbx);
  const moved = await MediaEnd.open({ address: OTHER_PBX, port: 4100 }, 0xb2);
  t.after(() => moved.close());
  const sdp = pbxSdp('sendrecv', 2).replaceAll('192.0.2.1', OTHER_PBX).replace('m=audio 4000', 'm=audio 4100');
  const toTeamsAgain = await call.pbxOffers(sdp);
  const toMoved = await call.teamsAnswers(ofTeams([line], 1));
  const place = (result: MediaResult) => [linesOf(result, 'c='), portOf(result), keyOf(result)];
  assert.deepEqual(place(toTeamsAgain), place(toTeams));
  await call.teams.says('teams again', moved, { address: `127.78.${BLOCK}.1`, port: portOf(toTeamsAgain) });
  await moved.says('pbx again', call.teams, { address: `127.78.${BLOCK}.2`, port: portOf(toMoved) });
  assert.equal(call.teams.garbled, 0);
});

it('Another PBX takes the place of the first: port and key towards Teams stay, and both hear each other', async (t) => {
  const call = await newCall(t);
  const key = newKey();
  const toTeams = await call.pbxOffers(ofPbx(), true);
  const toPbx = await call.teamsAnswers(ofTeams([`1 ${SUITE} inline:${key}`]));
  call.teams.sender = new SrtpSender(key);
  call.teams.receiver = new SrtpReceiver(keyOf(toTeams));
  await call.talk('hello', toTeams, toPbx);
  const other = await MediaEnd.open({ address: OTHER_PBX, port: 4000 }, 0xb1);
  t.after(() => other.close());
  const tags = { session: `s${calls}`, fromTag: 'other-tag', toTag: 'teams-tag' };
  const sdp = pbxSdp('sendrecv', 1).replaceAll('192.0.2.1', OTHER_PBX);
  const toTeamsAgain = await connected.offer({ ...tags, sdp, from: pbxSide, to: teamsSide });
  const answer = ofTeams([`1 ${SUITE} inline:${key}`], 1);
  const toOther = await connected.answer({ ...tags, sdp: answer, from: teamsSide, to: pbxSide });
  assert.deepEqual([portOf(toTeamsAgain), keyOf(toTeamsAgain)], [portOf(toTeams), keyOf(toTeams)]);
  await call.teams.says('teams again', other, { address: `127.78.${BLOCK}.1`, port: portOf(toTeamsAgain) });
  await other.says('pbx again', call.teams, { address: `127.78.${BLOCK}.2`, port: portOf(toOther) });
});
