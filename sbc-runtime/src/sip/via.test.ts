import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Headers } from './headers.ts';
import { Params } from './params.ts';
import { formatVia, parseFirstVia, parseVia, replaceTopVia, Via } from './via.ts';

suite('parseVia', () => {
  test('sent-by, branch, received and rport are read', () => {
    const via = parseVia('SIP/2.0/UDP sbc.example.com:5061;alias;branch=z9hG4bKac;received=192.0.2.9;rport=4711');
    assert.ok(via);
    assert.deepEqual([via.protocol, via.host, via.port], ['UDP', 'sbc.example.com', 5061]);
    assert.deepEqual([via.branch, via.received, via.rport], ['z9hG4bKac', '192.0.2.9', 4711]);
    assert.equal(
      formatVia(via),
      'SIP/2.0/UDP sbc.example.com:5061;alias;branch=z9hG4bKac;received=192.0.2.9;rport=4711',
    );
  });

  test('an rport without a value asks for one', () => {
    assert.equal(parseVia('SIP/2.0/UDP a;rport')?.rport, true);
    assert.equal(parseVia('SIP/2.0/UDP a')?.rport, undefined);
    assert.equal(parseVia('SIP/2.0/UDP a;rport=x')?.rport, undefined);
  });

  test('IPv6 is read with brackets, and in received without them as well', () => {
    const via = parseVia('SIP/2.0/TLS [2001:db8::9]:5061;received=2001:db8::1;branch=z9hG4bK1');
    assert.deepEqual([via?.host, via?.port, via?.received], ['2001:db8::9', 5061, '2001:db8::1']);
    assert.equal(parseVia('SIP/2.0/TLS [2001:db8::9];received=[2001:db8::1]')?.received, '2001:db8::1');
    assert.equal(formatVia(new Via('TLS', '2001:db8::9', 5061)), 'SIP/2.0/TLS [2001:db8::9]:5061');
  });

  test('blanks around slashes, colons and equals signs are allowed', () => {
    const via = parseVia('SIP  / 2.0  / tcp     spindle.example.com : 5070   ; branch  =   z9hG4bK9ikj8  ');
    assert.deepEqual(
      [via?.protocol, via?.host, via?.port, via?.branch],
      ['TCP', 'spindle.example.com', 5070, 'z9hG4bK9ikj8'],
    );
  });

  test('an unknown transport is kept as it is', () => {
    assert.equal(parseVia('SIP/2.0/Unknown t4.example.com')?.protocol, 'Unknown');
  });

  test('of a list the first is read', () => {
    assert.equal(parseVia('SIP/2.0/UDP a, SIP/2.0/UDP b'), undefined);
    assert.equal(parseFirstVia('SIP/2.0/UDP a;x="," , SIP/2.0/UDP b')?.host, 'a');
  });

  for (const text of [
    ...[
      '',
      'SIP/2.0/UDP',
      'SIP/2.0/UDP ',
      'SIP/2.0/ a',
      'SIP/3.0/UDP a',
      'HTTP/2.0/UDP a',
      'SIP/2.0/UDP a b',
      'SIP/2.0/UDP 192.0.2.15;;,;,,',
    ],
    ...[
      'SIP/2.0/UDP a;=x',
      'SIP/2.0/UDP a:0',
      'SIP/2.0/UDP a:x',
      'SIP/2.0/UDP [::1',
      'SIP/2.0/UDP a;b="',
      'SIP/2.0/UDP <a>',
    ],
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parseVia(text), undefined);
    });
  }
});

suite('replaceTopVia', () => {
  test('keeps the Vias below it, on its own line and on others', () => {
    const headers = Headers.from([
      ['v', 'SIP/2.0/UDP a;rport, SIP/2.0/UDP b'],
      ['Via', 'SIP/2.0/UDP c'],
    ]);
    replaceTopVia(headers, new Via('UDP', 'a', undefined, Params.from([['rport', '5060']])));
    assert.deepEqual(headers.list('Via'), ['SIP/2.0/UDP a;rport=5060', 'SIP/2.0/UDP b', 'SIP/2.0/UDP c']);
  });
});
