import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLog } from '../../kernel/log.ts';
import { noMetrics } from '../../kernel/metrics.ts';
import { VirtualClock } from '../../kernel/virtual-clock.ts';
import { FakeNgSocket } from './fake-ng-socket.ts';
import { NgClient } from './ng-client.ts';
import type { NgLimits, NgReply } from './ng-client.ts';

interface Counted {
  readonly verb: string;
  readonly outcome: string;
}

function setUp(limits: Partial<NgLimits> = {}) {
  const clock = new VirtualClock();
  const socket = new FakeNgSocket();
  const counted: Counted[] = [];
  const changes: boolean[] = [];
  const client = new NgClient({
    open: socket.open,
    clock,
    random: { token: () => 'token', below: () => 0 },
    log: silentLog,
    metrics: { ...noMetrics, relayRequest: (verb, outcome) => counted.push({ verb, outcome }) },
    limits,
  });
  const ask = (command: string) => {
    const replies: NgReply[] = [];
    client.request({ command }, (reply) => replies.push(reply));
    return replies;
  };
  return { clock, socket, client, counted, changes, ask };
}

/** Started and answered once. */
function setUpAvailable(limits: Partial<NgLimits> = {}) {
  const world = setUp(limits);
  world.client.start((isAvailable) => world.changes.push(isAvailable));
  world.socket.answer(world.socket.sent[0]!, { result: 'pong' });
  world.socket.sent.length = 0;
  return world;
}

const ok = { kind: 'answer', answer: { result: 'ok' } };
const microtasks = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('A request to RTPEngine', () => {
  it('is sent at once, and its answer is reported', () => {
    const { socket, ask, counted } = setUpAvailable();
    const replies = ask('query');
    assert.match(socket.sent[0]!.datagram, /^token_\d+ d7:command5:querye$/);
    assert.deepEqual(replies, []);
    socket.answer(socket.sent[0]!, { result: 'ok' });
    assert.deepEqual(replies, [ok]);
    assert.deepEqual(counted.at(-1), { verb: 'query', outcome: 'ok' });
  });

  it('has a cookie of its own', () => {
    const { socket, ask } = setUpAvailable();
    ask('offer');
    ask('offer');
    assert.notEqual(socket.sent[0]!.cookie, socket.sent[1]!.cookie);
  });

  it('is repeated as the same datagram after 100, 200, 400 and 800 ms', () => {
    const { clock, socket, ask } = setUpAvailable();
    ask('offer');
    const sentAt: number[] = [];
    for (let ms = 0; ms < 2000; ms += 50) {
      clock.advance(50);
      while (sentAt.length < socket.of('offer').length) sentAt.push(clock.nowMs());
    }
    assert.deepEqual(sentAt, [50, 100, 300, 700, 1500]);
    assert.equal(new Set(socket.of('offer').map(({ datagram }) => datagram)).size, 1);
  });

  it('is not repeated once it is answered', () => {
    const { clock, socket, ask } = setUpAvailable();
    const replies = ask('offer');
    clock.advance(150);
    socket.answer(socket.of('offer')[0]!, { result: 'ok' });
    socket.answer(socket.of('offer')[1]!, { result: 'ok' });
    clock.advance(1800);
    assert.equal(socket.of('offer').length, 2);
    assert.deepEqual(replies, [ok]);
  });

  it('is given up after two seconds', () => {
    const { clock, ask, counted } = setUpAvailable();
    const replies = ask('offer');
    clock.advance(1999);
    assert.equal(replies.length, 0);
    clock.advance(1);
    assert.deepEqual(replies, [{ kind: 'unavailable', reason: 'The relay did not answer "offer" within 2000 ms' }]);
    assert.deepEqual(counted.at(-1), { verb: 'offer', outcome: 'timeout' });
  });

  it('is reported as an error where RTPEngine says so', () => {
    const { socket, ask, counted } = setUpAvailable();
    const replies = ask('offer');
    socket.answer(socket.sent[0]!, { result: 'error', 'error-reason': 'No' });
    assert.deepEqual(replies, [{ kind: 'answer', answer: { result: 'error', 'error-reason': 'No' } }]);
    assert.equal(counted.at(-1)?.outcome, 'error');
  });

  it('never calls back from within the call', async () => {
    const { client } = setUp();
    let isInside = true;
    let wasInside: boolean | undefined;
    client.request({ command: 'offer' }, () => {
      wasInside = isInside;
    });
    isInside = false;
    await microtasks();
    assert.equal(wasInside, false);
  });

  it('is refused where it does not fit a datagram', async () => {
    const { socket, client } = setUpAvailable();
    const replies: NgReply[] = [];
    client.request({ command: 'offer', sdp: 'x'.repeat(70_000) }, (reply) => replies.push(reply));
    await microtasks();
    assert.equal(replies[0]?.kind, 'unavailable');
    assert.equal(socket.sent.length, 0);
  });
});

