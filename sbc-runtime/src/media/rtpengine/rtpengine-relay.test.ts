import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Log } from '../../kernel/log.ts';
import { silentLog } from '../../kernel/log.ts';
import { noMetrics } from '../../kernel/metrics.ts';
import { VirtualClock } from '../../kernel/virtual-clock.ts';
import type { MediaProfile, MediaResult } from '../media-relay.ts';
import type { BencodeDictionary } from './bencode.ts';
import { FakeNgSocket } from './fake-ng-socket.ts';
import { NgClient } from './ng-client.ts';
import { RtpengineRelay } from './rtpengine-relay.ts';

const SDP =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n';
const SECURE_SDP = SDP.replace('RTP/AVP', 'RTP/SAVP').concat(
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:V/LrhZQFmdbsBhLZyEFp7ywbxYTFRLJFRGoJjCXn\r\n',
);
const teams: MediaProfile = { interface: 'teams', transport: 'RTP/SAVP', rtcpMux: 'offer', codecs: [] };
const pbx: MediaProfile = { interface: 'pbx', transport: 'RTP/AVP', rtcpMux: 'demux', codecs: [] };
const PREFIX = 'sbc-0:0123456789ab:';
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp() {
  const clock = new VirtualClock();
  const socket = new FakeNgSocket();
  const random = { token: () => '0123456789abcdef01234567', below: () => 0 };
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message) => errors.push(message) };
  const client = new NgClient({ open: socket.open, clock, random, log, metrics: noMetrics });
  const relay = new RtpengineRelay({ client, clock, random, log, podName: 'sbc-0', interfaces: ['teams', 'pbx'] });
  const results: MediaResult[] = [];
  const done = (result: MediaResult) => void results.push(result);
  const offer = (over: Partial<Parameters<RtpengineRelay['offer']>[0]> = {}) =>
    relay.offer({ session: 's1', fromTag: 'f', sdp: SDP, from: pbx, to: teams, ...over }, done);
  const answer = (sdp = SECURE_SDP) =>
    relay.answer({ session: 's1', fromTag: 'f', toTag: 't', sdp, from: teams, to: pbx }, done);
  return { clock, socket, relay, results, done, offer, answer, errors };
}

/** Answers pings and lists; the rest is silence, for the test to fill. */
const alive = (command: BencodeDictionary): BencodeDictionary | undefined =>
  command['command'] === 'ping'
    ? { result: 'pong' }
    : command['command'] === 'list'
      ? { result: 'ok', calls: [] }
      : undefined;
/** Answers everything. */
const willing = (command: BencodeDictionary): BencodeDictionary =>
  alive(command) ?? { result: 'ok', sdp: `by ${JSON.stringify(command['command'])}` };

async function setUpAvailable(answers: (command: BencodeDictionary) => BencodeDictionary | undefined = alive) {
  const world = setUp();
  world.socket.answers = answers;
  world.relay.start();
  await settled();
  return world;
}

describe('The relay by RTPEngine', () => {
  it('is unavailable until RTPEngine has answered, and says so to an offer', async () => {
    const { relay, offer, results } = setUp();
    relay.start();
    offer();
    assert.deepEqual([relay.available, results], [false, []]);
    await settled();
    assert.deepEqual(results, [{ kind: 'unavailable', reason: 'The relay does not answer' }]);
  });

  it('names the session after the pod and its own start', async () => {
    const { socket, offer } = await setUpAvailable();
    offer();
    assert.equal(socket.of('offer')[0]?.command['call-id'], `${PREFIX}s1`);
  });

  it('hands on the SDP, once', async () => {
    const { clock, offer, answer, results } = await setUpAvailable(willing);
    offer();
    await settled();
    answer();
    await settled();
    clock.advance(10_000);
    assert.deepEqual(results, [{ kind: 'sdp', sdp: 'by "offer"' }, { kind: 'sdp', sdp: 'by "answer"' }]); // prettier-ignore
  });

  it('keeps the order of the verbs of one session, one at a time', async () => {
    const { socket, relay, offer, answer, results } = await setUpAvailable();
    offer();
    answer();
    relay.delete('s1');
    offer({ session: 's2' });
    assert.deepEqual(socket.sent.slice(-2).map(({ verb, command }) => [verb, command['call-id']]), [['offer', `${PREFIX}s1`], ['offer', `${PREFIX}s2`]]); // prettier-ignore
    socket.answer(socket.of('offer')[0]!, { result: 'ok', sdp: 'x' });
    assert.deepEqual([socket.of('answer').length, socket.of('delete').length], [1, 0]);
    socket.answer(socket.of('answer')[0]!, { result: 'error', 'error-reason': 'Unknown call-id' });
    assert.equal(socket.of('delete').length, 1);
    assert.deepEqual(results, [{ kind: 'sdp', sdp: 'x' }, { kind: 'refused', reason: 'Unknown call-id', status: 503 }]); // prettier-ignore
  });

  it('refuses plain RTP of a side that must encrypt, in offers and in answers: RTPEngine would answer in kind', async () => {
    const { socket, offer, answer, results } = await setUpAvailable(willing);
    offer({ from: teams, to: pbx });
    answer(SDP);
    await settled();
    const refused = { kind: 'refused', reason: 'RTP/AVP where SRTP is required', status: 488 };
    assert.deepEqual(results, [refused, refused]);
    assert.deepEqual([socket.of('offer'), socket.of('answer')], [[], []]);
  });

  it('refuses what RTPEngine would take in silence, without asking it, and not from within the call', async () => {
    const { socket, offer, results } = await setUpAvailable(willing);
    offer({ from: { ...pbx, interface: 'pxb' } });
    offer({ to: { ...teams, codecs: ['opus', 'telephone-event'] } });
    offer({ sdp: 'x'.repeat(60_001) });
    assert.equal(results.length, 0);
    await settled();
    assert.deepEqual(results.map((result) => (result.kind === 'refused' ? [result.reason, result.status] : result)), [
      ['Unknown interface "pxb"', 503],
      ['No codec in common', 488],
      ['SDP of 60001 octets, at most 32768', 488],
    ]); // prettier-ignore
    assert.equal(socket.of('offer').length, 0);
  });

  it('lets an offer through that shares a codec, by its static payload type', async () => {
    const { offer, results } = await setUpAvailable(willing);
    offer({ to: { ...teams, codecs: ['PCMA'] } });
    await settled();
    assert.equal(results[0]?.kind, 'sdp');
  });

  it('outlives a fault in the receiver', async () => {
    const { relay, errors, offer, results } = await setUpAvailable(willing);
    relay.offer({ session: 's9', fromTag: 'f', sdp: SDP, from: pbx, to: teams }, () => {
      throw new Error('bug');
    });
    offer();
    await settled();
    assert.deepEqual([errors, results.length], [['Bug in the receiver of a media result'], 1]);
  });
});

