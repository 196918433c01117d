import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Authority } from './testing/authority.ts';
import type { Issued, LeafOptions } from './testing/authority.ts';
import { okText, requestText } from './testing/loopback.ts';
import { SIP, TEAMS, TlsStage } from './testing/tls-peers.ts';

const authority = new Authority();
after(() => authority.close());

/** Microsoft's notice MC1213773: name, SHA-1, kind of key, and the last day. */
const MICROSOFT_ROOTS = [
  ['DigiCert Global Root CA', 'A8985D3A65E5E5C4B2D7D66D40C6DD2FB19C5436', 'rsa 2048', '2031-11-10'],
  ['DigiCert Global Root G2', 'DF3C24F9BFD666761B268073FE06D1CC8D4F82A4', 'rsa 2048', '2038-01-15'],
  ['DigiCert Global Root G3', '7E04DE896A3E666D00E687D33FFAD93BE83D349E', 'ec secp384r1', '2038-01-15'],
  ['DigiCert TLS ECC P384 Root G5', '17F3DE5E9F0F19E98EF61F32266E20C407AE30EE', 'ec secp384r1', '2046-01-14'],
  ['DigiCert TLS RSA4096 Root G5', 'A78849DC5D7C758C8CDE399856B3AAD0B2A57135', 'rsa 4096', '2046-01-14'],
  ['Microsoft ECC Root Certificate Authority 2017', '999A64C37FF47D9FAB95F14769891460EEC4C3C5', 'ec secp384r1', '2042-07-18'],
  ['Microsoft RSA Root Certificate Authority 2017', '73A5E64A3BFF8316FF0EDCCC618A906E4EAE4D74', 'rsa 4096', '2042-07-18'],
] as const; // prettier-ignore

