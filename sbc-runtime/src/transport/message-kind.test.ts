import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headers } from '../sip/headers.ts';
import { Request, Response } from '../sip/message.ts';
import { exchangeOf, kindOfMessage, kindOfText } from './message-kind.ts';

test('a received message and its text are of the same kind', () => {
  const headers = Headers.from([]);
  assert.equal(kindOfMessage(new Request('INVITE', 'sip:a@b', headers)), 'INVITE');
  assert.equal(kindOfText('INVITE sip:a@b SIP/2.0\r\n'), 'INVITE');
  assert.equal(kindOfMessage(new Response(486, 'Busy Here', headers)), '4xx');
  assert.equal(kindOfText('SIP/2.0 486 Busy Here\r\n'), '4xx');
});

test('a peer cannot make up kinds', () => {
  assert.equal(kindOfMessage(new Request('MADEUP', 'sip:a@b', Headers.from([]))), 'OTHER');
  assert.equal(kindOfText('MADEUP sip:a@b SIP/2.0\r\n'), 'OTHER');
});

test('a request opens an exchange, its final response closes it, ACK and provisional responses do neither', () => {
  assert.deepEqual(['INVITE', 'OTHER', '200', '2xx', '6xx', '1xx', 'ACK'].map(exchangeOf), [1, 1, -1, -1, -1, 0, 0]);
});
