import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { authorization, isAsStrong, parseChallenge, type DigestChallenge, type DigestUse } from './digest.ts';

/** RFC 7616 §3.9.1. */
const mufasa: DigestUse = {
  method: 'GET',
  uri: '/dir/index.html',
  credentials: { username: 'Mufasa', password: 'Circle of Life' },
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  count: 1,
};
const asked = (algorithm: string) =>
  'Digest realm="http-auth@example.org", qop="auth, auth-int", ' +
  `algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ` +
  'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

function challengeOf(value: string): DigestChallenge {
  const challenge = parseChallenge(value);
  assert.ok(challenge !== undefined, value);
  return challenge;
}

const responseIn = (header: string) => /response="([0-9a-f]+)"/.exec(header)?.[1];
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

test('RFC 7616 §3.9.1: the responses with MD5 and with SHA-256', () => {
  assert.equal(
    authorization(challengeOf(asked('MD5')), mufasa),
    'Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
      'uri="/dir/index.html", response="8ca523f5e9506fed4657c9700eebdbec", algorithm=MD5, ' +
      'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", ' +
      'qop=auth, nc=00000001',
  );
  assert.equal(
    responseIn(authorization(challengeOf(asked('SHA-256')), mufasa)),
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
});

test('RFC 2617 §3.5: the response of its example', () => {
  const challenge = challengeOf(
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
  );
  const credentials = { username: 'Mufasa', password: 'Circle Of Life' };
  const header = authorization(challenge, { ...mufasa, credentials, cnonce: '0a4f113b' });
  assert.equal(responseIn(header), '6629fae49393a05397450978507c4ef1');
  assert.doesNotMatch(header, /algorithm/, 'a challenge that names no algorithm gets none back');
});

test('without qop: RFC 2069, neither cnonce nor count', () => {
  const header = authorization(challengeOf('Digest realm="r", nonce="n"'), mufasa);
  assert.equal(responseIn(header), md5(`${md5('Mufasa:r:Circle of Life')}:n:${md5('GET:/dir/index.html')}`));
  assert.doesNotMatch(header, /cnonce|nc=|qop/);
});

test('-sess: the key holds nonce and cnonce, and stays with the second request', () => {
  const challenge = challengeOf('Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"');
  const use = { ...mufasa, cnonce: 'c' };
  const key = md5(`${md5('Mufasa:r:Circle of Life')}:n:c`);
  const expected = (count: string) => md5(`${key}:n:${count}:c:auth:${md5('GET:/dir/index.html')}`);
  assert.equal(responseIn(authorization(challenge, use)), expected('00000001'));
  assert.equal(responseIn(authorization(challenge, { ...use, count: 26 })), expected('0000001a'));
});

test('SHA-512-256 is stronger than SHA-256, and that than MD5', () => {
  const [weak, strong, strongest] = ['MD5', 'SHA-256', 'SHA-512-256'].map((name) => challengeOf(asked(name)));
  assert.ok(weak && strong && strongest);
  assert.deepEqual(
    [isAsStrong(strong, weak), isAsStrong(weak, strong), isAsStrong(strongest, strong), isAsStrong(weak, weak)],
    [true, false, true, true],
  );
  assert.match(authorization(strongest, mufasa), /response="[0-9a-f]{64}", algorithm=SHA-512-256,/);
});

test('a quote or backslash in a user name is escaped in the header and hashed as it is', () => {
  const credentials = { username: 'a"b\\c', password: 'p' };
  const header = authorization(challengeOf('Digest realm="r", nonce="n"'), { ...mufasa, credentials });
  assert.ok(header.startsWith('Digest username="a\\"b\\\\c", '));
  assert.equal(responseIn(header), md5(`${md5('a"b\\c:r:p')}:n:${md5('GET:/dir/index.html')}`));
});

test('what peers write differs: case, blanks, quotes, empty elements, unknown parameters', () => {
  const challenge = challengeOf(
    'DIGEST  Realm = "a \\"b\\", c" ,, NONCE="n" , domain="sip:x",stale=TRUE , algorithm="md5", QOP=Auth,',
  );
  assert.deepEqual(
    [challenge.realm, challenge.nonce, challenge.isStale, challenge.hash, challenge.hasQop],
    ['a \\"b\\", c', 'n', true, 'md5', true],
  );
});

for (const [what, value] of [
  ['another scheme', 'Basic realm="r"'],
  ['no nonce', 'Digest realm="r"'],
  ['no realm', 'Digest nonce="n"'],
  ['an algorithm that nobody knows', 'Digest realm="r", nonce="n", algorithm=AKAv1-MD5'],
  ['integrity of the body alone', 'Digest realm="r", nonce="n", qop="auth-int"'],
  ['a quote that never ends', 'Digest realm="r, nonce="n'],
  ['two parameters without comma', 'Digest realm="r" nonce="n"'],
  ['more than any challenge needs', `Digest realm="r", nonce="${'n'.repeat(5000)}"`],
] as const) {
  test(`not answered: ${what}`, () => {
    assert.equal(parseChallenge(value), undefined);
  });
}

test('any text is a challenge or none, and what comes back for one is a header without line breaks', () => {
  const text = fc.string({ unit: fc.constantFrom(...'Digest realmnoc=",\\ \tqpauth'.split('')) });
  fc.assert(
    fc.property(text, (tail) => {
      const challenge = parseChallenge(`Digest ${tail}, realm="r", nonce="n"`);
      if (challenge !== undefined) assert.doesNotMatch(authorization(challenge, mufasa), /[\r\n]/);
    }),
  );
});
