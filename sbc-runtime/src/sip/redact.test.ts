import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { redact } from './redact.ts';

suite('redact', () => {
  const lines: Record<string, string> = {
    'Authorization: Digest username="a", response="s3cret"': 'Authorization: [redacted]',
    'PROXY-AUTHORIZATION:Digest x': 'PROXY-AUTHORIZATION:[redacted]',
    'www-authenticate  : Digest nonce="n"': 'www-authenticate  : [redacted]',
    'Proxy-Authenticate: Digest nonce="n"': 'Proxy-Authenticate: [redacted]',
    'Authentication-Info: rspauth="x"': 'Authentication-Info: [redacted]',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:JPEaIxHegf|2^31|1:1':
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[redacted]',
    'A=CRYPTO:1 X INLINE:abc;inline:def': 'A=CRYPTO:1 X INLINE:[redacted]',
    'a=crypto:1 odd': 'a=crypto:[redacted]',
    'a=ice-pwd:asd88fgpdd777uzjYhagZg': 'a=ice-pwd:[redacted]',
    'a=key-mgmt:mikey AQAF': 'a=key-mgmt:[redacted]',
    'k=clear:secret': 'k=[redacted]',
    'a=ice-ufrag:8hhY': 'a=ice-ufrag:8hhY',
    'a=fingerprint:sha-256 AE:24': 'a=fingerprint:sha-256 AE:24',
    'Allow: INVITE': 'Allow: INVITE',
    'Authorization-Odd: kept': 'Authorization-Odd: kept',
    Authorization: 'Authorization',
  };
  for (const [line, expected] of Object.entries(lines)) {
    test(`${line} becomes ${expected}`, () => {
      assert.equal(redact(`Via: x\r\n${line}\r\nTo: y\r\n`), `Via: x\r\n${expected}\r\nTo: y\r\n`);
      assert.equal(redact(`${line}\nv=0`), `${expected}\nv=0`);
    });
  }

  test('a folded value is blanked to its end, and not beyond', () => {
    assert.equal(
      redact('Authorization: Digest\r\n a="1",\r\n\tb="2"\r\nTo: x\r\n y\r\n'),
      'Authorization: [redacted]\r\n [redacted]\r\n\t[redacted]\r\nTo: x\r\n y\r\n',
    );
    assert.equal(redact('a=ice-pwd:x\r\n y\r\n'), 'a=ice-pwd:[redacted]\r\n y\r\n');
  });

  test('no secret remains, wherever its line stands', () => {
    const secret = fc.constantFrom(
      'Authorization: hunter2',
      'Proxy-Authorization:\r\n hunter2\r\n\thunter2',
      'a=crypto:1 A inline:hunter2',
      'a=ice-pwd:hunter2',
      'WWW-AUTHENTICATE : hunter2',
    );
    const line = fc.oneof(secret, fc.stringMatching(/^[A-Za-z]{1,12}: [ -~]{0,20}$/), fc.constant(''));
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\r\n', '\n'), (all, end) => {
        assert.equal(redact(all.join(end)).includes('hunter2'), false);
      }),
    );
  });
});
