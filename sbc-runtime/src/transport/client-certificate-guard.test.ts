import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { ClientCertificateGuard, judgeCertificates } from './client-certificate-guard.ts';
import { Authority } from './testing/authority.ts';
import { der, ecKey, forgedCertificate, oddNumber, otherKey, rsaKey } from './testing/forged-chain.ts';

const authority = new Authority();
after(() => authority.close());
const limits = { maxHandshakeBytes: 16 * 1024 };

const three = (length: number) => Buffer.from([length >> 16, (length >> 8) & 0xff, length & 0xff]);
const list = (...certificates: readonly Buffer[]) => {
  const entries = Buffer.concat(certificates.flatMap((each) => [three(each.length), each]));
  return Buffer.concat([three(entries.length), entries]);
};
const message = (type: number, body: Buffer) => Buffer.concat([Buffer.from([type]), three(body.length), body]);
const record = (type: number, content: Buffer) =>
  Buffer.concat([Buffer.from([type, 3, 3, content.length >> 8, content.length & 0xff]), content]);
const handshake = (...messages: readonly Buffer[]) => record(22, Buffer.concat(messages));

const HELLO = message(1, Buffer.alloc(200, 7));
const KEY_EXCHANGE = message(16, Buffer.alloc(66, 9));
const CHANGE_CIPHER_SPEC = record(20, Buffer.from([1]));
const certificateOf = (key: Buffer) => forgedCertificate({ subject: 'CN=a', issuer: 'CN=b', key });
const spki = (pair: { publicKey: { export(options: { type: 'spki'; format: 'der' }): Buffer } }) =>
  pair.publicKey.export({ type: 'spki', format: 'der' });
const onCurve = (namedCurve: string) => spki(generateKeyPairSync('ec', { namedCurve }));
const p256 = certificateOf(onCurve('prime256v1'));
const costly = certificateOf(rsaKey(oddNumber(384), oddNumber(384)));
const flight = (...certificates: readonly Buffer[]) =>
  Buffer.concat([
    handshake(HELLO),
    handshake(message(11, list(...certificates)), KEY_EXCHANGE),
    CHANGE_CIPHER_SPEC,
    record(22, Buffer.alloc(40, 1)),
  ]);

const look = (octets: Buffer) => new ClientCertificateGuard(limits).look(octets);
/** In pieces that end at `cuts`: the verdict, and how many octets OpenSSL would have been given before it. */
function lookInPieces(octets: Buffer, cuts: readonly number[]): { verdict: string; given: number } {
  const guard = new ClientCertificateGuard(limits);
  let at = 0;
  for (const cut of [...cuts, octets.length].toSorted((a, b) => a - b)) {
    const verdict = guard.look(octets.subarray(at, cut));
    if (verdict !== 'more') return { verdict, given: at };
    at = cut;
  }
  return { verdict: 'more', given: at };
}

test('certificates as public authorities issue them pass', () => {
  const root = authority.selfSigned('Root', { isAuthority: true, key: 'RSA-4096' });
  const issuing = authority.issue(root, 'Issuing', { isAuthority: true, key: 'P-384' });
  const leaf = authority.issue(issuing, 'leaf', { names: ['sip.example.com'], key: 'RSA-2048' });
  assert.equal(look(flight(...[leaf, issuing, root].map(({ x509 }) => x509.raw))), 'passed');
});

test('no certificate at all passes, and a handshake without the message is looked at until it comes', () => {
  assert.equal(look(flight()), 'passed');
  assert.equal(look(Buffer.concat([handshake(HELLO), handshake(KEY_EXCHANGE), CHANGE_CIPHER_SPEC])), 'more');
});

