/**
 * An independent witness for our NG client: npm `rtpengine-client`, with the flags written out by hand. What it gets from
 * the same rtpengine for the same SDP must be what we get, apart from ports and keys.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import type { RunningProcess } from '../kit/process.ts';
import {
  connectRelay,
  crypto32First,
  crypto80,
  NG_PORT,
  pbxSdp,
  pbxSide,
  startRtpengine,
  teamsSdp,
  teamsSide,
} from './rtpengine-daemon.ts';
import type { ConnectedRelay } from './rtpengine-daemon.ts';

interface Destination {
  readonly host: string;
  readonly port: number;
}
type Verb = (
  to: Destination,
  options: Record<string, unknown>,
) => Promise<{ result: string; sdp?: string; calls?: string[] }>;
interface Witness {
  readonly offer: Verb;
  readonly answer: Verb;
  readonly list: Verb;
  readonly socket: { close(): void };
  on(event: 'error', listener: (error: Error) => void): void;
}
const { Client } = createRequire(import.meta.url)('rtpengine-client') as {
  Client: new (options: { timeout: number }) => Witness;
};

const BLOCK = 19;
const there = { host: `127.78.${BLOCK}.1`, port: NG_PORT };
const suites = [
  'AES_CM_128_HMAC_SHA1_32', 'AES_192_CM_HMAC_SHA1_80', 'AES_192_CM_HMAC_SHA1_32', 'AES_256_CM_HMAC_SHA1_80',
  'AES_256_CM_HMAC_SHA1_32', 'F8_128_HMAC_SHA1_80', 'F8_128_HMAC_SHA1_32', 'NULL_HMAC_SHA1_80', 'NULL_HMAC_SHA1_32',
  'AEAD_AES_128_GCM', 'AEAD_AES_256_GCM',
]; // prettier-ignore
const always = { ICE: 'remove', replace: ['origin', 'session-connection'] };
const offered = { ...always, DTLS: 'off', SDES: suites.map((suite) => `no-${suite}`) };
const toTeams = { ...offered, 'transport-protocol': 'RTP/SAVP', direction: ['pbx', 'teams'], 'rtcp-mux': ['offer'] };
const toPbx = { ...offered, 'transport-protocol': 'RTP/AVP', direction: ['teams', 'pbx'], 'rtcp-mux': ['demux'] };

let daemon: RunningProcess;
let ours: ConnectedRelay;
let witness: Witness;

before(async () => {
  daemon = await startRtpengine(BLOCK);
  ours = connectRelay(BLOCK);
  await ours.becomes(true);
  witness = new Client({ timeout: 5000 });
  witness.on('error', (error) => console.error(error));
});
after(async () => {
  witness.socket.close();
  ours.relay.close();
  await daemon.end();
});

/** What must not differ: ports, keys and our session names do. */
function comparable(sdp: string | undefined): string[] {
  assert.ok(sdp !== undefined && sdp !== '');
  return sdp.split('\r\n').map((line) =>
    line.replace(/^m=audio \d+/, 'm=audio PORT').replace(/^a=rtcp:\d+/, 'a=rtcp:PORT').replace(/inline:\S+/, 'inline:KEY'),
  ); // prettier-ignore
}

const sdpOf = (result: Awaited<ReturnType<ConnectedRelay['offer']>>) =>
  result.kind === 'sdp' ? result.sdp : undefined;

describe('Our NG client and npm rtpengine-client', () => {
  it('get the same offer and answer for a call of a PBX', async () => {
    const sides = { fromTag: 'p', from: pbxSide, to: { ...teamsSide, codecs: ['PCMA', 'PCMU', 'CN'] } };
    const codec = { strip: ['all'], offer: ['PCMA', 'PCMU', 'CN', 'telephone-event'] };
    const theirOffer = await witness.offer(there, {
      'call-id': 'w1',
      'from-tag': 'p',
      sdp: pbxSdp(),
      ...toTeams,
      codec,
    });
    assert.deepEqual(
      comparable(sdpOf(await ours.offer({ session: 'o1', sdp: pbxSdp(), ...sides }))),
      comparable(theirOffer.sdp),
    );
    const sdp = teamsSdp([crypto80]);
    const theirAnswer = await witness.answer(there, {
      'call-id': 'w1',
      'from-tag': 'p',
      'to-tag': 't',
      sdp,
      ...always,
    });
    assert.deepEqual(
      comparable(
        sdpOf(await ours.answer({ ...sides, session: 'o1', toTag: 't', sdp, from: sides.to, to: sides.from })),
      ),
      comparable(theirAnswer.sdp),
    );
  });

  it('get the same offer and answer for a call of Teams behind an advertised address', async () => {
    const sides = { fromTag: 't', from: { ...teamsSide, advertisedAddress: '203.0.113.9' }, to: pbxSide };
    const sdp = teamsSdp(crypto32First);
    const theirOffer = await witness.offer(there, { 'call-id': 'w2', 'from-tag': 't', sdp, ...toPbx });
    assert.deepEqual(comparable(sdpOf(await ours.offer({ session: 'o2', sdp, ...sides }))), comparable(theirOffer.sdp));
    const address = { 'media address': '203.0.113.9' };
    const theirAnswer = await witness.answer(there, {
      'call-id': 'w2',
      'from-tag': 't',
      'to-tag': 'p',
      sdp: pbxSdp(),
      ...always,
      ...address,
    });
    const ourAnswer = await ours.answer({
      ...sides,
      session: 'o2',
      toTag: 'p',
      sdp: pbxSdp(),
      from: sides.to,
      to: sides.from,
    });
    assert.deepEqual(comparable(sdpOf(ourAnswer)), comparable(theirAnswer.sdp));
    assert.ok(comparable(sdpOf(ourAnswer)).includes('c=IN IP4 203.0.113.9'));
  });

  it('see the same sessions, and that ours are gone when we delete them', async () => {
    await ours.offer({ session: 'o3', fromTag: 'p', sdp: pbxSdp(), from: pbxSide, to: teamsSide });
    const seen = async () =>
      (await witness.list(there, { limit: 500 })).calls?.filter((name) => name.endsWith(':o3')).length;
    assert.equal(await seen(), 1);
    ours.relay.delete('o3');
    await ours.isSettled();
    assert.equal(await seen(), 0);
    assert.deepEqual([...(await ours.sessions())].sort(), (await witness.list(there, { limit: 500 })).calls?.sort());
  });
});
