import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Hop } from '../sip/hop.ts';
import type { TransportLimits } from './limits.ts';
import { Loopback, allowAll, okText, requestText, tcpPeer, tcpServer } from './testing/loopback.ts';

const HERE = '127.77.11.1';
const PEER = '127.77.11.9';
const STRANGER = '127.78.0.9';
const rules = {
  listeners: [{ name: 'pbx', protocol: 'TCP' }],
  trunks: [allowAll('office', 'pbx')],
  trustBundles: [],
} as const;
const via = `SIP/2.0/TCP ${PEER};branch=z9hG4bK1;rport`;

async function started(t: TestContext, limits: Partial<TransportLimits> = {}, lookup = {}) {
  const loopback = new Loopback({ bindAddress: HERE, rules, limits, ...lookup });
  await loopback.layer.start([{ name: 'pbx', protocol: 'TCP', port: 0 }]);
  t.after(() => loopback.layer.close());
  const port = loopback.portOf('pbx');
  const dials = async (from = PEER) => {
    const peer = await tcpPeer(port, HERE, from);
    t.after(() => peer.socket.destroy());
    return peer;
  };
  const serves = async (address = PEER, at = 0) => {
    const server = await tcpServer(address, at);
    t.after(() => server.close());
    return server;
  };
  return { loopback, port, dials, serves };
}

const hopTo = (port: number, host = PEER): Hop => ({
  protocol: 'TCP',
  host,
  port,
  listener: 'pbx',
  trunk: 'office',
  sentBy: `${HERE}:5060`,
});

test('a message in pieces arrives whole, and the answer goes back on the connection', async (t) => {
  const { loopback, dials } = await started(t);
  const peer = await dials();
  const text = requestText({ via, body: 'hello' }) + requestText({ via, callId: 'second' });
  for (const piece of [text.slice(0, 7), text.slice(7, 200), text.slice(200)])
    await new Promise((resolve) => peer.socket.write(piece, resolve));
  const first = await loopback.user.requests.next();
  assert.equal(first.request.body, 'hello');
  assert.equal(first.request.via.params.get('rport'), String(peer.port));
  assert.equal(first.flow.isReliable, true);
  assert.deepEqual(first.flow.trunks, ['office']);
  assert.equal((await loopback.user.requests.next()).request.callId, 'second');
  loopback.layer.respond(first.flow, first.request.via, okText(text));
  assert.match(await peer.inbox.next(), /^SIP\/2\.0 200 OK/);
  assert.equal(loopback.clock.pending, 1, 'nothing but the sweep is waiting');
});

test('a double CRLF is answered with one CRLF', async (t) => {
  const { dials } = await started(t);
  const peer = await dials();
  peer.socket.write('\r\n\r\n');
  assert.equal(await peer.inbox.next(), '\r\n');
});

test('a source that is not allowed is closed before anything is read', async (t) => {
  const { loopback, dials } = await started(t);
  const peer = await dials(STRANGER);
  await peer.closed;
  assert.equal(await loopback.refused.next(), 'source-not-allowed');
  assert.equal(loopback.opened.size, 0);
});

test('a message without Content-Length is answered with 400 and the connection closes', async (t) => {
  const { loopback, dials } = await started(t);
  const peer = await dials();
  peer.socket.write(requestText({ via }).replace('Content-Length: 0\r\n', ''));
  assert.match(await peer.inbox.next(), /^SIP\/2\.0 400 Missing Content-Length\r\n/);
  await peer.closed;
  assert.equal(await loopback.refused.next(), 'malformed');
});

test('a body beyond the limit is answered with 413 and the connection closes', async (t) => {
  const { loopback, dials } = await started(t, { maxBodyBytes: 10 });
  const peer = await dials();
  peer.socket.write(requestText({ via, body: 'x'.repeat(11) }));
  assert.match(await peer.inbox.next(), /^SIP\/2\.0 413 /);
  await peer.closed;
  assert.equal(await loopback.refused.next(), 'too-large');
});

test('an ACK that breaks the stream is not answered', async (t) => {
  const { dials } = await started(t);
  const peer = await dials();
  peer.socket.write(requestText({ via, method: 'ACK' }).replace('Content-Length: 0', 'Content-Length: nothing'));
  await peer.closed;
  assert.equal(peer.inbox.size, 0);
});

test('a message that does not end within its time closes the connection', async (t) => {
  const { loopback, dials } = await started(t);
  const peer = await dials();
  peer.socket.write(`${requestText({ via })}OPTIONS sip:slow`);
  await loopback.user.requests.next();
  loopback.clock.advance(10_000);
  await peer.closed;
  assert.equal(await loopback.refused.next(), 'message-timeout');
});

test('an accepted connection that says nothing is closed, one that has spoken may be idle for longer', async (t) => {
  const { loopback, dials } = await started(t);
  const [silent, speaking] = [await dials(), await dials()];
  speaking.socket.write(requestText({ via }));
  await loopback.user.requests.next();
  assert.deepEqual([await loopback.opened.next(), await loopback.opened.next()], ['accepted', 'accepted']);
  loopback.clock.advance(30_000);
  await silent.closed;
  assert.equal(loopback.layer.connections, 1);
  loopback.clock.advance(570_000);
  await speaking.closed;
});

