import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLog } from '../../kernel/log.ts';
import { noMetrics } from '../../kernel/metrics.ts';
import { VirtualClock } from '../../kernel/virtual-clock.ts';
import type { MediaProfile } from '../media-relay.ts';
import type { BencodeDictionary } from './bencode.ts';
import { FakeNgSocket } from './fake-ng-socket.ts';
import { NgClient } from './ng-client.ts';
import { RtpengineRelay } from './rtpengine-relay.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n';
const pbx: MediaProfile = { interface: 'pbx', transport: 'RTP/AVP', rtcpMux: 'demux', codecs: [] };
const refused = () => Object.assign(new Error('recvmsg ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** An RTPEngine that knows its sessions and its age. */
class Engine {
  readonly clock = new VirtualClock();
  readonly socket = new FakeNgSocket();
  readonly sessions = new Set<string>();
  bornMs = 0;
  readonly lost: string[][] = [];
  readonly relay: RtpengineRelay;

  constructor() {
    const random = { token: () => '0123456789abcdef01234567', below: () => 0 };
    const { clock } = this;
    const client = new NgClient({ open: this.socket.open, clock, random, log: silentLog, metrics: noMetrics });
    this.relay = new RtpengineRelay({
      ...{ client, clock, random, log: silentLog, podName: 'sbc-0', interfaces: ['teams', 'pbx'] },
    });
    this.relay.tellLost((sessions) => this.lost.push([...sessions]));
    this.socket.answers = (command) => this.#answer(command);
  }

  #answer({ command, 'call-id': callId }: BencodeDictionary): BencodeDictionary {
    const name = typeof callId === 'string' ? callId : '';
    const uptime = String(Math.floor((this.clock.nowMs() - this.bornMs) / 1000));
    switch (command) {
      case 'ping':
        return { result: 'pong' };
      case 'list':
        return { result: 'ok', calls: [...this.sessions] };
      case 'statistics':
        return { result: 'ok', statistics: { totalstatistics: { uptime } } };
      case 'query':
        return this.sessions.has(name) ? { result: 'ok' } : { result: 'error', 'error-reason': 'Unknown call-id' };
      case 'delete':
        this.sessions.delete(name);
        return { result: 'ok' };
      default:
        this.sessions.add(name);
        return { result: 'ok', sdp: SDP };
    }
  }

  offers(...sessions: readonly string[]): void {
    for (const session of sessions)
      this.relay.offer({ session, fromTag: 'f', sdp: SDP, from: pbx, to: pbx }, () => undefined);
  }

  isKilled(): void {
    this.sessions.clear();
    this.bornMs = this.clock.nowMs();
  }

  async passes(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.advance(100);
      for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

async function running(...sessions: readonly string[]): Promise<Engine> {
  const engine = new Engine();
  engine.relay.start();
  await engine.passes(20_000);
  engine.offers(...sessions);
  await engine.passes(5000);
  return engine;
}

describe('An RTPEngine that was killed and started anew', () => {
  it('is noticed within two seconds, and each of its sessions is told, once', async () => {
    const engine = await running('a', 'b');
    engine.isKilled();
    await engine.passes(2000);
    assert.deepEqual(engine.lost, [['a', 'b']]);
    await engine.passes(10_000);
    assert.equal(engine.lost.length, 1);
  });

  it('keeps the sessions that it was given since', async () => {
    const engine = await running('a', 'b');
    engine.isKilled();
    engine.offers('c');
    await engine.passes(2000);
    assert.deepEqual(engine.lost, [['a', 'b']]);
    assert.deepEqual([...engine.sessions], ['sbc-0:0123456789ab:c']);
  });

  it('is noticed among hundreds of sessions, whatever their order', async () => {
    const names = Array.from({ length: 300 }, (_, n) => `s${n}`);
    const engine = await running(...names);
    engine.isKilled();
    await engine.passes(3000);
    assert.deepEqual(engine.lost, [names]);
  });

  it('is not asked about sessions that were deleted', async () => {
    const engine = await running('a');
    engine.relay.delete('a');
    await engine.passes(1000);
    const { length } = engine.socket.of('query');
    engine.isKilled();
    await engine.passes(5000);
    assert.deepEqual([engine.lost, engine.socket.of('query').length], [[], length]);
    assert.equal(engine.relay.size, 0);
  });
});

describe('A session that RTPEngine has given up for its silence', () => {
  it('is nobody’s business: its call may be on hold', async () => {
    const engine = await running('held', 'talking');
    engine.sessions.delete('sbc-0:0123456789ab:held');
    await engine.passes(5000);
    assert.deepEqual(engine.lost, []);
    engine.isKilled();
    await engine.passes(2000);
    assert.deepEqual(engine.lost, [['talking']]);
  });
});

describe('An RTPEngine whose port nobody listens at', () => {
  it('has lost all sessions at the second refused datagram, and is unavailable', async () => {
    const engine = await running('a', 'b');
    engine.socket.answers = () => undefined;
    engine.socket.fail(refused());
    assert.deepEqual([engine.relay.available, engine.lost], [true, []]);
    engine.socket.fail(refused());
    assert.deepEqual([engine.relay.available, engine.lost], [false, [['a', 'b']]]);
  });

  it('is told once, and asked whether it is back every second', async () => {
    const engine = await running('a');
    const { answers } = engine.socket;
    engine.socket.answers = () => undefined;
    for (let n = 0; n < 5; n += 1) engine.socket.fail(refused());
    assert.deepEqual(engine.lost, [['a']]);
    engine.socket.answers = answers;
    await engine.passes(1000);
    assert.equal(engine.relay.available, true);
  });

  it('and one that hangs are two things: that one has its sessions still', async () => {
    const engine = await running('a');
    const { answers } = engine.socket;
    engine.socket.answers = () => undefined;
    await engine.passes(10_000);
    assert.deepEqual([engine.relay.available, engine.lost], [false, []]);
    engine.socket.answers = answers;
    await engine.passes(5000);
    assert.deepEqual([engine.relay.available, engine.lost], [true, []]);
  });
});

describe('A session of an earlier process', () => {
  const OLD = 'sbc-0:ffffffffffff:';

  it('is adopted under its old name, and the others are swept', async () => {
    const engine = new Engine();
    for (const name of [`${OLD}a`, `${OLD}b`]) engine.sessions.add(name);
    engine.relay.adopt({ session: 'a', name: `${OLD}a` });
    assert.equal(engine.relay.nameOf('a'), `${OLD}a`);
    engine.relay.start();
    await engine.passes(5000);
    assert.deepEqual([[...engine.sessions], engine.lost], [[`${OLD}a`], []]);
    engine.offers('a');
    await engine.passes(100);
    assert.equal(engine.socket.of('offer')[0]?.command['call-id'], `${OLD}a`);
    engine.relay.delete('a');
    await engine.passes(100);
    assert.deepEqual([[...engine.sessions], engine.relay.size], [[], 0]);
  });

  it('is asked about again where RTPEngine did not answer, and never about more than fifty at once', async () => {
    const engine = new Engine();
    const { answers } = engine.socket;
    engine.socket.answers = (command) => (command['command'] === 'query' ? undefined : answers(command));
    engine.clock.advance(60_000);
    for (let n = 0; n < 120; n += 1) engine.relay.adopt({ session: `s${n}`, name: `${OLD}s${n}` });
    engine.relay.start();
    await engine.passes(200);
    assert.equal(new Set(engine.socket.of('query').map(({ cookie }) => cookie)).size, 50);
    await engine.passes(60_000);
    assert.deepEqual(engine.lost, []);
    engine.socket.answers = answers;
    await engine.passes(20_000);
    assert.deepEqual([engine.lost.length, engine.lost.flat().length], [1, 120]);
  });

  it('that is unknown is lost, however old RTPEngine is', async () => {
    const engine = new Engine();
    engine.sessions.add(`${OLD}a`);
    for (const session of ['a', 'gone']) engine.relay.adopt({ session, name: OLD + session });
    engine.clock.advance(60_000);
    engine.relay.start();
    await engine.passes(2000);
    assert.deepEqual(engine.lost, [['gone']]);
  });
});
