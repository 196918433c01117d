import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Authority } from './testing/authority.ts';
import { okText, requestText } from './testing/loopback.ts';
import { SIP, TEAMS, TlsStage } from './testing/tls-peers.ts';
import { APPLICATION, HANDSHAKE, HELLO, recordWriter } from './testing/tls-records.ts';

const authority = new Authority();
after(() => authority.close());

const root = authority.selfSigned('Public Root');
const own = authority.issue(root, 'sbc', { names: ['sbc-0.example.com'] });
const teams = authority.issue(root, 'teams', { names: [SIP, TEAMS], purposes: 'serverAuth' });
const via = `SIP/2.0/TLS ${SIP};branch=z9hG4bK1`;
const started = (t: TestContext) => TlsStage.start(t, { own: [own], roots: [root] });

async function writer(t: TestContext, stage: TlsStage) {
  const place = { host: '127.77.14.1', port: stage.port, localAddress: TEAMS };
  const peer = await recordWriter(place, teams);
  t.after(() => peer.socket.destroy());
  assert.equal(await stage.loopback.opened.next(), 'accepted');
  return peer;
}

test('a peer that dials us negotiates TLS 1.2, which has no KeyUpdate', async (t) => {
  const stage = await started(t);
  assert.equal((await stage.dials(teams)).socket.getProtocol(), 'TLSv1.2');
});

test('a peer that renegotiates is told no by TLS itself', async (t) => {
  const stage = await started(t);
  const peer = await stage.dials(teams);
  await stage.loopback.opened.next();
  const said = await new Promise<Error | null>((resolve) => {
    peer.socket.once('error', resolve);
    peer.socket.renegotiate({}, resolve);
  });
  assert.match(String(said), /no renegotiation/);
});

test('a server that we dialled and that asks for renegotiation is told no, and the connection goes on', async (t) => {
  const stage = await started(t);
  const server = await stage.serves(teams, { maxVersion: 'TLSv1.2' });
  const sent = stage.send(server.port, requestText());
  const peer = await server.accepted.next();
  peer.socket.renegotiate({}, () => undefined);
  peer.socket.write(okText(requestText()));
  const { flow } = await stage.loopback.user.responses.next();
  assert.deepEqual(await sent, { kind: 'sent', flow });
  assert.equal(flow.isOpen, true);
});

test('three attempts to renegotiate are refused and the connection goes on', async (t) => {
  const stage = await started(t);
  const { socket, record } = await writer(t, stage);
  const hellos = [1, 2, 3].map(() => record(HANDSHAKE, HELLO));
  socket.write(Buffer.concat([...hellos, record(APPLICATION, Buffer.from(requestText({ via }), 'latin1'))]));
  const { flow } = await stage.loopback.user.requests.next();
  assert.equal(flow.isOpen, true);
});

test('a flood of attempts ends the connection', async (t) => {
  const stage = await started(t);
  const { socket, record } = await writer(t, stage);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const hellos = Array.from({ length: 500 }, () => record(HANDSHAKE, HELLO));
  socket.write(Buffer.concat(hellos));
  // Time is ours: the connection is closed in the turn after the one in which it was read.
  while (stage.loopback.refused.size === 0) {
    await new Promise((resolve) => setImmediate(resolve));
    stage.loopback.clock.advance(0);
  }
  assert.equal(await stage.loopback.refused.next(), 'too-many-renegotiations');
  await closed;
});
