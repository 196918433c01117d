import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { keyOf } from './header-names.ts';
import { Headers } from './headers.ts';

suite('Headers', () => {
  test('a name is found whatever its case, and by its compact form', () => {
    const headers = Headers.from([
      ['VIA', 'SIP/2.0/TLS a'],
      ['i', 'one'],
      ['x-ms-userlocation', 'external'],
    ]);
    assert.equal(headers.get('Via'), 'SIP/2.0/TLS a');
    assert.equal(headers.get('v'), 'SIP/2.0/TLS a');
    assert.equal(headers.get('Call-ID'), 'one');
    assert.equal(headers.get('CALL-id'), 'one');
    assert.equal(headers.get('X-MS-UserLocation'), 'external');
    assert.equal(headers.get('Contact'), undefined);
  });

  test('every compact form of RFC 3261, 3265, 3515, 3841, 3892, 4028 and 8224 is known', () => {
    const forms = 'a b c d e f i j k l m n o r s t u v x y'.split(' ');
    assert.deepEqual(forms.map(keyOf), [
      ...[
        'accept-contact',
        'referred-by',
        'content-type',
        'request-disposition',
        'content-encoding',
        'from',
        'call-id',
      ],
      ...['reject-contact', 'supported', 'content-length', 'contact', 'identity-info', 'event', 'refer-to', 'subject'],
      ...['to', 'allow-events', 'via', 'session-expires', 'identity'],
    ]);
  });

  test('order, spelling and repetition stay', () => {
    const pairs = [
      ['VIA', 'a'],
      ['X-Odd', '1'],
      ['v', 'b'],
      ['x-odd', '2'],
    ] as const;
    const headers = Headers.from(pairs);
    assert.deepEqual([...headers], pairs);
    assert.deepEqual(headers.getAll('via'), ['a', 'b']);
    assert.deepEqual(headers.getAll('X-ODD'), ['1', '2']);
  });

  test('a list is split at commas outside quotes and brackets, over all lines', () => {
    const headers = Headers.from([
      ['Contact', '"Bell, A" <sip:a@b;x=1,2>;q=0.5 , <sip:c@d>'],
      ['m', ',<sip:e@f>,, "un\\"quoted, <x" <sip:g@h>'],
    ]);
    assert.deepEqual(headers.list('Contact'), [
      '"Bell, A" <sip:a@b;x=1,2>;q=0.5',
      '<sip:c@d>',
      '<sip:e@f>',
      '"un\\"quoted, <x" <sip:g@h>',
    ]);
  });

  test('set replaces the first, removes the others and leaves the rest where it is', () => {
    const headers = Headers.from([
      ['A', '1'],
      ['v', 'x'],
      ['B', '2'],
      ['Via', 'y'],
    ]).set('Via', 'z');
    assert.deepEqual(
      [...headers],
      [
        ['A', '1'],
        ['Via', 'z'],
        ['B', '2'],
      ],
    );
    assert.deepEqual([...headers.set('C', '3')].at(-1), ['C', '3']);
  });

  test('replaceFirst leaves the other lines and the spelling alone', () => {
    const headers = Headers.from([
      ['v', 'x'],
      ['Via', 'y'],
    ]).replaceFirst('Via', 'z');
    assert.deepEqual(
      [...headers],
      [
        ['v', 'z'],
        ['Via', 'y'],
      ],
    );
  });

  test('prepend and delete act on all spellings', () => {
    const headers = Headers.from([['v', 'x']]).prepend('Via', 'top');
    assert.equal(headers.get('via'), 'top');
    assert.equal(headers.delete('VIA').has('v'), false);
    assert.equal(headers.size, 0);
  });

  test('a clone goes its own way', () => {
    const headers = Headers.from([['A', '1']]);
    headers.clone().append('B', '2').set('A', '3');
    assert.deepEqual([...headers], [['A', '1']]);
  });

  test('every change is a new revision', () => {
    const headers = Headers.from([['A', '1']]);
    const seen = new Set([headers.revision]);
    for (const change of [
      () => headers.append('B', '2'),
      () => headers.set('A', '3'),
      () => headers.prepend('C', '4'),
      () => headers.replaceFirst('A', '5'),
      () => headers.delete('C'),
      () => headers.appendAllOf('X', Headers.from([['X', '1']])),
    ]) {
      change();
      seen.add(headers.revision);
    }
    assert.equal(seen.size, 7);
  });

  test('names of the prototype are headers like any other', () => {
    const headers = Headers.from([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    assert.equal(headers.get('__PROTO__'), 'a');
    assert.equal(headers.get('constructor'), 'b');
    assert.equal(headers.get('toString'), undefined);
    assert.deepEqual([...headers][0], ['__proto__', 'a']);
  });

  test('Content-Length is written in its place, once, and at the end where there is none', () => {
    const headers = Headers.from([
      ['l', '7'],
      ['A', '1'],
      ['Content-Length', '9'],
    ]);
    assert.equal(headers.toWire(4), 'l: 4\r\nA: 1\r\n');
    assert.equal(headers.delete('l').toWire(0), 'A: 1\r\nContent-Length: 0\r\n');
  });

  test('a line break in a name or value is refused when it is written, until it is gone', () => {
    for (const [name, value] of [
      ['X', 'a\r\nVia: evil'],
      ['X', 'a\nb'],
      ['X', 'a\rb'],
      ['X: y\r\nZ', 'a'],
      ['', 'a'],
      ['X Y', 'a'],
    ] as const) {
      const headers = Headers.from([[name, value]]);
      assert.throws(() => headers.toWire(0), SyntaxError);
      assert.throws(() => headers.clone().toWire(0), SyntaxError);
      assert.throws(() => Headers.from([]).appendAllOf(name, headers).toWire(0), SyntaxError);
      assert.equal(headers.delete(name).toWire(0), 'Content-Length: 0\r\n');
    }
  });

  test('joined elements come back from list', () => {
    const element = fc.oneof(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.stringMatching(/^"([a-z,<> ]|\\[a-z"\\]){0,8}" <sip:[a-z,]{1,8}>;q=0\.[0-9]$/),
    );
    fc.assert(
      fc.property(fc.array(fc.array(element, { minLength: 1 }), { maxLength: 4 }), (lines) => {
        const headers = Headers.from(lines.map((elements) => ['Contact', elements.join(', ')]));
        assert.deepEqual(headers.list('m'), lines.flat());
      }),
    );
  });
});
