/** Peers that open a connection for each request and leave it open. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { TransportLimits } from './limits.ts';
import { Loopback, allowAll, okText, requestText, streamPeer, tcpPeer } from './testing/loopback.ts';
import type { StreamPeer } from './testing/loopback.ts';

const HERE = '127.77.23.1';
const PEER = '127.77.23.9';
const OTHER = '127.77.23.10';
const rules = {
  listeners: [{ name: 'pbx', protocol: 'TCP' }],
  trunks: [allowAll('office', 'pbx')],
  trustBundles: [],
} as const;

async function started(t: TestContext, limits: Partial<TransportLimits>) {
  const loopback = new Loopback({ bindAddress: HERE, rules, limits });
  await loopback.layer.start([{ name: 'pbx', protocol: 'TCP', port: 0 }]);
  t.after(() => loopback.layer.close());
  const port = loopback.portOf('pbx');
  const dials = async (from = PEER) => {
    const peer = await tcpPeer(port, HERE, from);
    t.after(() => peer.socket.destroy());
    return peer;
  };
  const asks = async (peer: StreamPeer, method = 'OPTIONS') => {
    peer.socket.write(requestText({ method, via: `SIP/2.0/TCP ${PEER};branch=z9hG4bK1` }));
    return loopback.user.requests.next();
  };
  const isServed = async (peer: StreamPeer) => {
    const { request, flow } = await asks(peer);
    loopback.layer.respond(flow, request.via, okText(requestText()));
    assert.match(await peer.inbox.next(), /^SIP\/2\.0 200 OK/);
    return flow;
  };
  return { loopback, dials, asks, isServed };
}

const finOf = ({ socket }: StreamPeer) => new Promise<void>((resolve) => socket.once('end', () => resolve()));

test('at the bound of its address a new connection takes the place of the one that was idle longest', async (t) => {
  const { loopback, dials, isServed } = await started(t, { maxConnectionsPerAddress: 2 });
  const [first, second] = [await dials(), await dials()];
  const flow = await isServed(first);
  await isServed(second);
  loopback.clock.advance(4_000);
  await isServed(first);
  loopback.clock.advance(5_000);
  const fin = finOf(second);
  await isServed(await dials());
  await fin;
  assert.equal(flow.isOpen, true, 'the first was used later');
  assert.equal(loopback.refused.size, 0);
});

test('a connection that was in use just now, or whose request is open, does not give way', async (t) => {
  const { loopback, dials, asks, isServed } = await started(t, { maxConnectionsPerAddress: 2 });
  const [ringing, talking] = [await dials(), await dials()];
  const { flow } = await asks(ringing, 'INVITE');
  loopback.clock.advance(20_000);
  const used = await isServed(talking);
  loopback.clock.advance(4_999);
  await (
    await dials()
  ).closed;
  assert.equal(await loopback.refused.next(), 'too-many-connections-from-address');
  assert.deepEqual([flow.isOpen, used.isOpen], [true, true]);
});

test('nobody pushes out the connections of another address', async (t) => {
  const { loopback, dials, isServed } = await started(t, { maxConnectionsPerListener: 2 });
  const flows = [await isServed(await dials(OTHER)), await isServed(await dials(OTHER))];
  loopback.clock.advance(60_000);
  await (
    await dials()
  ).closed;
  assert.equal(await loopback.refused.next(), 'too-many-connections-to-listener');
  assert.deepEqual(
    flows.map(({ isOpen }) => isOpen),
    [true, true],
  );
  await isServed(await dials(OTHER));
});

test('of many idle connections of one address the longest idle leaves for each new one, far below the bound', async (t) => {
  const { loopback, dials, isServed } = await started(t, { maxIdlePerAddress: 3, crowdedIdleMs: 15_000 });
  for (let at = 0; at < 12; at += 1) {
    await isServed(await dials());
    loopback.clock.advance(5_000);
  }
  for (let at = 0; at < 9; at += 1) await loopback.closed.next();
  assert.equal(loopback.layer.connections, 3);
});

test('a peer that does not close its side holds no more than its share of sockets', async (t) => {
  const limits = { maxConnectionsPerAddress: 2, maxLeavingPerAddress: 2, sweepMs: 3_600_000 };
  const { loopback, isServed } = await started(t, limits);
  for (let at = 0; at < 8; at += 1) {
    const socket = connect({ host: HERE, port: loopback.portOf('pbx'), localAddress: PEER, allowHalfOpen: true });
    t.after(() => socket.destroy());
    await isServed(streamPeer(socket));
    loopback.clock.advance(5_000);
  }
  for (let at = 0; at < 4; at += 1) await loopback.closed.next();
  assert.equal(loopback.layer.connections, 4, 'two in use, two that leave');
  assert.equal(loopback.refused.size, 0);
});
