import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_HEADER_LINES } from './head.ts';
import type { Message, Request } from './message.ts';
import { parseDatagram, parseHead } from './parse.ts';
import { responseTo } from './response-to.ts';
import { serialize } from './serialize.ts';

const base = [
  'INVITE sip:b@example.com SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',
  'From: <sip:a@example.com>;tag=1',
  'To: <sip:b@example.com>',
  'Call-ID: x@y',
  'CSeq: 1 INVITE',
];

const datagram = (lines: readonly string[], body = ''): string => `${lines.join('\r\n')}\r\n\r\n${body}`;
const changed = (name: string, line: string | undefined): string[] =>
  base.flatMap((old) => (!old.startsWith(`${name}:`) ? [old] : line === undefined ? [] : [line]));

function accept(text: string): Message {
  const result = parseDatagram(text);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return result.message;
}

function refuse(text: string): { status: number; reason: string; request?: Request } {
  const result = parseDatagram(text);
  assert.ok(!result.ok);
  return result;
}

suite('parseDatagram', () => {
  test('a message of Microsoft, names in capitals and no tag in its 200, is read', () => {
    const message = accept(
      datagram([
        'SIP/2.0 200 OK',
        'FROM: <sip:teams.jambonz.us:5061;transport=tls>;tag=SX7B39veap93c',
        'TO: <sip:sip.pstnhub.microsoft.com>',
        'CSEQ: 23765299 OPTIONS',
        'CALL-ID: dfe4b29f-51cb-1239-3b99-06ce423ffcdb',
        'VIA: SIP/2.0/TLS 54.174.72.99;branch=z9hG4bK1HQpp1BtBQ30N',
        'CONTENT-LENGTH: 0',
        'ALLOW: INVITE,ACK,OPTIONS,CANCEL,BYE,NOTIFY',
        'SERVER: Microsoft.PSTNHub.SIPProxy v.2020.7.31.1 i.USWE2.3',
      ]),
    );
    assert.ok(!message.isRequest);
    assert.equal(message.status, 200);
    assert.equal(message.to.tag, undefined);
    assert.equal(message.from.tag, 'SX7B39veap93c');
    assert.deepEqual(message.headers.list('Allow'), ['INVITE', 'ACK', 'OPTIONS', 'CANCEL', 'BYE', 'NOTIFY']);
  });

  test('the body is as long as Content-Length says, and the rest where there is none', () => {
    assert.equal(accept(datagram([...base, 'l: 3'], 'abcdef')).body, 'abc');
    assert.equal(accept(datagram([...base, 'l: 0'], 'abcdef')).body, '');
    assert.equal(accept(datagram(base, 'abcdef')).body, 'abcdef');
  });

  test('line breaks before the start line are skipped', () => {
    assert.equal(accept(`\r\n\r\n${datagram(base)}`).callId, 'x@y');
  });

  test('lines are written back as they were: unknown names, order, spelling and repetition', () => {
    const lines = [...base, 'x-Odd: 1', 'X-ODD: ;;,,;;,;', '__proto__: polluted', 'k: a', 'Supported: b', 'l: 0'];
    assert.equal(serialize(accept(datagram(lines))), datagram(lines));
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  test('a folded value is one line with single spaces; 0xA0 is half a letter, not a blank', () => {
    const message = accept(datagram([...base, 'Subject: a', '  b\t', '\t', ' \xc3\xa0', 'X: \xa0y\xa0 ']));
    assert.equal(message.headers.get('Subject'), 'a b \xc3\xa0');
    assert.equal(message.headers.get('X'), '\xa0y\xa0');
  });

  const refusals: Record<string, readonly [string, number, string]> = {
    'no empty line': [base.join('\r\n'), 400, 'Missing Empty Line'],
    'a repeated From': [datagram([...base, 'f: <sip:c@d>']), 400, 'Repeated Header Field'],
    'a repeated Content-Type': [datagram([...base, 'c: a/b', 'Content-Type: a/b']), 400, 'Repeated Header Field'],
    'no From': [datagram(changed('From', undefined)), 400, 'Missing Or Malformed From'],
    'a Call-ID of two words': [datagram(changed('Call-ID', 'Call-ID: a b')), 400, 'Missing Or Malformed Call-ID'],
    'a CSeq of another method': [datagram(changed('CSeq', 'CSeq: 1 BYE')), 400, 'CSeq Method Does Not Match'],
    'a CSeq of 2^31': [datagram(changed('CSeq', 'CSeq: 2147483648 INVITE')), 400, 'Missing Or Malformed CSeq'],
    'a Max-Forwards that is no number': [datagram([...base, 'Max-Forwards: x']), 400, 'Malformed Max-Forwards'],
    'a Max-Forwards above 255': [datagram([...base, 'Max-Forwards: 256']), 400, 'Malformed Max-Forwards'],
    'a malformed Contact': [datagram([...base, 'm: <sip:x']), 400, 'Malformed Contact'],
    'a negative Content-Length': [datagram([...base, 'l: -1']), 400, 'Missing Or Wrong Content-Length'],
    'a Content-Length that is no number': [
      datagram([...base, 'l: 1e1'], 'a'.repeat(20)),
      400,
      'Missing Or Wrong Content-Length',
    ],
    'a body that was cut off': [datagram([...base, 'l: 9'], 'abc'), 400, 'Missing Or Wrong Content-Length'],
    'a line without a colon': [datagram([...base, 'oops']), 400, 'Malformed Header Line'],
    'a header name with a bracket': [datagram([...base, 'a(b: c']), 400, 'Malformed Header Line'],
    'a header without a name': [datagram([...base, ': c']), 400, 'Malformed Header Line'],
    'a lone line feed': [datagram([...base, 'X: a\nVia: evil']), 400, 'Control Character In Header'],
    'a lone carriage return': [datagram([...base, 'X: a\rVia: evil']), 400, 'Control Character In Header'],
    'an escaped line feed': [datagram([...base, 'X: "a\\\nVia: evil"']), 400, 'Control Character In Header'],
    'a NUL': [datagram([...base, 'X: a\0']), 400, 'Control Character In Header'],
    'a NUL in a quoted string': [datagram([...base, 'X: "a\0"']), 400, 'Control Character In Header'],
    'an escaped NUL outside quotes': [datagram([...base, 'X: "a" \\\0']), 400, 'Control Character In Header'],
    'version 3.0': [datagram(['INVITE sip:b@c SIP/3.0', ...base.slice(1)]), 505, 'Version Not Supported'],
    'another protocol': [datagram(['GET / HTTP/1.1', ...base.slice(1)]), 400, 'Malformed Start Line'],
    'no version': [datagram(['INVITE sip:b@c', ...base.slice(1)]), 400, 'Malformed Start Line'],
    'no method': [datagram([' sip:b@c SIP/2.0', ...base.slice(1)]), 400, 'Malformed Start Line'],
    'a scheme nobody knows': [datagram(['INVITE http://x SIP/2.0', ...base.slice(1)]), 416, 'Unsupported URI Scheme'],
    nothing: ['', 400, 'Malformed Start Line'],
    'a status of two digits': [datagram(['SIP/2.0 20 OK', ...base.slice(1)]), 400, 'Malformed Start Line'],
    'a status of 700': [datagram(['SIP/2.0 700 OK', ...base.slice(1)]), 400, 'Malformed Start Line'],
  };
  for (const [name, [text, status, reason]] of Object.entries(refusals)) {
    test(`refuses ${name} with ${status}`, () => {
      const refusal = refuse(text);
      assert.equal(refusal.status, status);
      assert.equal(refusal.reason, reason);
    });
  }

  test(`${MAX_HEADER_LINES} header lines are read, one more is refused with 513`, () => {
    const filler = Array.from({ length: MAX_HEADER_LINES - 5 }, (_, at) => `X-${at}: y`);
    assert.equal(accept(datagram([...base, ...filler])).headers.size, MAX_HEADER_LINES);
    const refusal = refuse(datagram([...base, ...filler, 'X: y']));
    assert.equal(refusal.status, 513);
    assert.ok(refusal.request);
  });

  test('a refused request can be answered, unless it is an ACK', () => {
    const { request, status, reason } = refuse(datagram(changed('To', 'To: "Mr. J <sip:j@example.com>')));
    assert.ok(request);
    const response = responseTo(request, status, { reason, toTag: 't' });
    assert.match(
      serialize(response),
      /^SIP\/2\.0 400 Missing Or Malformed To\r\nVia: .*\r\nTo: "Mr\. J <sip:j@example\.com>;tag=t\r\n/s,
    );
    const ack = ['ACK sip:b@c SIP/2.0', ...base.slice(1, 5), 'CSeq: 1 INVITE'];
    assert.equal(refuse(datagram(ack)).request, undefined);
  });

  test('tel: and urn: requests are delivered', () => {
    for (const uri of ['tel:+4989', 'urn:service:sos', 'sips:a@b', 'SIP:a@b']) {
      assert.equal(accept(datagram([`INVITE ${uri} sip/2.0 `, ...base.slice(1)])).isRequest, true);
    }
  });
});

suite('parseHead', () => {
  test('the body is what the framer cut', () => {
    const result = parseHead([...base, 'Content-Length: 3'].join('\r\n'), 'abc');
    assert.equal(result.ok && result.message.body, 'abc');
  });

  test('a body that Content-Length does not describe is refused', () => {
    assert.equal(parseHead([...base, 'l: 3'].join('\r\n'), 'abcd').ok, false);
    assert.equal(parseHead([...base, 'l: 3'].join('\r\n'), 'ab').ok, false);
  });

  test('without Content-Length there is no body, and no Content-Type either', () => {
    assert.equal(parseHead(base.join('\r\n'), '').ok, true);
    assert.equal(parseHead([...base, 'c: a/b'].join('\r\n'), '').ok, false);
  });
});
