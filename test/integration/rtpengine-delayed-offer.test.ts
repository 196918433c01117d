/** How a real rtpengine takes our offer in a 2xx and the answer in its ACK: the commands of `b2bua/call-delayed-offer.ts`, in their order. */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import type { MediaProfile, MediaResult } from '../../sbc-runtime/src/media/media-relay.ts';
import { composeOffer } from '../../sbc-runtime/src/sdp/compose-offer.ts';
import { withFormatsOf, withOneVoiceCodec } from '../../sbc-runtime/src/sdp/formats.ts';
import { withDirection } from '../../sbc-runtime/src/sdp/sdp.ts';
import type { RunningProcess } from '../kit/process.ts';
import { connectRelay, crypto80, linesOf, pbxSdp, pbxSide, startRtpengine, teamsSdp, teamsSide } from './rtpengine-daemon.ts'; // prettier-ignore
import type { ConnectedRelay } from './rtpengine-daemon.ts';

const BLOCK = 23;
const at = (last: number) => `127.78.${BLOCK}.${last}`;
const TEAMS = at(5);
const PBX = at(6);
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

const text = (result: MediaResult) => (result.kind === 'sdp' ? result.sdp : '');
const media = (result: MediaResult) => ({
  port: linesOf(result, 'm=')[0]!.split(' ')[1],
  address: linesOf(result, 'c=')[0],
  crypto: linesOf(result, 'a=crypto:').map((line) => line.split(' ').slice(1)),
  mux: linesOf(result, 'a=rtcp-mux').length,
});
const port = (result: MediaResult) => Number(media(result).port);

/** A call whose INVITE held no SDP, up to the ACK. */
async function delayedCall(teamsAnswer: string, teams: MediaProfile = teamsSide, pbx: MediaProfile = pbxSide) {
  const session = `s${(calls += 1)}`;
  const tags = { session, fromTag: 'pbx-tag', toTag: 'teams-tag' };
  const turned = { session, fromTag: 'teams-tag', toTag: 'pbx-tag' };
  const composed = composeOffer({ codecs: [], address: PBX });
  const plain: MediaProfile = { ...pbx, transport: 'RTP/AVP' };
  const toTeams = await connected.offer({ session, fromTag: 'pbx-tag', sdp: composed, from: plain, to: teams });
  await connected.answer({ ...tags, sdp: teamsAnswer, from: teams, to: pbx });
  const all = withFormatsOf(withDirection(teamsAnswer, 'sendrecv'), text(toTeams));
  const toPbx = await connected.offer({ ...turned, sdp: all, from: teams, to: pbx });
  return {
    toTeams,
    toPbx,
    acknowledged: (sdp: string) => connected.answer({ ...turned, sdp, from: pbx, to: teams }),
    pbxOffers: (sdp: string) => connected.offer({ ...tags, sdp, from: pbx, to: teams }),
    teamsAnswers: (sdp: string) => connected.answer({ ...tags, sdp, from: teams, to: pbx }),
    pbxIsOffered: () => connected.offer({ ...turned, sdp: all, from: teams, to: pbx }),
  };
}

async function phone(address: string): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  return { socket, port: socket.address().port };
}

/** An RTP packet of PCMA whose payload is one letter. */
function rtp(letter: string, sequence: number): Buffer {
  const packet = Buffer.alloc(12 + 160, letter);
  packet.writeUInt16BE(0x8008, 0);
  packet.writeUInt16BE(sequence, 2);
  packet.writeUInt32BE(sequence * 160, 4);
  packet.writeUInt32BE(letter.charCodeAt(0), 8);
  return packet;
}

