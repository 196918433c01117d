/** How soon a target that cannot be reached is known as one: at once where the network or the peer says no, else within its limit. */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { after, test, type TestContext } from 'node:test';
import { Authority } from './testing/authority.ts';
import { Inbox, requestText } from './testing/loopback.ts';
import { SIP, TEAMS, TlsStage } from './testing/tls-peers.ts';

const authority = new Authority();
after(() => authority.close());
const root = authority.selfSigned('Public Root');
const own = authority.issue(root, 'sbc', { names: ['sbc-0.example.com'], purposes: 'serverAuth,clientAuth' });

/** A server that does one thing with each connection. */
async function peer(t: TestContext, meets: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    meets(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, TEAMS, resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const invite = requestText({ method: 'INVITE' });

const noes: readonly [string, (t: TestContext) => Promise<number>, RegExp][] = [
  ['refuses the connection', () => Promise.resolve(9), /connection refused/],
  ['resets the connection', (t) => peer(t, (socket) => socket.resetAndDestroy()), /reset the connection/],
  ['closes the connection in the handshake', (t) => peer(t, (socket) => socket.once('data', () => socket.end())), /./],
  ['speaks no TLS', (t) => peer(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')), /TLS/],
];
for (const [what, serve, reason] of noes) {
  test(`a target that ${what} has failed at once`, async (t) => {
    const stage = await TlsStage.start(t, { own: [own], roots: [root] });
    const sent = await stage.send(await serve(t), invite);
    assert.ok(sent.kind === 'failed');
    assert.match(sent.reason, reason);
    assert.equal(stage.loopback.clock.nowMs(), 0, 'no time limit was needed');
  });
}

test('a target whose certificate is not trusted has failed at once', async (t) => {
  const stage = await TlsStage.start(t, { own: [own], roots: [root] });
  const other = authority.selfSigned('Other Root');
  const imposter = authority.issue(other, 'imposter', { names: [SIP, TEAMS], purposes: 'serverAuth' });
  const { port } = await stage.serves(imposter);
  assert.deepEqual(await stage.send(port, invite), {
    kind: 'failed',
    reason: `${TEAMS}: certificate refused: untrusted-root`,
  });
  assert.equal(stage.loopback.clock.nowMs(), 0);
});

test('a name that DNS does not know has failed at once', async (t) => {
  const stage = await TlsStage.start(t, { own: [own], roots: [root] });
  const hop = { protocol: 'TLS', host: SIP, port: 5061, listener: 'teams', trunk: 'teams', sentBy: 'sbc' } as const;
  assert.deepEqual(await stage.loopback.send(hop, invite), {
    kind: 'failed',
    reason: `${SIP}: the name does not resolve`,
  });
  assert.equal(stage.loopback.clock.nowMs(), 0);
});

test('a target that takes the connection and says nothing has failed after five seconds of handshake', async (t) => {
  const stage = await TlsStage.start(t, { own: [own], roots: [root] });
  const hellos = new Inbox<unknown>();
  const port = await peer(t, (socket) => socket.once('data', (hello) => hellos.push(hello)));
  const sending = stage.send(port, invite);
  await hellos.next();
  stage.loopback.clock.advance(5_000);
  const sent = await sending;
  assert.ok(sent.kind === 'failed');
  assert.match(sent.reason, /TLS handshake timed out/);
});
