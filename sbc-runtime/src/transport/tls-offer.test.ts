import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { getCiphers } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { readClientHello } from './testing/client-hello.ts';
import { Authority } from './testing/authority.ts';
import { Inbox, okText, requestText } from './testing/loopback.ts';
import { SIP, TEAMS, TlsStage } from './testing/tls-peers.ts';

const authority = new Authority();
after(() => authority.close());

const root = authority.selfSigned('Public Root', { isAuthority: true, key: 'RSA-2048' });
const first = authority.issue(root, 'First', { isAuthority: true, key: 'RSA-2048' });
const second = authority.issue(first, 'Second', { isAuthority: true, key: 'RSA-2048' });
const both = { names: ['sbc-0.example.com'], purposes: 'serverAuth,clientAuth', key: 'RSA-2048' } as const;
const sbc = authority.issue(second, 'sbc', both);
const elliptic = authority.issue(second, 'elliptic', { ...both, key: 'P-256' });
const teams = authority.issue(root, 'teams', { names: [SIP, TEAMS], purposes: 'serverAuth', key: 'RSA-2048' });
const ellipticTeams = authority.issue(root, 'teams', { names: [SIP, TEAMS], purposes: 'serverAuth' });

const started = (t: TestContext) => TlsStage.start(t, { own: [sbc, second, first], roots: [root] });

/** TLS 1.2, as OpenSSL names them. */
const MICROSOFT = [
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-RSA-AES128-SHA256',
];
const twinOf = (suite: string) => suite.replace('ECDHE-RSA', 'ECDHE-ECDSA');

/** What came, of a socket that accepts and says nothing. */
async function helloOf(t: TestContext, stage: TlsStage) {
  const heard = new Inbox<Buffer>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk: Buffer) => {
      heard.push(chunk);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, TEAMS, resolve));
  t.after(() => server.close());
  const sent = stage.send((server.address() as AddressInfo).port, requestText());
  const hello = readClientHello(await heard.next());
  assert.equal((await sent).kind, 'failed');
  return hello;
}

test("where we dial, Microsoft's four suites, their twins for ECDSA roots and TLS 1.3's are offered, and nothing else", async (t) => {
  const hello = await helloOf(t, await started(t));
  // RFC 5746 §3.3: the last one is no suite, it says that renegotiation is safe.
  assert.deepEqual(
    hello.suites.filter((suite) => suite !== 0x00ff).map((suite) => suite.toString(16).padStart(4, '0')),
    ['1302', '1303', '1301', 'c030', 'c02c', 'c02f', 'c02b', 'c028', 'c024', 'c027', 'c023'],
  );
  assert.deepEqual(hello.versions, [0x0304, 0x0303], 'TLS 1.3 and 1.2');
});

test('where we dial, a server that has TLS 1.1 alone is refused', async (t) => {
  const stage = await started(t);
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
  const server = await stage.serves(teams, old);
  const sent = await stage.send(server.port, requestText());
  assert.equal(sent.kind, 'failed');
  assert.match(sent.reason, /protocol version/);
});

for (const [suite, own] of [
  ...MICROSOFT.map((each) => [each, teams] as const),
  ...MICROSOFT.map((each) => [twinOf(each), ellipticTeams] as const),
]) {
  test(`where we dial, TLS 1.2 with ${suite} is taken`, async (t) => {
    const stage = await started(t);
    const server = await stage.serves(own, { maxVersion: 'TLSv1.2', ciphers: suite });
    assert.equal((await stage.send(server.port, requestText())).kind, 'sent');
    const peer = await server.accepted.next();
    assert.deepEqual([peer.socket.getProtocol(), peer.socket.getCipher().name], ['TLSv1.2', suite]);
  });
}

for (const [what, own, wanted] of [
  ['an RSA certificate', sbc, MICROSOFT],
  ['an ECDSA certificate', elliptic, MICROSOFT.map(twinOf)],
] as const) {
  test(`where a peer dials us and we show ${what}, of all suites of TLS 1.2 four are taken`, async (t) => {
    const stage = await TlsStage.start(t, { own: [own, second, first], roots: [root] });
    const taken: string[] = [];
    for (const suite of getCiphers()) {
      const options = { maxVersion: 'TLSv1.2', ciphers: `${suite.toUpperCase()}:@SECLEVEL=0` } as const;
      const peer = await stage.dials(teams, options).catch(() => undefined);
      if (peer?.error() === undefined && peer?.socket.getProtocol() === 'TLSv1.2')
        taken.push(peer.socket.getCipher().name);
      peer?.socket.destroy();
    }
    assert.deepEqual(taken.toSorted(), wanted.toSorted());
  });
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`over ${maxVersion}, a server that we dial is shown our leaf and both intermediates`, async (t) => {
    const stage = await started(t);
    const server = await stage.serves(teams, { maxVersion });
    const sent = stage.send(server.port, requestText());
    const peer = await server.accepted.next();
    assert.deepEqual(
      shownBy(peer.socket),
      [sbc, second, first].map(({ x509 }) => x509.fingerprint256),
    );
    peer.socket.write(okText(requestText()));
    assert.equal((await sent).kind, 'sent');
  });
}

test('a peer that dials us is shown our leaf and both intermediates', async (t) => {
  const stage = await started(t);
  const peer = await stage.dials(teams);
  assert.deepEqual(
    shownBy(peer.socket),
    [sbc, second, first].map(({ x509 }) => x509.fingerprint256),
  );
  const strict = await stage.dials(teams, { ca: root.pem, servername: 'sbc-0.example.com' });
  assert.equal(strict.socket.authorized, true, 'who knows the root alone takes it');
});

/** What the other side has sent: this side has no certificates of its own to fill gaps with. */
function shownBy(socket: TLSSocket): string[] {
  const shown: string[] = [];
  for (
    let next: X509Certificate | undefined = socket.getPeerX509Certificate();
    next !== undefined;
    next = next.issuerCertificate
  )
    shown.push(next.fingerprint256);
  return shown;
}
