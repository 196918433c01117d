import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect as dial, createSecureContext } from 'node:tls';
import { beginGuarded, type Guarding } from './guarded-handshake.ts';
import { HandshakeTaps } from './handshake-tap.ts';
import type { Waiter } from './turn-budget.ts';
import { Authority } from './testing/authority.ts';
import { costlyChain, forgedCertificate, noise, oddNumber, pemOf, rsaKey } from './testing/forged-chain.ts';
import { tcpPeer } from './testing/loopback.ts';
import { SIP, TEAMS, TlsStage, tlsPeer } from './testing/tls-peers.ts';

const authority = new Authority();
after(() => authority.close());
const HERE = '127.77.14.1';
const ISSUER = 'CN=Costly';
const root = authority.selfSigned('Public Root');
const own = authority.issue(root, 'sbc', { names: ['sbc-0.example.com'] });
const teams = authority.issue(root, 'teams', { names: [SIP, TEAMS], purposes: 'serverAuth' });
// OpenSSL goes on to the certificates above only where the leaf could be signed by the first of them: RSA by RSA.
const rsaIssuer = authority.selfSigned('Costly', { isAuthority: true, key: 'RSA-2048' });
const leaf = authority.issue(rsaIssuer, 'leaf', { names: [SIP], purposes: 'serverAuth' });
const started = (t: TestContext, limits = {}) => TlsStage.start(t, { own: [own], roots: [root], limits });

/** Writes down what OpenSSL is given of a handshake up to the certificates. */
class WatchedTaps extends HandshakeTaps {
  given = Buffer.alloc(0);
  override open(...args: Parameters<HandshakeTaps['open']>) {
    const tap = super.open(...args);
    assert.ok(tap, 'this Node has what the tap is made of');
    const pass = tap.pass.bind(tap);
    tap.pass = (octets) => {
      this.given = Buffer.concat([this.given, octets]);
      pass(octets);
    };
    return tap;
  }
}