describe('An offer that the PBX did not make', () => {
  it('reaches Teams as SRTP with one key, and the PBX as plain RTP with all codecs, those of Teams first', async () => {
    const { toTeams, toPbx } = await delayedCall(teamsSdp([crypto80]));
    assert.match(linesOf(toTeams, 'm=')[0]!, /^m=audio \d+ RTP\/SAVP 8 0 9 101$/);
    assert.deepEqual(
      [media(toTeams).crypto.length, media(toTeams).mux, linesOf(toTeams, 'a=sendrecv').length],
      [1, 1, 1],
    );
    assert.match(linesOf(toPbx, 'm=')[0]!, /^m=audio \d+ RTP\/AVP 8 101 0 9$/);
    assert.deepEqual([media(toPbx).crypto, media(toPbx).mux, linesOf(toPbx, 'a=sendrecv').length], [[], 0, 1]);
  });

  it('leaves address, port, key and rtcp-mux towards Teams as they were, wherever the PBX answers from', async () => {
    const call = await delayedCall(teamsSdp([crypto80]));
    const answer = pbxSdp().replace('8 0 18 13 101', '8 101');
    assert.deepEqual(media(await call.acknowledged(answer)), media(call.toTeams));
    assert.deepEqual(media(await call.pbxIsOffered()), media(call.toPbx));
    assert.deepEqual(media(await call.acknowledged(answer.replaceAll('192.0.2.1', '192.0.2.99'))), media(call.toTeams));
    assert.deepEqual(media(await call.pbxOffers(answer)), media(call.toTeams));
    assert.deepEqual(media(await call.teamsAnswers(teamsSdp([crypto80]))), media(call.toPbx));
  });

  it('asks Teams again with the codec of the PBX, from the same place', async () => {
    const call = await delayedCall(teamsSdp([crypto80]));
    const answer = pbxSdp().replace('8 0 18 13 101', '0 8 101');
    await call.acknowledged(answer);
    const again = await call.pbxOffers(withOneVoiceCodec(answer, 'pcmu'));
    assert.match(linesOf(again, 'm=')[0]!, / RTP\/SAVP 0 101$/);
    assert.deepEqual(media(again), media(call.toTeams));
    const pcmu = teamsSdp([crypto80], 'sendrecv', 1).replace('SAVP 8 101', 'SAVP 0 101').replace('8 PCMA', '0 PCMU');
    assert.match(linesOf(await call.teamsAnswers(pcmu), 'm=')[0]!, / RTP\/AVP 0 101$/);
  });

  it('is answered by a PBX with SRTP, and the key towards Teams stays', async () => {
    const secure: MediaProfile = { ...pbxSide, transport: 'RTP/SAVP' };
    const call = await delayedCall(teamsSdp([crypto80]), teamsSide, secure);
    assert.match(linesOf(call.toPbx, 'm=')[0]!, / RTP\/SAVP 8 101 0 9$/);
    assert.equal(media(call.toPbx).crypto.length, 1);
    const key = crypto80.replace('V/L', 'AAA');
    const answer = `${pbxSdp().replace('RTP/AVP 8 0 18 13 101', 'RTP/SAVP 8 101')}a=crypto:${key}\r\n`;
    assert.deepEqual(media(await call.acknowledged(answer)), media(call.toTeams));
  });
});

it('media flow both ways once the ACK has said where the PBX listens', async (t) => {
  const teams = await phone(TEAMS);
  const pbx = await phone(PBX);
  t.after(() => {
    teams.socket.close();
    pbx.socket.close();
  });
  const plainTeams: MediaProfile = { ...teamsSide, transport: 'RTP/AVP', rtcpMux: 'demux' };
  const answerOf = (address: string, own: number) =>
    pbxSdp().replaceAll('192.0.2.1', address).replace('4000 RTP/AVP 8 0 18 13 101', `${own} RTP/AVP 8 101`);
  const call = await delayedCall(answerOf(TEAMS, teams.port), plainTeams);
  await call.acknowledged(answerOf(PBX, pbx.port));
  const sends = [
    { from: pbx, to: teams, via: { address: at(2), port: port(call.toPbx) }, letter: 'p' },
    { from: teams, to: pbx, via: { address: at(1), port: port(call.toTeams) }, letter: 't' },
  ];
  for (const { from, to, via, letter } of sends) {
    const arrives = once(to.socket, 'message') as Promise<[Buffer, { address: string; port: number }]>;
    from.socket.send(rtp(letter, 1), via.port, via.address);
    const [packet, source] = await arrives;
    assert.equal(packet.toString('latin1', 12, 20), letter.repeat(8));
    const ours =
      letter === 'p' ? { address: at(1), port: port(call.toTeams) } : { address: at(2), port: port(call.toPbx) };
    assert.deepEqual({ address: source.address, port: source.port }, ours);
  }
});
