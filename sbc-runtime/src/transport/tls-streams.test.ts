import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { TransportLimits } from './limits.ts';
import { Authority } from './testing/authority.ts';
import { okText, requestText, tcpPeer } from './testing/loopback.ts';
import { SIP, TEAMS, TlsStage } from './testing/tls-peers.ts';
import type { SecurePeer } from './testing/tls-peers.ts';

const authority = new Authority();
after(() => authority.close());

const root = authority.selfSigned('Public Root');
const own = authority.issue(root, 'sbc', { names: ['sbc-0.example.com'] });
const teams = authority.issue(root, 'teams', { names: [SIP, TEAMS], purposes: 'serverAuth' });

const started = (t: TestContext, limits: Partial<TransportLimits> = {}) =>
  TlsStage.start(t, { own: [own], roots: [root], limits });
const via = `SIP/2.0/TLS ${SIP};branch=z9hG4bK1`;
const body = `v=0\r\n${'a=candidate:1 1 UDP 2130706431 52.112.0.1 50000 typ host\r\n'.repeat(4)}`;

/** The two ends of a connection that Teams dialled, or that we did. */
const ways: Record<string, (t: TestContext) => Promise<{ stage: TlsStage; peer: SecurePeer }>> = {
  'that Teams dialled': async (t) => {
    const stage = await started(t);
    return { stage, peer: await stage.dials(teams) };
  },
  'that we dialled': async (t) => {
    const stage = await started(t);
    const server = await stage.serves(teams, { maxVersion: 'TLSv1.2' });
    await stage.send(server.port, requestText());
    const peer = await server.accepted.next();
    await peer.inbox.next();
    peer.socket.write(okText(requestText()));
    await stage.loopback.user.responses.next();
    return { stage, peer };
  },
};

/** One record each: Node makes one of every write that is not corked. */
const write = (peer: SecurePeer, octets: string) =>
  new Promise<void>((resolve) => peer.socket.write(octets, 'latin1', () => resolve()));

for (const [which, connected] of Object.entries(ways)) {
  test(`on a connection ${which}, a message in one record for each octet arrives whole`, async (t) => {
    const { stage, peer } = await connected(t);
    for (const octet of requestText({ via, method: 'INVITE', body })) await write(peer, octet);
    const { request } = await stage.loopback.user.requests.next();
    assert.deepEqual([request.method, request.body], ['INVITE', body]);
    assert.equal(stage.loopback.clock.pending, 1, 'nothing but the sweep is waiting');
  });

  test(`on a connection ${which}, many messages in one record arrive in their order`, async (t) => {
    const { stage, peer } = await connected(t);
    const callIds = Array.from({ length: 8 }, (_, at) => `call-${at}`);
    const text = callIds.map((callId) => requestText({ via, callId, body })).join('');
    assert.ok(text.length < 16_384, 'one record holds no more');
    await write(peer, text);
    for (const callId of callIds) assert.equal((await stage.loopback.user.requests.next()).request.callId, callId);
  });

  test(`on a connection ${which}, a message longer than a record arrives whole, and its successor after it`, async (t) => {
    const { stage, peer } = await connected(t);
    const long = 'x'.repeat(100_000);
    await write(peer, requestText({ via, method: 'MESSAGE', body: long }) + requestText({ via, callId: 'next' }));
    assert.equal((await stage.loopback.user.requests.next()).request.body, long);
    assert.equal((await stage.loopback.user.requests.next()).request.callId, 'next');
  });

  test(`on a connection ${which}, TCP keep-alive runs from thirty seconds of silence on`, async (t) => {
    const { stage, peer } = await connected(t);
    // What it brings along is the acknowledgement of all that we have sent: until then another timer runs.
    await write(peer, requestText({ via }));
    await stage.loopback.user.requests.next();
    const { localPort, remotePort } = peer.socket;
    // Of our end: the peer's remote port is our local one.
    const line = socketLine(remotePort ?? 0, localPort ?? 0);
    const [timer, whenHex = ''] = line.split(/\s+/)[6]?.split(':') ?? [];
    const seconds = Number.parseInt(whenHex, 16) / 100;
    assert.equal(timer, '02', `the keep-alive timer is armed: ${line}`);
    assert.ok(seconds > 20 && seconds <= 30, `${seconds} s`);
  });
}