test('connections are limited in all and for each source address', async (t) => {
  const { loopback, dials } = await started(t, { maxConnections: 3, maxConnectionsPerAddress: 2 });
  const [first] = [await dials(), await dials()];
  await (
    await dials()
  ).closed;
  assert.equal(await loopback.refused.next(), 'too-many-connections-from-address');
  await dials('127.77.11.8');
  await loopback.opened.next();
  await loopback.opened.next();
  await loopback.opened.next();
  await (
    await dials('127.77.11.7')
  ).closed;
  assert.equal(await loopback.refused.next(), 'too-many-connections');
  first.socket.destroy();
  await loopback.closed.next();
  await dials();
  assert.equal(await loopback.opened.next(), 'accepted');
});

test('a peer that does not read is cut off when its queue is full', async (t) => {
  const { loopback, dials } = await started(t, { maxWriteQueueBytes: 100_000 });
  const peer = await dials();
  peer.socket.pause();
  peer.socket.write(requestText({ via }));
  const { flow } = await loopback.user.requests.next();
  const text = requestText({ via, body: 'x'.repeat(30_000) });
  while (loopback.layer.sendOn(flow, text));
  assert.equal(flow.isOpen, false);
  assert.equal(await loopback.refused.next(), 'write-queue-full');
  peer.socket.resume();
  await peer.closed;
});

test('requests to one address and trunk share a connection that is dialled once', async (t) => {
  const { loopback, serves } = await started(t);
  const server = await serves();
  const [one, two] = await Promise.all([
    loopback.send(hopTo(server.port), requestText({ callId: 'one' })),
    loopback.send(hopTo(server.port), requestText({ callId: 'two' })),
  ]);
  const three = await loopback.send(hopTo(server.port), requestText({ callId: 'three' }));
  const flows = [one, two, three].map((result) => (result.kind === 'sent' ? result.flow : undefined));
  assert.ok(flows[0] !== undefined && flows.every((flow) => flow === flows[0]));
  const peer = await server.accepted.next();
  assert.equal(peer.socket.remoteAddress, HERE, 'we dial from our own address');
  assert.match(await peer.inbox.next(), /Call-ID: one\r\n[^]*Call-ID: two\r\n/);
  peer.socket.write(okText(requestText()));
  assert.equal((await loopback.user.responses.next()).response.status, 200);
  assert.equal(server.accepted.size, 0);
});

test('after the peer has closed, the next request dials anew', async (t) => {
  const { loopback, serves } = await started(t);
  const server = await serves();
  const first = await loopback.send(hopTo(server.port), requestText());
  (await server.accepted.next()).socket.destroy();
  await loopback.closed.next();
  assert.equal(first.kind === 'sent' && first.flow.isOpen, false);
  assert.equal(first.kind === 'sent' && loopback.layer.sendOn(first.flow, requestText()), false);
  assert.equal((await loopback.send(hopTo(server.port), requestText())).kind, 'sent');
  assert.match(await (await server.accepted.next()).inbox.next(), /^OPTIONS/);
});

test('a hop that says where it is: over the connection that stands, and to the same address where it has ended', async (t) => {
  const lookup = {
    addresses: () => Promise.resolve({ records: ['127.77.11.66', PEER], ttlSeconds: 3600 }),
    srv: () => Promise.resolve({ records: [], ttlSeconds: 0 }),
  };
  const { loopback, serves } = await started(t, {}, { lookup });
  const [server] = [await serves()];
  await serves('127.77.11.66', server.port);
  const hop = hopTo(server.port, 'pbx.example.com');
  const there = { ...hop, at: { address: PEER, port: server.port } };
  const flowOf = async (to: Hop) => {
    const sent = await loopback.send(to, requestText());
    assert.ok(sent.kind === 'sent');
    return sent.flow;
  };
  const [first, second, other] = [await flowOf(there), await flowOf(there), await flowOf(hop)];
  assert.equal(first.address, PEER);
  assert.equal(second, first);
  assert.equal(other.address, '127.77.11.66', 'the name alone leads elsewhere');
  (await server.accepted.next()).socket.destroy();
  await loopback.closed.next();
  assert.equal((await flowOf(there)).address, PEER);
});

test('a request over a connection that we dialled needs a source that may call', async (t) => {
  const { loopback, serves } = await started(t);
  const server = await serves(STRANGER);
  await loopback.send(hopTo(server.port, STRANGER), requestText());
  const peer = await server.accepted.next();
  await peer.inbox.next();
  peer.socket.write(requestText({ method: 'INVITE', via: `SIP/2.0/TCP ${STRANGER};branch=z9hG4bK1` }));
  assert.match(await peer.inbox.next(), /^SIP\/2\.0 403 Forbidden/);
  assert.equal(await loopback.refused.next(), 'not-a-peer-that-may-call');
  peer.socket.write(okText(requestText()));
  assert.equal((await loopback.user.responses.next()).response.status, 200);
});

