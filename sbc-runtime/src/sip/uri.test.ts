import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { formatUri, isSipUri, isTelUri, parseUri } from './uri.ts';

const cases = {
  'sip:alice@example.com': { user: 'alice', host: 'example.com' },
  'sips:alice:secret@example.com:5061': {
    scheme: 'sips',
    user: 'alice',
    password: 'secret',
    host: 'example.com',
    port: 5061,
  },
  'sip:sip.pstnhub.microsoft.com:5061;x-m=8:orgid:dfcba638-4ecd-4382-8095-6160fb18aa16;transport=tls': {
    user: undefined,
    host: 'sip.pstnhub.microsoft.com',
    port: 5061,
    params: [
      ['x-m', '8:orgid:dfcba638-4ecd-4382-8095-6160fb18aa16'],
      ['transport', 'tls'],
    ],
  },
  'sip:api-du-a-usea.pstnhub.microsoft.com:443;x-i=b712d12c;x-c=a35a/s/1/4b30': {
    host: 'api-du-a-usea.pstnhub.microsoft.com',
    port: 443,
    params: [
      ['x-i', 'b712d12c'],
      ['x-c', 'a35a/s/1/4b30'],
    ],
  },
  'sip:+49891234;ext=56@example.com;user=phone': {
    user: '+49891234;ext=56',
    host: 'example.com',
    params: [['user', 'phone']],
  },
  'sip:user;par=u%40example.net@example.com': { user: 'user;par=u%40example.net', host: 'example.com' },
  'sip:gw+teams@203.0.113.7:5061;transport=tls;gw=teams': { user: 'gw+teams', host: '203.0.113.7', port: 5061 },
  'sip:bob@[2001:db8::1]:5060;lr': { user: 'bob', host: '2001:db8::1', port: 5060, params: [['lr', undefined]] },
  'sip:[2001:db8::1]': { user: undefined, host: '2001:db8::1' },
  'sip:alice@example.com;maddr=192.0.2.1?Subject=x&To=y': { host: 'example.com', headers: 'Subject=x&To=y' },
  'sip:sbc_0.default.svc;__proto__=x': { host: 'sbc_0.default.svc', params: [['__proto__', 'x']] },
} as const;

suite('parseUri', () => {
  for (const [text, expected] of Object.entries(cases)) {
    test(`${text} is read and written back as it was`, () => {
      const uri = parseUri(text);
      assert.ok(isSipUri(uri));
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(name === 'params' ? [...uri.params] : uri[name as 'host'], value);
      }
      assert.equal(formatUri(uri), text);
    });
  }

  test('scheme and parameter names have no case', () => {
    const uri = parseUri('SIP:example.com;Transport=TLS;LR');
    assert.ok(isSipUri(uri));
    assert.equal(uri.scheme, 'sip');
    assert.equal(uri.params.get('transport'), 'TLS');
    assert.equal(uri.params.get('lr'), '');
    assert.equal(uri.params.get('maddr'), undefined);
  });

  test('a tel URI is a number with parameters', () => {
    const uri = parseUri('tel:+1-201-555-0123;phone-context=example.com;ext=7');
    assert.ok(isTelUri(uri));
    assert.equal(uri.number, '+1-201-555-0123');
    assert.equal(uri.params.get('ext'), '7');
    assert.equal(formatUri(uri), 'tel:+1-201-555-0123;phone-context=example.com;ext=7');
  });

  test('any other scheme is kept as text', () => {
    const uri = parseUri('urn:service:sos');
    assert.deepEqual(uri, { scheme: 'urn', rest: 'service:sos' });
    assert.equal(formatUri({ scheme: 'urn', rest: 'service:sos' }), 'urn:service:sos');
    assert.equal(isSipUri(uri) || isTelUri(uri), false);
  });

  for (const text of [
    ...[
      '',
      'sip',
      'sip:',
      ':x',
      'alice@example.com',
      'sip:@example.com',
      'sip:alice@',
      'sip:a b@example.com',
      'tel:',
      'tel:;x=y',
    ],
    ...[
      '<sip:a@example.com>',
      'sip:a@example.com>',
      'sip:a@exa mple.com',
      'sip:a@example.com:',
      'sip:a@example.com:0',
      'tel:1?x=y',
    ],
    ...[
      'sip:a@example.com:65536',
      'sip:a@example.com:5x',
      'sip:[2001:db8::1',
      'sip:[example]',
      'sip:2001:db8::1',
      'sip:a@b/c',
      '%:x y',
    ],
  ]) {
    test(`${JSON.stringify(text)} is no URI`, () => {
      assert.equal(parseUri(text), undefined);
    });
  }

  test('what is read can be written and read again', () => {
    const part = fc.stringMatching(/^[a-zA-Z0-9\-_.!~*'()&=+$,/:;?%@[\]]{0,20}$/);
    fc.assert(
      fc.property(part, part, (left, right) => {
        const uri = parseUri(`sip:${left}@${right}`);
        if (uri === undefined) return;
        const text = formatUri(uri);
        const again = parseUri(text);
        assert.ok(again);
        assert.equal(formatUri(again), text);
      }),
      { numRuns: 2000 },
    );
  });
});
