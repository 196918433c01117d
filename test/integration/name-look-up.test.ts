/** Names as a real DNS server tells them: the runtime's look-up, its cache, and what is dialled when an answer changes. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Hop } from '../../sbc-runtime/src/sip/hop.ts';
import { systemLookup } from '../../sbc-runtime/src/transport/system-lookup.ts';
import { allowAll, Loopback, requestText, tcpServer } from '../../sbc-runtime/src/transport/testing/loopback.ts';
import { freeBlock } from '../kit/free-address.ts';
import { NameServer } from '../kit/name-server.ts';
import { eventually } from './local-observe.ts';

const SIP = 'sip.pstnhub.microsoft.com';
const PORT = 5061;

async function nameServer(t: TestContext, names: Readonly<Record<string, string>> = {}) {
  const block = await freeBlock();
  const server = await NameServer.start(block.address(53), 0, names);
  t.after(async () => {
    await server.stop();
    block.release();
  });
  return { block, server, lookup: systemLookup({ servers: [server.address] }) };
}

test('A records come with the TTL of the server, in its order', async (t) => {
  const { server, lookup } = await nameServer(t);
  server.set('two.example.com', { addresses: ['192.0.2.2', '192.0.2.1'], ttlSeconds: 37 });
  assert.deepEqual(await lookup.addresses('two.example.com', 4), {
    records: ['192.0.2.2', '192.0.2.1'],
    ttlSeconds: 37,
  });
});

test('a look-up asks the server each time: what it remembers would outlive the TTL of our own cache', async (t) => {
  const { server, lookup } = await nameServer(t, { 'a.example.com': '192.0.2.1' });
  await lookup.addresses('a.example.com', 4);
  server.set('a.example.com', { addresses: ['192.0.2.9'] });
  assert.deepEqual((await lookup.addresses('a.example.com', 4)).records, ['192.0.2.9']);
});

test('SRV records come with priority, weight, port and target, and are believed for a minute', async (t) => {
  const { server, lookup } = await nameServer(t);
  const services = [
    { priority: 10, weight: 60, port: 5080, target: 'a.example.com' },
    { priority: 20, weight: 0, port: 5070, target: 'b.example.com' },
  ];
  server.set('_sip._udp.pbx.example.com', { services, ttlSeconds: 300 });
  const { records, ttlSeconds } = await lookup.srv('_sip._udp.pbx.example.com');
  assert.deepEqual([records, ttlSeconds], [services, 60]);
});

test('a name that is not there, and one without records of the type, are answers; a server that fails is a fault', async (t) => {
  const { server, lookup } = await nameServer(t, { 'a.example.com': '192.0.2.1' });
  const nothing = { records: [], ttlSeconds: 0 };
  assert.deepEqual(await lookup.addresses('b.example.com', 4), nothing);
  assert.deepEqual(await lookup.addresses('a.example.com', 6), nothing);
  assert.deepEqual(await lookup.srv('a.example.com'), nothing);
  server.state = 'fails';
  await assert.rejects(lookup.addresses('a.example.com', 4), { code: 'ESERVFAIL' });
});

/** The transport room with that server as its DNS, and a peer on each of two addresses that a name may have. */
async function dialling(t: TestContext) {
  const { block, server, lookup } = await nameServer(t);
  const trunk = { ...allowAll('teams', 'teams'), allowCIDRs: [block.cidr] };
  const rules = { listeners: [{ name: 'teams', protocol: 'TCP' as const }], trunks: [trunk], trustBundles: [] };
  const loopback = new Loopback({ bindAddress: block.address(10), rules, lookup });
  await loopback.layer.start([{ name: 'teams', protocol: 'TCP', port: 0 }]);
  t.after(() => loopback.layer.close());
  const peerAt = async (host: number) => {
    const peer = await tcpServer(block.address(host), PORT);
    t.after(() => peer.close());
    return peer;
  };
  const hop: Hop = { protocol: 'TCP', host: SIP, port: PORT, listener: 'teams', trunk: 'teams', sentBy: 'here' };
  let asked = 0;
  const asks = async (host = SIP) => {
    const via = `SIP/2.0/TCP here;branch=z9hG4bK${(asked += 1)}`;
    const sent = await loopback.send({ ...hop, host }, requestText({ method: 'OPTIONS', callId: `c${asked}`, via }));
    return sent.kind === 'sent' ? sent.flow.address : sent.reason;
  };
  return { block, server, loopback, peerAt, asks };
}

test('an A record that changes is dialled at its new address once its TTL is over, on a new connection', async (t) => {
  const { block, server, loopback, peerAt, asks } = await dialling(t);
  const [old, fresh] = [await peerAt(21), await peerAt(22)];
  server.set(SIP, { addresses: [block.address(21)], ttlSeconds: 30 });
  assert.equal(await asks(), block.address(21));
  server.set(SIP, { addresses: [block.address(22)], ttlSeconds: 30 });
  loopback.clock.advance(20_000);
  assert.equal(await asks(), block.address(21), 'still within its TTL');
  loopback.clock.advance(10_000);
  assert.equal(await asks(), block.address(22));
  await old.accepted.next();
  await fresh.accepted.next();
  assert.deepEqual([old.accepted.size, fresh.accepted.size], [0, 0], 'one connection each');
  assert.equal(await asks(), block.address(22));
});

test('an address that DNS names no more is not dialled, although a connection to it stands', async (t) => {
  const { block, server, loopback, peerAt, asks } = await dialling(t);
  await peerAt(21);
  server.set(SIP, { addresses: [block.address(21)], ttlSeconds: 30 });
  assert.equal(await asks(), block.address(21));
  server.set(SIP, undefined);
  loopback.clock.advance(30_000);
  assert.equal(await asks(), `${SIP}: the name does not resolve`);
});

test('OPTIONS warm the cache: calls ask nobody, a hundred at a time share one query, and the three names are all that is asked', async (t) => {
  const { block, server, peerAt, asks } = await dialling(t);
  await peerAt(21);
  const names = [SIP, 'sip2.pstnhub.microsoft.com', 'sip3.pstnhub.microsoft.com'];
  for (const name of names) server.set(name, { addresses: [block.address(21)] });
  await Promise.all(Array.from({ length: 100 }, () => asks()));
  assert.deepEqual(server.asked, [SIP]);
  for (const name of names) await asks(name);
  await Promise.all(names.flatMap((name) => Array.from({ length: 10 }, () => asks(name))));
  assert.deepEqual(server.asked, names);
});

test('a DNS server that goes away costs half a second once: the old address serves on, and the new one comes when it is back', async (t) => {
  const { block, server, loopback, peerAt, asks } = await dialling(t);
  await peerAt(21);
  await peerAt(22);
  server.set(SIP, { addresses: [block.address(21)], ttlSeconds: 30 });
  await asks();
  server.state = 'is silent';
  loopback.clock.advance(30_000);
  const first = asks();
  loopback.clock.advance(500);
  assert.equal(await first, block.address(21));
  assert.equal(await asks(), block.address(21), 'the next one does not wait at all');
  server.set(SIP, { addresses: [block.address(22)] });
  server.state = 'answers';
  loopback.clock.advance(10_000);
  await asks();
  // A real answer, in real time: asked for in the background.
  await eventually('the new address is dialled', asks, (address) => address === block.address(22));
});