const kinds: Record<string, { key: Buffer; is: string }> = {
  'RSA of 8192 bits with 65537': { key: rsaKey(oddNumber(1024), Buffer.from([1, 0, 1])), is: 'passed' },
  'RSA of 8200 bits': { key: rsaKey(oddNumber(1025), Buffer.from([1, 0, 1])), is: 'too-costly' },
  'RSA with an exponent of 32 bits': { key: rsaKey(oddNumber(256), oddNumber(4)), is: 'passed' },
  'RSA with an exponent of 40 bits': { key: rsaKey(oddNumber(256), oddNumber(5)), is: 'too-costly' },
  'RSA-PSS with an exponent as long as the modulus': {
    key: rsaKey(oddNumber(384), oddNumber(384), '2a864886f70d01010a'),
    is: 'too-costly',
  },
  'RSA whose exponent has zeros ahead': {
    key: rsaKey(oddNumber(256), Buffer.concat([Buffer.alloc(100), Buffer.from([1, 0, 1])])),
    is: 'passed',
  },
  'RSA without numbers': { key: otherKey('2a864886f70d010101', Buffer.from([1, 2, 3])), is: 'unreadable' },
  'P-256': { key: onCurve('prime256v1'), is: 'passed' },
  'P-384': { key: onCurve('secp384r1'), is: 'passed' },
  'P-521': { key: onCurve('secp521r1'), is: 'passed' },
  Ed25519: { key: spki(generateKeyPairSync('ed25519')), is: 'passed' },
  Ed448: { key: spki(generateKeyPairSync('ed448')), is: 'passed' },
  'the curve sect571r1': { key: onCurve('sect571r1'), is: 'too-costly' },
  'a curve whose name nobody knows': { key: ecKey('2b81040099', Buffer.alloc(65, 4)), is: 'too-costly' },
  'a curve that is written out': {
    key: spki(generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' })),
    is: 'too-costly',
  },
  DSA: { key: otherKey('2a8648ce380401', oddNumber(128)), is: 'too-costly' },
  X25519: { key: otherKey('2b656e', oddNumber(32)), is: 'too-costly' },
};
for (const [kind, { key, is }] of Object.entries(kinds))
  test(`a certificate with ${kind}: ${is}, as the leaf and above it`, () => {
    assert.equal(look(flight(certificateOf(key))), is);
    assert.equal(look(flight(p256, certificateOf(key))), is);
  });

test('ten certificates pass, eleven do not; of P-521 five and six', () => {
  const times = (count: number, each: Buffer) => look(flight(...Array.from({ length: count }, () => each)));
  const p521 = certificateOf(onCurve('secp521r1'));
  assert.deepEqual([times(10, p256), times(11, p256)], ['passed', 'too-costly']);
  assert.deepEqual([times(5, p521), times(6, p521)], ['passed', 'too-costly']);
});

test('a message of more than 16 KiB is refused at its head, and so is as much of anything before it', () => {
  const big = handshake(Buffer.concat([Buffer.from([11]), three(16 * 1024 + 1)]));
  assert.equal(look(Buffer.concat([handshake(HELLO), big])), 'too-costly');
  const noise = Buffer.concat(Array.from({ length: 4 }, () => handshake(message(1, Buffer.alloc(5000)))));
  assert.equal(look(noise), 'too-costly');
  assert.equal(look(noise.subarray(0, 16 * 1024)), 'more');
});

test('what follows the certificates is not counted', () => {
  assert.equal(look(Buffer.concat([flight(p256), Buffer.alloc(60_000, 23)])), 'passed');
});

test('wherever the octets are cut, the chain is refused before OpenSSL has its last octet', () => {
  const octets = flight(p256, costly);
  const end = octets.length - CHANGE_CIPHER_SPEC.length - 45 - KEY_EXCHANGE.length;
  for (let cut = 0; cut <= octets.length; cut++) {
    const { verdict, given } = lookInPieces(octets, [cut]);
    assert.equal(verdict, 'too-costly');
    assert.ok(given < end, `cut at ${cut}`);
  }
});

test('messages may be spread over records of any length, with alerts and empty records in between', () => {
  const warning = record(21, Buffer.from([1, 90]));
  for (const [certificate, is] of [
    [p256, 'passed'],
    [costly, 'too-costly'],
  ] as const) {
    const body = message(11, list(certificate));
    for (const size of [1, 2, 3, 7, 100]) {
      const records: Buffer[] = [handshake(HELLO)];
      for (let at = 0; at < body.length; at += size)
        records.push(handshake(body.subarray(at, at + size)), warning, handshake(Buffer.alloc(0)));
      // Each octet costs a record: of octets alone there may be too many.
      const verdict = look(Buffer.concat(records));
      assert.ok(verdict === is || (size < 3 && verdict === 'too-costly'), `${size}: ${verdict}`);
    }
  }
});

test('octets that are no TLS are told apart at the head of the first record, an SSL 2.0 hello as well', () => {
  for (const first of [
    'GET / HTTP/1.1\r\n\r\n',
    'OPTIONS sip:a SIP/2.0\r\n',
    '\x80\x2e\x01\x03\x03\0\0\0',
    '\x17\x03\x03\0\x05hallo',
  ]) {
    const guard = new ClientCertificateGuard(limits);
    assert.equal(guard.look(Buffer.from(first, 'latin1')), 'no-handshake');
    assert.equal(guard.lookedAt, 5);
    assert.equal(guard.look(flight(p256)), 'no-handshake', 'it stays with it');
  }
});

test('lists that do not add up, and certificates in BER, are not for OpenSSL to try', () => {
  const good = list(p256);
  const short = Buffer.concat([three(good.length - 4), good.subarray(3)]);
  const indefinite = Buffer.concat([Buffer.from([0x30, 0x80]), p256.subarray(4), Buffer.alloc(2)]);
  const behind = Buffer.concat([p256, Buffer.from([0])]);
  for (const body of [
    short,
    good.subarray(0, -1),
    Buffer.alloc(2),
    list(indefinite),
    list(behind),
    list(Buffer.alloc(0)),
  ])
    assert.equal(judgeCertificates(body), 'unreadable');
  assert.equal(judgeCertificates(list(der(0x30, der(0x30)))), 'unreadable');
});

test('however octets are cut, the verdict is the same', () => {
  const samples = [flight(p256), flight(p256, costly), flight(), Buffer.from('GET / HTTP/1.1\r\n\r\n')];
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.array(fc.nat(2000), { maxLength: 20 }), (octets, cuts) => {
      const inside = cuts.map((cut) => cut % octets.length);
      assert.equal(lookInPieces(octets, inside).verdict, look(octets));
    }),
    { seed: 4711, numRuns: 300 },
  );
});

test('no octets make it throw', () => {
  const sample = flight(p256, costly);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(sample.length), fc.nat(255), (noise, at, octet) => {
      const damaged = Buffer.from(sample);
      damaged[at] = octet;
      for (const octets of [Buffer.from(noise), damaged, handshake(message(11, list(Buffer.from(noise))))])
        assert.equal(typeof look(octets), 'string');
      assert.equal(typeof judgeCertificates(Buffer.from(noise)), 'string');
    }),
    { seed: 4711, numRuns: 500 },
  );
});