describe('Answers that nobody waits for', () => {
  it('are ignored and counted: late, repeated, stray and malformed ones', () => {
    const { clock, socket, client, ask } = setUpAvailable();
    const replies = ask('offer');
    clock.advance(2000);
    socket.answer(socket.of('offer')[0]!, { result: 'ok' });
    socket.receive('other_1 d6:result2:oke');
    socket.receive('');
    socket.receive('no-space');
    assert.equal(client.ignored.stray, 4);
    assert.equal(replies.length, 1);
  });

  it('leave the request waiting where they are malformed', () => {
    const { socket, client, ask } = setUpAvailable();
    const replies = ask('offer');
    socket.receive(`${socket.sent[0]!.cookie} d6:result`);
    socket.receive(`${socket.sent[0]!.cookie} 2:ok`);
    assert.deepEqual([client.ignored.malformed, replies.length], [2, 0]);
    socket.answer(socket.sent[0]!, { result: 'ok' });
    assert.deepEqual(replies, [ok]);
  });
});

describe('Many requests', () => {
  it('wait for their turn in order, and beyond the queue are refused at once', async () => {
    const { socket, ask, client } = setUpAvailable({ maxInFlight: 2, maxQueued: 1 });
    const all = ['a', 'b', 'c', 'd'].map(ask);
    assert.deepEqual(socket.sent.map(({ verb }) => verb), ['a', 'b']); // prettier-ignore
    await microtasks();
    assert.deepEqual(all[3], [{ kind: 'unavailable', reason: 'Too many requests wait for the relay' }]);
    assert.equal(client.size, 3);
    socket.answer(socket.sent[0]!, { result: 'ok' });
    assert.equal(socket.sent.at(-1)?.verb, 'c');
    socket.answer(socket.sent[1]!, { result: 'ok' });
    socket.answer(socket.sent[2]!, { result: 'ok' });
    assert.deepEqual(all.slice(0, 3).map(([reply]) => reply), [ok, ok, ok]); // prettier-ignore
    assert.equal(client.size, 0);
  });

  it('start their timeout when they are sent, not when they are queued', () => {
    const { clock, socket, ask } = setUpAvailable({ maxInFlight: 1, timeoutsAllowed: 10 });
    ask('a');
    const second = ask('b');
    clock.advance(2000);
    assert.equal(socket.of('b').length, 1);
    clock.advance(1999);
    assert.equal(second.length, 0);
    clock.advance(1);
    assert.equal(second.length, 1);
  });
});

describe("RTPEngine's availability", () => {
  it('begins with the first answer', () => {
    const { socket, client, changes } = setUp();
    client.start((isAvailable) => changes.push(isAvailable));
    assert.deepEqual([client.available, socket.sent[0]?.verb], [false, 'ping']);
    socket.answer(socket.sent[0]!, { result: 'pong' });
    assert.deepEqual([client.available, changes], [true, [true]]);
  });

  it('is asked for every five seconds while nothing else is answered', () => {
    const { clock, socket, ask } = setUpAvailable();
    clock.advance(3000);
    ask('query');
    socket.answer(socket.sent[0]!, { result: 'ok' });
    clock.advance(4999);
    assert.equal(socket.of('ping').length, 0);
    clock.advance(1);
    assert.equal(socket.of('ping').length, 1);
  });

  it('survives one timeout and is asked for at once', () => {
    const { clock, socket, client, ask } = setUpAvailable();
    ask('offer');
    clock.advance(2000);
    assert.deepEqual([client.available, socket.of('ping').length], [true, 1]);
    socket.answer(socket.of('ping')[0]!, { result: 'pong' });
    ask('offer');
    clock.advance(2000);
    assert.equal(client.available, true);
  });

  it('ends after two timeouts in a row; waiting and new requests are refused at once', async () => {
    const { clock, client, changes, ask } = setUpAvailable({ maxInFlight: 2 });
    ask('a');
    ask('b');
    const queued = ask('c');
    clock.advance(2000);
    assert.deepEqual([client.available, changes], [false, [true, false]]);
    const later = ask('d');
    await microtasks();
    const refusal = { kind: 'unavailable', reason: 'The relay does not answer' };
    // The third had its turn when the first was given up: it is in flight, and times out.
    clock.advance(2000);
    assert.equal(queued[0]?.kind, 'unavailable');
    assert.deepEqual(later, [refusal]);
  });

  it('comes back with the first answer, which a ping finds within two seconds', async () => {
    const { clock, socket, client, changes } = setUpAvailable();
    clock.advance(60_000);
    assert.equal(client.available, false);
    socket.answers = () => ({ result: 'pong' });
    for (let ms = 0; ms < 1500; ms += 100) {
      clock.advance(100);
      await microtasks();
    }
    assert.deepEqual([client.available, changes], [true, [true, false, true]]);
  });
});

describe('A closed client', () => {
  it('ends what is open, sends nothing more and leaves no timer', async () => {
    const { clock, socket, client, ask } = setUpAvailable({ maxInFlight: 1 });
    const all = [ask('a'), ask('b')];
    client.close();
    client.close();
    const late = ask('c');
    await microtasks();
    assert.deepEqual([...all, late].map(([reply]) => reply?.kind), ['unavailable', 'unavailable', 'unavailable']); // prettier-ignore
    const { length } = socket.sent;
    clock.advance(60_000);
    assert.deepEqual([socket.sent.length, clock.pending, socket.isClosed], [length, 0, true]);
  });

  it('outlives errors of its socket', () => {
    const { socket, ask, client } = setUpAvailable();
    const replies = ask('a');
    socket.fail(new Error('ECONNREFUSED'));
    socket.answer(socket.sent[0]!, { result: 'ok' });
    assert.deepEqual([replies, client.available], [[ok], true]);
  });
});
