import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Headers } from './headers.ts';
import { parseCSeq, Request, Response } from './message.ts';

function request(): Request {
  return new Request(
    'INVITE',
    'sip:bob@example.com',
    Headers.from([
      ['v', 'SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2'],
      ['f', '<sip:a@example.com>;tag=1'],
      ['t', '<sip:b@example.com>'],
      ['i', 'x@y'],
      ['CSEQ', '7  INVITE'],
      ['m', '<sip:a@192.0.2.1>, <sip:a@192.0.2.2>'],
      ['MAX-FORWARDS', '0068'],
      ['c', 'Application/SDP ; charset=x'],
    ]),
  );
}

suite('Request and Response', () => {
  test('structured values are read from any spelling', () => {
    const invite = request();
    assert.equal(invite.firstUnreadable(), undefined);
    assert.equal(invite.via.branch, 'z9hG4bK1');
    assert.equal(invite.from.tag, '1');
    assert.equal(invite.to.tag, undefined);
    assert.equal(invite.callId, 'x@y');
    assert.deepEqual(invite.cseq, { number: 7, method: 'INVITE' });
    assert.equal(invite.contact?.uri, 'sip:a@192.0.2.1');
    assert.equal(invite.maxForwards, 68);
    assert.equal(invite.contentType, 'application/sdp');
    assert.equal(invite.isRequest, true);
  });

  test('they are parsed once, and again after the headers changed', () => {
    const invite = request();
    const { via, from, to, cseq, contact } = invite;
    assert.equal(invite.via, via);
    assert.equal(invite.from, from);
    assert.equal(invite.to, to);
    assert.equal(invite.cseq, cseq);
    assert.equal(invite.contact, contact);
    invite.headers
      .set('To', '<sip:b@example.com>;tag=2')
      .prepend('Via', 'SIP/2.0/TLS c')
      .delete('Contact')
      .set('CSeq', '8 ACK');
    assert.equal(invite.to.tag, '2');
    assert.equal(invite.via.host, 'c');
    assert.equal(invite.contact, undefined);
    assert.equal(invite.cseq.number, 8);
  });

  test('what is missing or malformed is a SyntaxError where it must be there, else undefined', () => {
    const response = new Response(200, 'OK', Headers.from([['Contact', '<x']]));
    assert.equal(response.isRequest, false);
    assert.equal(response.firstUnreadable(), 'Via');
    for (const name of ['via', 'from', 'to', 'callId', 'cseq'] as const)
      assert.throws(() => response[name], SyntaxError);
    assert.equal(response.contact, undefined);
    assert.equal(response.maxForwards, undefined);
    assert.equal(response.contentType, undefined);
    response.headers.append('Max-Forwards', '256');
    assert.equal(response.maxForwards, undefined);
  });

  test('the first unreadable header is named', () => {
    for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const) {
      const invite = request();
      invite.headers.delete(name);
      assert.equal(invite.firstUnreadable(), name);
    }
    const invite = request();
    invite.headers.set('Call-ID', 'two words');
    assert.equal(invite.firstUnreadable(), 'Call-ID');
  });

  test('a CSeq is a number below 2^31 and a method', () => {
    assert.deepEqual(parseCSeq('0009 INVITE'), { number: 9, method: 'INVITE' });
    assert.deepEqual(parseCSeq('2147483647\tACK'), { number: 2147483647, method: 'ACK' });
    for (const value of ['', '1', 'INVITE', '2147483648 INVITE', '-1 INVITE', '1 IN VITE', '1.5 INVITE', '1INVITE']) {
      assert.equal(parseCSeq(value), undefined, value);
    }
  });
});
