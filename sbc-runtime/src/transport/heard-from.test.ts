/** Where requests inside dialogs go when their peer has named a host outside its trunk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Hop, TransportProtocol } from '../sip/hop.ts';
import { allowedAmong } from './named-host.ts';
import { Loopback, allowAll, requestText, tcpPeer, tcpServer, udpPeer } from './testing/loopback.ts';

const HERE = '127.77.21.1';
const PEER = '127.77.21.9';
/** Outside the ranges of every trunk. */
const VICTIM = '127.78.21.9';

async function started(t: TestContext, protocol: TransportProtocol, records: readonly string[] = []) {
  const loopback = new Loopback({
    bindAddress: HERE,
    rules: {
      listeners: [{ name: 'pbx', protocol }],
      trunks: [allowAll('office', 'pbx')],
      trustBundles: [],
    },
    lookup: {
      addresses: () => Promise.resolve({ records: [...records], ttlSeconds: 60 }),
      srv: () => Promise.resolve({ records: [], ttlSeconds: 0 }),
    },
  });
  await loopback.layer.start([{ name: 'pbx', protocol, port: 0 }]);
  t.after(() => loopback.layer.close());
  return loopback;
}

const hopOf = (protocol: TransportProtocol, host: string, port: number, heardPort: number): Hop => ({
  ...{ protocol, host, port, listener: 'pbx', trunk: 'office', sentBy: `${HERE}:5060` },
  heardFrom: { address: PEER, port: heardPort },
});

async function peers(t: TestContext) {
  const [peer, other, victim] = [await udpPeer(PEER), await udpPeer('127.77.21.8'), await udpPeer(VICTIM)];
  t.after(() => {
    for (const each of [peer, other, victim]) each.close();
  });
  return { peer, other, victim };
}

test('a datagram to a host outside the trunk goes where the peer was heard from, and one line of the log says so', async (t) => {
  const loopback = await started(t, 'UDP');
  const { peer, victim } = await peers(t);
  for (const callId of ['one', 'two']) {
    await loopback.send(hopOf('UDP', VICTIM, victim.port, peer.port), requestText({ callId }));
    assert.match(await peer.inbox.next(), new RegExp(`Call-ID: ${callId}`));
  }
  assert.equal(victim.inbox.size, 0);
  assert.deepEqual(loopback.warnings, ['A dialog leads out of its trunk: it is answered where it came from']);
});

test('a host that the trunk’s ranges hold is followed, whoever spoke', async (t) => {
  const loopback = await started(t, 'UDP');
  const { peer, other } = await peers(t);
  await loopback.send(hopOf('UDP', '127.77.21.8', other.port, peer.port), requestText());
  assert.match(await other.inbox.next(), /^OPTIONS/);
  assert.deepEqual(loopback.warnings, []);
});

test('of the addresses of a name only those of the trunk are tried, and a name that leads nowhere leads back', async (t) => {
  const { peer, other, victim } = await peers(t);
  const mixed = await started(t, 'UDP', [VICTIM, '127.77.21.8']);
  await mixed.send(hopOf('UDP', 'pbx.example.com', other.port, peer.port), requestText());
  assert.match(await other.inbox.next(), /^OPTIONS/);
  await mixed.layer.close();
  const unknown = await started(t, 'UDP');
  await unknown.send(hopOf('UDP', 'pbx.private', victim.port, peer.port), requestText());
  assert.match(await peer.inbox.next(), /^OPTIONS/);
});

test('over TCP it goes back on the connection that the peer speaks on, else to the port that it named, at its own address', async (t) => {
  const loopback = await started(t, 'TCP');
  const server = await tcpServer(PEER);
  const victim = await tcpServer(VICTIM, server.port);
  const peer = await tcpPeer(loopback.portOf('pbx'), HERE, PEER);
  t.after(() => {
    for (const each of [server, victim]) each.close();
    peer.socket.destroy();
  });
  await loopback.opened.next();
  const hop = hopOf('TCP', VICTIM, server.port, peer.port);
  await loopback.send(hop, requestText());
  assert.match(await peer.inbox.next(), /^OPTIONS/);
  peer.socket.destroy();
  await loopback.closed.next();
  await loopback.send(hop, requestText());
  assert.match(await (await server.accepted.next()).inbox.next(), /^OPTIONS/);
  assert.equal(victim.accepted.size, 0);
});

test('what was configured, or took the request before, may be anywhere; earlier ranges count for dialogs', () => {
  const ranges = {
    trunksAt: (_: string, address: string) => (address === '192.0.2.1' ? ['office'] : ['other']),
    formerTrunksAt: (_: string, address: string) => (address === '192.0.2.2' ? ['office'] : []),
  };
  const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3', PEER].map((address) => ({ address, port: 5060 }));
  const named = hopOf('UDP', 'pbx.example.com', 5060, 5060);
  const { protocol, host, listener, trunk, sentBy } = named;
  assert.equal(allowedAmong(addresses, { protocol, host, listener, trunk, sentBy }, ranges), addresses);
  assert.equal(allowedAmong(addresses, { ...named, at: { address: VICTIM, port: 1 } }, ranges), addresses);
  const allowed = allowedAmong(addresses, named, ranges).map(({ address }) => address);
  assert.deepEqual(allowed, ['192.0.2.1', '192.0.2.2', PEER]);
});