test('messages that we send in one turn leave whole and in order, however long', async (t) => {
  const { stage, peer } = await ways['that Teams dialled']!(t);
  const callIds = Array.from({ length: 20 }, (_, at) => `call-${at}`);
  peer.socket.write(requestText({ via }));
  const { flow } = await stage.loopback.user.requests.next();
  const texts = callIds.map((callId) => requestText({ callId, body: 'y'.repeat(4_000) }));
  for (const text of texts) assert.equal(stage.loopback.layer.sendOn(flow, text), true);
  const wanted = texts.join('');
  let heard = '';
  while (heard.length < wanted.length) heard += await peer.inbox.next();
  assert.equal(heard, wanted);
});

test('an idle connection of a peer outlives nine minutes without OPTIONS, and ends after ten', async (t) => {
  const stage = await started(t);
  const peer = await stage.dials(teams);
  peer.socket.write(requestText({ via }));
  const { flow } = await stage.loopback.user.requests.next();
  stage.loopback.clock.advance(9 * 60_000);
  assert.equal(flow.isOpen, true);
  stage.loopback.clock.advance(60_000);
  await peer.closed;
});

test('a peer that has proved itself may be silent from the beginning', async (t) => {
  const stage = await started(t);
  const peer = await stage.dials(teams);
  await stage.loopback.opened.next();
  stage.loopback.clock.advance(9 * 60_000);
  peer.socket.write(requestText({ via }));
  assert.equal((await stage.loopback.user.requests.next()).request.method, 'OPTIONS');
});

test('a pair of line breaks keeps a connection open', async (t) => {
  const stage = await started(t);
  const peer = await stage.dials(teams);
  peer.socket.write(requestText({ via }));
  const { flow } = await stage.loopback.user.requests.next();
  for (let minute = 0; minute < 30; minute += 5) {
    stage.loopback.clock.advance(5 * 60_000);
    peer.socket.write('\r\n\r\n');
    assert.equal(await peer.inbox.next(), '\r\n');
  }
  assert.equal(flow.isOpen, true);
});

test('handshakes in progress are limited, and one that ends makes room', async (t) => {
  const stage = await started(t, { maxHandshakes: 2 });
  const { loopback, port } = stage;
  const silent = [await tcpPeer(port, '127.77.14.1', TEAMS), await tcpPeer(port, '127.77.14.1', TEAMS)];
  t.after(() => silent.forEach(({ socket }) => socket.destroy()));
  await (
    await stage.dials(teams)
  ).closed;
  assert.equal(await loopback.refused.next(), 'too-many-handshakes');
  silent[0]?.socket.destroy();
  assert.equal(await loopback.refused.next(), 'handshake-failed');
  await stage.dials(teams);
  assert.equal(await loopback.opened.next(), 'accepted');
});

test('connections to one listener are limited, and what we dial has places left', async (t) => {
  const stage = await started(t, { maxConnectionsPerListener: 1, maxConnections: 2 });
  await stage.dials(teams);
  await stage.loopback.opened.next();
  await (
    await stage.dials(teams)
  ).closed;
  assert.equal(await stage.loopback.refused.next(), 'too-many-connections-to-listener');
  const server = await stage.serves(teams, { maxVersion: 'TLSv1.2' });
  assert.equal((await stage.send(server.port, requestText())).kind, 'sent');
});

test('a listener that is removed keeps the connection of a peer that has calls, until they are over', async (t) => {
  const stage = await started(t);
  const { loopback } = stage;
  const busy = await stage.dials(teams);
  busy.socket.write(requestText({ via }));
  const { request, flow } = await loopback.user.requests.next();
  loopback.layer.respond(flow, request.via, okText(requestText()));
  await busy.inbox.next();
  await stage.removeListener('with calls');
  loopback.clock.advance(120_000);
  assert.equal(flow.isOpen, true);
  busy.socket.write(requestText({ via, method: 'BYE' }));
  assert.equal((await loopback.user.requests.next()).request.method, 'BYE');
  await stage.removeListener('without calls');
  await busy.closed;
});

function socketLine(localPort: number, remotePort: number): string {
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/self/net/tcp', 'latin1').split('\n');
  const found = lines.find((line) => {
    const [, local, remote] = line.trim().split(/\s+/);
    return local?.endsWith(hex(localPort)) === true && remote?.endsWith(hex(remotePort)) === true;
  });
  return ` ${found?.trim() ?? ''}`;
}
