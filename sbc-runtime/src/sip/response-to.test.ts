import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Headers } from './headers.ts';
import { Request, Response } from './message.ts';
import { formatReason, parseReason } from './reason-header.ts';
import { responseTo } from './response-to.ts';
import { serialize } from './serialize.ts';
import { reasonPhrase } from './status.ts';

function invite(to = '<sip:b@example.com>', method = 'INVITE'): Request {
  return new Request(
    method,
    'sip:b@example.com',
    Headers.from([
      ['v', 'SIP/2.0/UDP a;branch=z9hG4bK1'],
      ['Via', 'SIP/2.0/UDP b;branch=z9hG4bK2'],
      ['RECORD-ROUTE', '<sip:p1;lr>'],
      ['From', '"A" <sip:a@example.com>;tag=1'],
      ['To', to],
      ['Call-ID', 'x'],
      ['CSeq', `1 ${method}`],
      ['Timestamp', '54'],
    ]),
  );
}

const copied = [
  ['v', 'SIP/2.0/UDP a;branch=z9hG4bK1'],
  ['Via', 'SIP/2.0/UDP b;branch=z9hG4bK2'],
];

suite('responseTo', () => {
  test('what RFC 3261 names is copied, the phrase comes from the table', () => {
    const response = responseTo(invite(), 486, { toTag: 't' });
    assert.equal(response.reason, 'Busy Here');
    assert.deepEqual(
      [...response.headers],
      [
        ...copied,
        ['From', '"A" <sip:a@example.com>;tag=1'],
        ['To', '<sip:b@example.com>;tag=t'],
        ['Call-ID', 'x'],
        ['CSeq', '1 INVITE'],
      ],
    );
  });

  test('100 has a Timestamp and no tag', () => {
    const response = responseTo(invite(), 100, { toTag: 't' });
    assert.equal(response.to.tag, undefined);
    assert.equal(response.headers.get('Timestamp'), '54');
    assert.equal(response.headers.has('Record-Route'), false);
  });

  test('Record-Route goes back in what makes a dialog, and only there', () => {
    for (const [request, status, expected] of [
      [invite(), 180, true],
      [invite(), 200, true],
      [invite(), 302, false],
      [invite('<sip:b@example.com>', 'OPTIONS'), 200, false],
    ] as const) {
      assert.equal(responseTo(request, status).headers.has('Record-Route'), expected);
    }
  });

  test('a tag that is there stays, in the name-addr and in the addr-spec form', () => {
    assert.equal(responseTo(invite('<sip:b@example.com>;tag=z'), 200, { toTag: 't' }).to.tag, 'z');
    assert.equal(responseTo(invite('sip:b@example.com'), 200, { toTag: 't' }).to.tag, 't');
  });

  test('headers, body and phrase of our own are added', () => {
    const response = responseTo(invite(), 200, {
      reason: 'Fine',
      headers: [['Contact', '<sip:sbc>']],
      body: 'v=0',
      contentType: 'application/sdp',
    });
    assert.equal(response.contact?.uri, 'sip:sbc');
    assert.match(
      serialize(response),
      /^SIP\/2\.0 200 Fine\r\n.*\r\nContent-Type: application\/sdp\r\nContent-Length: 3\r\n\r\nv=0$/s,
    );
  });
});

suite('serialize', () => {
  test('a line break in the start line is refused', () => {
    assert.throws(() => serialize(new Response(200, 'OK\r\nX: y', Headers.from([]))), SyntaxError);
    assert.throws(() => serialize(new Request('A\r\nB', 'sip:a', Headers.from([]))), SyntaxError);
    assert.throws(() => serialize(new Request('A', 'sip:a\nb', Headers.from([]))), SyntaxError);
  });

  test('Content-Length is the body’s, whatever was there', () => {
    const headers = Headers.from([['Content-Length', '99']]);
    assert.equal(
      serialize(new Request('A', 'sip:b', headers, 'cde')),
      'A sip:b SIP/2.0\r\nContent-Length: 3\r\n\r\ncde',
    );
  });
});

suite('the Reason header', () => {
  test('is read in the forms that Teams sends', () => {
    assert.deepEqual(
      parseReason('Q.850 ;cause=63 ;text="9810e5a9;Current call, site", SIP;cause=200;text="Call completed elsewhere"'),
      [
        { protocol: 'Q.850', cause: 63, text: '9810e5a9;Current call, site' },
        { protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' },
      ],
    );
    assert.deepEqual(parseReason('SIP;cause=x'), [{ protocol: 'SIP', cause: undefined, text: undefined }]);
    assert.deepEqual(parseReason(';cause=1, SIP;text="open'), []);
  });

  test('is written so that it can be read', () => {
    const reason = { protocol: 'Q.850', cause: 16, text: 'a "b"' };
    assert.equal(formatReason(reason), 'Q.850;cause=16;text="a \\"b\\""');
    assert.deepEqual(parseReason(formatReason(reason)), [reason]);
    assert.equal(formatReason({ protocol: 'SIP' }), 'SIP');
  });
});

test('every status has a phrase, one of its class where it is not registered', () => {
  assert.equal(reasonPhrase(487), 'Request Terminated');
  assert.equal(reasonPhrase(599), 'Server Error');
  assert.equal(reasonPhrase(799), 'Unknown');
});