describe('A delete', () => {
  it('is asked for again until RTPEngine confirms it', async () => {
    const { clock, socket, relay } = await setUpAvailable();
    relay.delete('s1');
    clock.advance(2000);
    await settled();
    assert.equal(relay.size, 1);
    clock.advance(2000);
    socket.answer(socket.of('delete').at(-1)!, { result: 'ok' });
    await settled();
    assert.equal(relay.size, 0);
    const { length } = socket.of('delete');
    clock.advance(60_000);
    assert.equal(socket.of('delete').length, length);
  });

  it('leaves no timer behind where the relay closes before it is confirmed', async () => {
    const { clock, socket, relay, offer } = await setUpAvailable();
    relay.delete('s1');
    offer({ session: 's2' });
    relay.delete('s2');
    relay.close();
    await settled();
    await settled();
    const { length } = socket.sent;
    assert.equal(clock.pending, 0);
    clock.advance(60_000);
    assert.equal(socket.sent.length, length);
  });

  it('waits while RTPEngine is away, and is asked for when it is back', async () => {
    const { clock, socket, relay } = await setUpAvailable();
    socket.answers = () => undefined;
    clock.advance(60_000);
    assert.equal(relay.available, false);
    relay.delete('s1');
    await settled();
    assert.deepEqual([relay.size, socket.of('delete').length], [1, 0]);
    socket.answers = willing;
    for (let ms = 0; ms < 1500; ms += 100) {
      clock.advance(100);
      await settled();
    }
    assert.deepEqual([relay.available, relay.size, socket.of('delete').length], [true, 0, 1]);
  });

  it('is done where the session is unknown', async () => {
    const { relay } = await setUpAvailable(
      (command) => alive(command) ?? { result: 'ok', warning: "Call-ID not found or tags didn't match" },
    );
    relay.delete('s1');
    await settled();
    assert.equal(relay.size, 0);
  });
});

describe('The sweep at the start', () => {
  const OLD = 'sbc-0:ffffffffffff:';

  it("ends an earlier process's sessions of this pod and no others", async () => {
    let calls = [`${OLD}1`, `${PREFIX}2`, 'sbc-00:aaa:3', 'elsewhere', `${OLD}4`];
    const { socket, relay } = await setUpAvailable((command) => {
      if (command['command'] === 'list') return { result: 'ok', calls };
      if (command['command'] === 'delete') calls = calls.filter((name) => name !== command['call-id']);
      return willing(command);
    });
    await settled();
    assert.deepEqual(socket.of('delete').map(({ command }) => command['call-id']), [`${OLD}1`, `${OLD}4`]); // prettier-ignore
    assert.deepEqual(socket.of('list').length, 2);
    assert.equal(relay.size, 0);
  });

  it('is made up for where the list got no answer', async () => {
    const { clock, socket } = await setUpAvailable((command) =>
      command['command'] === 'ping' ? { result: 'pong' } : undefined,
    );
    clock.advance(2000);
    await settled();
    socket.answers = alive;
    const { length } = socket.of('list');
    clock.advance(2000);
    await settled();
    assert.equal(socket.of('list').length, length + 1);
  });

  it('comes to an end where RTPEngine never deletes', async () => {
    const { socket } = await setUpAvailable((command) =>
      command['command'] === 'list' ? { result: 'ok', calls: [`${OLD}1`] } : willing(command),
    );
    for (let turn = 0; turn < 300; turn += 1) await settled();
    assert.equal(socket.of('list').length, 101);
  });
});