test("the preset MicrosoftTeams holds Microsoft's seven roots, each by its fingerprint, and nothing else", () => {
  const pem = readFileSync(new URL('../../data/microsoft-roots.pem', import.meta.url), 'latin1');
  const roots = (pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(
    (block) => new X509Certificate(block),
  );
  const facts = roots.map((root) => {
    const { modulusLength, namedCurve } = root.publicKey.asymmetricKeyDetails ?? {};
    return [
      /CN=(.*)/.exec(root.subject)?.[1],
      root.fingerprint.replaceAll(':', ''),
      `${root.publicKey.asymmetricKeyType ?? ''} ${modulusLength ?? namedCurve ?? ''}`,
      root.validToDate.toISOString().slice(0, 10),
    ];
  });
  assert.deepEqual(facts.toSorted(), MICROSOFT_ROOTS.toSorted());
  for (const root of roots) {
    assert.ok(root.ca && root.checkIssued(root) && root.verify(root.publicKey), root.subject);
    assert.ok(root.validFromDate.getTime() < Date.UTC(2026, 0, 1), root.subject);
  }
});

const named = { names: [SIP, TEAMS], purposes: 'serverAuth' } as const;
const own = authority.issue(authority.selfSigned('Public Root'), 'sbc', { names: ['sbc-0.example.com'] });

/** A stand-in: root, intermediate and leaf with keys of the kinds that Microsoft uses. */
function standIn(key: NonNullable<LeafOptions['key']>, leafKey: NonNullable<LeafOptions['key']>) {
  const root = authority.selfSigned(`Root ${key}`, { isAuthority: true, key, days: 3650 });
  const issuing = authority.issue(root, `Issuing ${key}`, { isAuthority: true, key, days: 900 });
  return { root, teams: withChain(authority.issue(issuing, 'teams', { ...named, key: leafKey }), issuing) };
}

/** What the peer sends: its leaf and these. */
const withChain = (leaf: Issued, ...above: readonly Issued[]): Issued => ({
  ...leaf,
  pem: [leaf, ...above].map(({ pem }) => pem).join(''),
});

const rsa2048 = standIn('RSA-2048', 'RSA-2048');
const rsa4096 = standIn('RSA-4096', 'RSA-2048');
const p384 = standIn('P-384', 'P-384');

/** An accepted peer's ping is answered (RFC 5626 §4.4.1); one that is refused is closed. */
const isHeard = async (stage: TlsStage, teams: Issued): Promise<boolean> => {
  const peer = await stage.dials(teams);
  peer.socket.write('\r\n\r\n');
  return Promise.race([peer.inbox.next().then((heard) => heard === '\r\n'), peer.closed.then(() => false)]);
};

const isDialled = async (stage: TlsStage, teams: Issued, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<boolean> => {
  const server = await stage.serves(teams, { maxVersion });
  const sent = stage.send(server.port, requestText());
  void server.accepted.next().then(({ socket }) => socket.write(okText(requestText())));
  return (await sent).kind === 'sent';
};

for (const [kind, { root, teams }] of Object.entries({
  'RSA 2048': rsa2048,
  'RSA 4096': rsa4096,
  'ECDSA P-384': p384,
})) {
  test(`a chain under a root of ${kind} is taken, dialled over either version and dialling`, async (t) => {
    const stage = await TlsStage.start(t, { own: [own], roots: [root] });
    assert.equal(await isHeard(stage, teams), true);
    assert.equal(await isDialled(stage, teams, 'TLSv1.2'), true);
    assert.equal(await isDialled(stage, teams, 'TLSv1.3'), true);
  });
}

test('while Microsoft goes from one root to another, chains under both are taken; then under the new one alone', async (t) => {
  const stage = await TlsStage.start(t, { own: [own], roots: [rsa2048.root] });
  const taken = async () => [
    await isHeard(stage, rsa2048.teams),
    await isDialled(stage, rsa2048.teams, 'TLSv1.2'),
    await isHeard(stage, p384.teams),
    await isDialled(stage, p384.teams, 'TLSv1.2'),
  ];
  assert.deepEqual(await taken(), [true, true, false, false]);
  assert.deepEqual(await stage.reload([own], [rsa2048.root, p384.root]), []);
  assert.deepEqual(await taken(), [true, true, true, true]);
  await stage.reload([own], [p384.root]);
  assert.deepEqual(await taken(), [false, false, true, true]);
});

const stranger = authority.selfSigned('Root RSA-2048', { isAuthority: true, key: 'RSA-2048' });
const strangersLeaf = authority.issue(stranger, 'stranger', named);
const mailOnly = authority.issue(rsa2048.root, 'Mail', {
  isAuthority: true,
  extensions: ['extendedKeyUsage=emailProtection'],
});
const odd = (...extensions: string[]) =>
  authority.issue(rsa2048.root, 'odd', {
    purposes: 'serverAuth',
    extensions: extensions.map((each) => `subjectAltName=${each}`),
  });
/** GeneralNames with one dNSName, written octet by octet: openssl's own syntax takes no NUL. */
const rawName = (name: string) => {
  const text = Buffer.from(name, 'latin1');
  return `DER:${Buffer.concat([Buffer.from([0x30, text.length + 2, 0x82, text.length]), text]).toString('hex')}`;
};
const manyNames = Array.from({ length: 200 }, (_, at) => `a${at}.example.com`);

const refused: Record<string, { teams: Issued; reason: string; afterDays?: number }> = {
  'under an unknown root of the same name': { teams: strangersLeaf, reason: 'untrusted-root' },
  'under an unknown root that is sent along': { teams: withChain(strangersLeaf, stranger), reason: 'untrusted-root' },
  'that signs itself': { teams: authority.selfSigned('self', named), reason: 'untrusted-root' },
  'that is an authority itself': {
    teams: authority.issue(rsa2048.root, 'authority', { ...named, isAuthority: true }),
    reason: 'leaf-is-ca',
  },
  'signed by a leaf': {
    teams: withChain(authority.issue(rsa2048.teams, 'forged', named), rsa2048.teams),
    reason: 'untrusted-root',
  },
  'that has expired': { teams: rsa2048.teams, afterDays: 100, reason: 'expired' },
  'under a root that has expired': {
    teams: authority.issue(rsa2048.root, 'long', { ...named, days: 5000 }),
    afterDays: 4000,
    reason: 'expired',
  },
  'with another name': {
    teams: authority.issue(rsa2048.root, 'other', { ...named, names: ['sip.example.com'] }),
    reason: 'name-mismatch',
  },
  'under an authority for mail': {
    teams: withChain(authority.issue(mailOnly, 'mail', named), mailOnly),
    reason: 'wrong-purpose',
  },
  'whose name ends in a NUL and another domain': {
    teams: odd(rawName(`${SIP}\0.example.com`)),
    reason: 'name-mismatch',
  },
  'whose name has a quoted comma in it': { teams: odd(rawName(`x", DNS:${SIP}`)), reason: 'name-mismatch' },
  'that has its name among mail addresses and URIs': {
    teams: odd(`email:a@${SIP},URI:sip:${SIP},otherName:1.3.6.1.4.1.1;UTF8:${SIP}`),
    reason: 'name-mismatch',
  },
  'with two hundred other names': {
    teams: authority.issue(rsa2048.root, 'many', { purposes: 'serverAuth', names: manyNames }),
    reason: 'name-mismatch',
  },
};

for (const [what, { teams, reason, afterDays }] of Object.entries(refused)) {
  test(`a certificate for servers alone ${what} is refused, dialled and dialling: ${reason}`, async (t) => {
    const stage = await TlsStage.start(t, {
      // Ours outlasts them all.
      own: [authority.selfSigned('sbc', { names: ['sbc-0.example.com'], days: 6000 })],
      roots: [rsa2048.root],
      startWallMs: rsa2048.root.x509.validFromDate.getTime() + (1 + (afterDays ?? 0)) * 86_400_000,
    });
    const peer = await stage.dials(teams);
    await peer.closed;
    assert.equal(await stage.loopback.certificatesRefused.next(), reason);
    const server = await stage.serves(teams);
    const sent = await stage.send(server.port, requestText());
    // Where we dial an address, it is a name that counts; none of these carries it.
    assert.deepEqual(sent, { kind: 'failed', reason: `${TEAMS}: certificate refused: ${reason}` });
    assert.equal(stage.loopback.user.requests.size, 0);
  });
}

test("Microsoft's name among two hundred others is found", async (t) => {
  const teams = authority.issue(rsa2048.root, 'many', { purposes: 'serverAuth', names: [...manyNames, SIP] });
  const stage = await TlsStage.start(t, { own: [own], roots: [rsa2048.root] });
  assert.equal(await isHeard(stage, teams), true);
});

for (const [count, reason] of [
  [8, 'certificate-refused'],
  [30, 'handshake-too-costly'],
] as const) {
  test(`a peer that sends ${count} authorities of one name is refused after a bounded look: ${reason}`, async (t) => {
    const noise = Array.from({ length: count }, () => authority.selfSigned('Issuing RSA-2048', { isAuthority: true }));
    const stage = await TlsStage.start(t, { own: [own], roots: [rsa2048.root] });
    const peer = await stage.dials(withChain(strangersLeaf, ...noise));
    await peer.closed;
    assert.equal(await stage.loopback.refused.next(), reason);
  });
}