/** How the handshake with a peer that shows `pem` went, and whether OpenSSL had the whole of it. */
async function handshakeWith(
  t: TestContext,
  pem: string,
  taps: HandshakeTaps & { readonly given: Buffer } = new WatchedTaps(),
  begins: (socket: Socket, begin: () => void) => void = (_, begin) => begin(),
): Promise<[end: string, hadItAll: boolean]> {
  const server = createServer();
  const end = new Promise<string>((resolve) =>
    server.once('connection', (socket) => {
      t.after(() => socket.destroy());
      const secureContext = createSecureContext({ cert: own.pem, key: own.key, ca: [], maxVersion: 'TLSv1.2' });
      const options = { secureContext, isServer: true, requestCert: true, rejectUnauthorized: false };
      const guarding: Guarding = {
        taps,
        limits: { maxHandshakeBytes: 16 * 1024 },
        budget: {
          isOver: false,
          spend: () => false,
          wait: () => assert.fail('nothing waits'),
          forget: () => undefined,
        },
        onSecure: () => resolve('verified'),
        onRefused: resolve,
        onError: (error) => resolve(error.message),
      };
      begins(socket, () => beginGuarded(socket, options, guarding));
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, TEAMS, resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = dial({ host: TEAMS, port: address.port, cert: pem, key: leaf.key, rejectUnauthorized: false });
  client.on('error', () => undefined);
  t.after(() => client.destroy());
  const last = Buffer.from(/([^-]+)-+END[^-]+-+\n*$/.exec(pem)?.[1] ?? '', 'base64');
  return [await end, taps.given.includes(last)];
}

/** Two authorities, `key` the one of the upper one. */
const chainWith = (key: Buffer) =>
  leaf.pem +
  pemOf(
    forgedCertificate({ subject: ISSUER, issuer: 'CN=Upper', key: rsaKey(oddNumber(256), Buffer.from([1, 0, 1])) }),
  ) +
  pemOf(forgedCertificate({ subject: 'CN=Upper', issuer: 'CN=Nobody', key }));
const moderate = rsaKey(oddNumber(256), Buffer.from([1, 0, 1]));
const onCurve = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ type: 'spki', format: 'der' });

/** A Node without what a tap is made of. */
class NoTaps extends HandshakeTaps {
  readonly given = Buffer.alloc(0);
  override open() {
    return undefined;
  }
}

test('without a tap OpenSSL verifies any chain; what was read before the handshake began is not lost', async (t) => {
  const readFirst = (socket: Socket, begin: () => void) => void socket.once('readable', begin);
  for (const begins of [undefined, readFirst]) {
    assert.deepEqual(await handshakeWith(t, leaf.pem + costlyChain(ISSUER, 1), new NoTaps(), begins), [
      'verified',
      false,
    ]);
    assert.deepEqual(await handshakeWith(t, chainWith(moderate), new WatchedTaps(), begins), ['verified', true]);
  }
});

test('OpenSSL verifies a chain that costs it little', async (t) => {
  assert.deepEqual(await handshakeWith(t, chainWith(moderate)), ['verified', true]);
  assert.deepEqual(await handshakeWith(t, leaf.pem), ['verified', true]);
});

for (const [what, pem] of [
  ['sixty certificates with exponents as long as their keys', () => leaf.pem + costlyChain(ISSUER, 60)],
  ['nine of them, in less than 16 KiB', () => leaf.pem + costlyChain(ISSUER, 9)],
  ['one of them', () => leaf.pem + costlyChain(ISSUER, 1)],
  ['an authority on a curve over a binary field', () => chainWith(onCurve('sect571r1'))],
] as const)
  test(`${what} are refused before OpenSSL has the last of them`, async (t) => {
    assert.deepEqual(await handshakeWith(t, pem()), ['too-costly', false]);
  });

test('who sends such a chain is turned away for five minutes', async (t) => {
  const stage = await started(t);
  await (
    await stage.dials({ ...leaf, pem: leaf.pem + costlyChain(ISSUER, 9) })
  ).closed;
  assert.equal(await stage.loopback.refused.next(), 'handshake-too-costly');
  await (
    await stage.dials(teams)
  ).closed;
  assert.equal(await stage.loopback.refused.next(), 'handshake-cool-down');
  stage.loopback.clock.advance(300_000);
  await stage.dials(teams);
  assert.equal(await stage.loopback.opened.next(), 'accepted');
});

test('what a peer sends while it waits for its turn is looked at as well', async (t) => {
  const stage = await started(t, { maxHandshakesPerAddress: 1 });
  const first = await tcpPeer(stage.port, HERE, TEAMS);
  const second = connect({ host: HERE, port: stage.port, localAddress: TEAMS });
  t.after(() => second.destroy());
  second.on('error', () => undefined);
  await once(second, 'connect');
  const length = 16 * 1024 + 1;
  // The head of a message of certificates, in a record of its own.
  second.write(Buffer.from([22, 3, 3, 0, 4, 11, length >> 16, (length >> 8) & 0xff, length & 0xff]));
  first.socket.destroy();
  await once(second, 'close');
  const refused = [await stage.loopback.refused.next(), await stage.loopback.refused.next()];
  assert.deepEqual(refused.toSorted(), ['handshake-failed', 'handshake-too-costly']);
});

test('what is no TLS, and a certificate that cannot be read, are failed handshakes, and the address stays welcome', async (t) => {
  const stage = await started(t);
  for (const sends of [
    Buffer.from([0x80, 0x2e, 1, 3, 3, 0, 0, 0, 0]),
    Buffer.from('OPTIONS sip:a SIP/2.0\r\n\r\n'),
    Buffer.from([22, 3, 3, 0, 7, 11, 0, 0, 3, 0, 0, 9]),
  ]) {
    const peer = await tcpPeer(stage.port, HERE, TEAMS);
    const closed = new Promise((resolve) => peer.socket.once('close', resolve));
    peer.socket.write(sends);
    await closed;
    assert.equal(await stage.loopback.refused.next(), 'handshake-failed');
  }
  await stage.dials(teams);
  assert.equal(await stage.loopback.opened.next(), 'accepted');
});

test('where one chain is all that a turn has room for, those of many peers at once come one after the other', async (t) => {
  const stage = await started(t, { turnWork: 1 });
  const peers = await Promise.all(
    Array.from({ length: 12 }, () => tlsPeer({ address: HERE, port: stage.port, from: TEAMS }, teams)),
  );
  t.after(() => peers.forEach(({ socket }) => socket.destroy()));
  for (const { socket } of peers) socket.write('\r\n\r\n');
  for (const { inbox } of peers) assert.equal(await inbox.next(), '\r\n');
});

/** A handshake whose chain comes while the turn is over, up to where it waits. */
async function heldHandshake(t: TestContext) {
  const held = Promise.withResolvers<Waiter>();
  const forgotten: Waiter[] = [];
  const forget = (waiter: Waiter) => void forgotten.push(waiter);
  const budget = {
    isOver: true,
    spent: 0,
    spend: (work: number) => (budget.spent += work) < 0,
    wait: held.resolve,
    forget,
  };
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    accepted.resolve(socket);
    t.after(() => socket.destroy());
    const secureContext = createSecureContext({ cert: own.pem, key: own.key, maxVersion: 'TLSv1.2' });
    beginGuarded(
      socket,
      { secureContext, isServer: true, requestCert: true, rejectUnauthorized: false },
      {
        taps: new HandshakeTaps(),
        limits: { maxHandshakeBytes: 16 * 1024 },
        budget,
        onSecure: (secure) => void secure.pipe(secure),
        onRefused: (refusal) => assert.fail(refusal),
        onError: () => undefined,
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, TEAMS, resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const client = dial({ host: TEAMS, port, cert: teams.pem, key: teams.key, rejectUnauthorized: false });
  client.on('error', () => undefined);
  t.after(() => client.destroy());
  return { client, socket: await accepted.promise, waiter: await held.promise, forgotten, budget };
}

test('a chain that comes when the turn is over waits for a later one, and the connection reads on from there', async (t) => {
  const { client, waiter, budget } = await heldHandshake(t);
  let isSecure = false;
  const secured = once(client, 'secureConnect').then(() => (isSecure = true));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([isSecure, budget.spent], [false, 0]);
  budget.isOver = false;
  waiter.goOn();
  await secured;
  // Four of them are all that a turn may do.
  assert.equal(budget.spent, 64);
  client.write('said');
  assert.equal(String((await once(client, 'data'))[0]), 'said');
});

test('a socket that is closed while its chain waits, as after a timeout, is forgotten', async (t) => {
  const { socket, waiter, forgotten } = await heldHandshake(t);
  const closed = once(socket, 'close');
  socket.destroy();
  await closed;
  assert.deepEqual(forgotten, [waiter]);
});

test('a record that was damaged on its way ends a connection that stands', async (t) => {
  const stage = await started(t);
  const raw = connect({ host: HERE, port: stage.port, localAddress: TEAMS });
  const peer = await tlsPeer({ address: HERE, port: stage.port, from: TEAMS }, teams, { socket: raw });
  await stage.loopback.opened.next();
  raw.write(Buffer.from([23, 3, 3, 0, 32, ...noise(32)]));
  await peer.closed;
  assert.equal(await stage.loopback.closed.next(), 'accepted');
});