test('a response whose connection is gone goes over a new one to the port of sent-by', async (t) => {
  const { loopback, dials, serves } = await started(t);
  const server = await serves();
  const peer = await dials();
  peer.socket.write(requestText({ via: `SIP/2.0/TCP pbx.example.com:${server.port};branch=z9hG4bK1` }));
  const { request, flow } = await loopback.user.requests.next();
  peer.socket.destroy();
  await loopback.closed.next();
  assert.equal(flow.isOpen, false);
  loopback.layer.respond(flow, request.via, okText(requestText()));
  const reached = await server.accepted.next();
  assert.match(await reached.inbox.next(), /^SIP\/2\.0 200 OK/);
});

test('responses that find nobody at sent-by are one line of the log, and each is counted', async (t) => {
  const { loopback, dials } = await started(t);
  const peer = await dials();
  peer.socket.write(requestText({ via: `SIP/2.0/TCP ${PEER}:1;branch=z9hG4bK1` }));
  const { request, flow } = await loopback.user.requests.next();
  peer.socket.destroy();
  await loopback.closed.next();
  const lost = async () => {
    loopback.layer.respond(flow, request.via, okText(requestText()));
    assert.equal(await loopback.refused.next(), 'response-lost');
  };
  for (let at = 0; at < 5; at += 1) await lost();
  const lines = () => loopback.warnings.filter((warning) => warning === 'A response found no way back').length;
  assert.equal(lines(), 1);
  assert.ok(!loopback.warnings.includes('Could not connect'), 'no other line says it again');
  loopback.clock.advance(60_000);
  await lost();
  assert.equal(lines(), 2);
});

test('an address that refuses is followed by the next of the name, and comes last for thirty seconds', async (t) => {
  const dead = '127.77.11.66';
  const lookup = {
    addresses: () => Promise.resolve({ records: [dead, PEER], ttlSeconds: 3600 }),
    srv: () => Promise.resolve({ records: [], ttlSeconds: 0 }),
  };
  const { loopback, serves } = await started(t, {}, { lookup });
  const server = await serves();
  const reaches = async () => {
    const sent = await loopback.send(hopTo(server.port, 'pbx.example.com'), requestText());
    if (sent.kind === 'failed') return sent.reason;
    const reached = sent.flow.address;
    (await (reached === PEER ? server : revived).accepted.next()).socket.destroy();
    await loopback.closed.next();
    return reached;
  };
  let revived = server;
  assert.equal(await reaches(), PEER);
  revived = await serves(dead, server.port);
  assert.equal(await reaches(), PEER);
  loopback.clock.advance(30_000);
  assert.equal(await reaches(), dead);
});

test('a name whose addresses all refuse fails in plain words', async (t) => {
  const { loopback } = await started(t);
  assert.deepEqual(await loopback.send(hopTo(1), requestText()), {
    kind: 'failed',
    reason: `${PEER}: connection refused`,
  });
});

test('a peer that sends no more is answered over a new connection', async (t) => {
  const { loopback, dials, serves } = await started(t);
  const server = await serves();
  const peer = await dials();
  peer.socket.end(requestText({ via: `SIP/2.0/TCP ${PEER}:${server.port};branch=z9hG4bK1` }));
  const { request, flow } = await loopback.user.requests.next();
  await loopback.closed.next();
  loopback.layer.respond(flow, request.via, okText(requestText()));
  assert.match(await (await server.accepted.next()).inbox.next(), /^SIP\/2\.0 200 OK/);
});

test('a reload closes what is gone, binds what is new and leaves alone what stays', async (t) => {
  const { loopback, port, dials } = await started(t);
  const stays = { name: 'pbx', protocol: 'TCP', port: 0 } as const;
  const peer = await dials();
  peer.socket.write(requestText({ via }));
  await loopback.user.requests.next();
  await loopback.layer.reload([stays, { name: 'second', protocol: 'TCP', port: 0 }]);
  assert.equal(loopback.portOf('pbx'), port);
  assert.notEqual(loopback.portOf('second'), 0);
  await assert.rejects(
    loopback.layer.reload([
      { name: 'third', protocol: 'TCP', port: loopback.portOf('second') },
      { name: 'fourth', protocol: 'TCP', port },
    ]),
    {
      code: 'SBC_LISTEN',
    },
  );
  assert.equal(
    loopback.portOf('second') !== 0 && loopback.portOf('pbx') === port,
    true,
    'the listeners of before serve on',
  );
  await loopback.layer.reload([stays]);
  assert.deepEqual(
    loopback.layer.boundAddresses().map(({ listener }) => listener),
    ['pbx'],
  );
  assert.equal(loopback.layer.connections, 1);
});

test('a source that is no longer allowed loses its connection at the reload', async (t) => {
  const { loopback, dials } = await started(t);
  const peer = await dials();
  await loopback.opened.next();
  loopback.admission.replace({ ...rules, trunks: [{ ...allowAll('office', 'pbx'), allowCIDRs: ['192.0.2.0/24'] }] });
  await loopback.layer.reload([{ name: 'pbx', protocol: 'TCP', port: 0 }]);
  await peer.closed;
  assert.equal(loopback.user.requests.size, 0);
});
