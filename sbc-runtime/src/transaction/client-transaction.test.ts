/** Client transactions of the whole layer: what goes on the wire and when, and what the user hears. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ourRequest, peerResponse } from './testing/message-texts.ts';
import { RecordingClient, assertNothingIsLeft, world } from './testing/wire.ts';
import type { World } from './testing/wire.ts';

const at = (method: string, ...timesMs: readonly number[]) => timesMs.map((ms) => `${ms} ${method}`);

function sends(method: string, protocol: 'UDP' | 'TLS') {
  const here = world(protocol);
  const client = new RecordingClient();
  const request = ourRequest(method);
  const transaction = here.layer.request(request, here.hop, client);
  const answers = (status: number, toTag?: string) => here.wire.receive(peerResponse(request, status, toTag));
  return { here, client, request, transaction, answers };
}

const nothingIsLeft = (here: World) => assertNothingIsLeft(here);

test('the Via on top has a unique branch, the sent-by of the hop, and rport on UDP alone', () => {
  const { here: udp, request } = sends('INVITE', 'UDP');
  assert.equal(request.headers.get('Via'), 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKtoken1;rport');
  assert.ok(udp.wire.sent[0]?.text.startsWith('INVITE sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;'));
  const { request: onTls } = sends('INVITE', 'TLS');
  assert.equal(onTls.headers.get('Via'), 'SIP/2.0/TLS 192.0.2.1:5060;branch=z9hG4bKtoken1');
});

test('an unanswered INVITE on UDP is repeated with doubling pauses and given up after 64*T1', () => {
  const { here, client } = sends('INVITE', 'UDP');
  here.clock.advance(31_999);
  assert.deepEqual(here.wire.take(), at('INVITE', 0, 500, 1500, 3500, 7500, 15_500, 31_500));
  assert.deepEqual(client.heard, []);
  here.clock.advance(1);
  assert.deepEqual(client.heard, ['timeout']);
  assert.equal(here.noted.filter((note) => note === 'retransmission INVITE').length, 6);
  nothingIsLeft(here);
});

test('an unanswered OPTIONS on UDP is repeated at most every T2 and given up after 64*T1', () => {
  const { here, client } = sends('OPTIONS', 'UDP');
  here.clock.advance(32_000);
  assert.deepEqual(
    here.wire.take(),
    at('OPTIONS', 0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500),
  );
  assert.deepEqual(client.heard, ['timeout']);
  nothingIsLeft(here);
});

test('a provisional response slows the repetition of a non-INVITE request down to T2', () => {
  const { here, client, answers } = sends('OPTIONS', 'UDP');
  answers(100);
  here.clock.advance(9_000);
  assert.deepEqual(here.wire.take(), at('OPTIONS', 0, 500, 4500, 8500));
  answers(200);
  here.clock.advance(4_000);
  answers(200);
  assert.deepEqual(client.heard, ['100', '200']);
  assert.deepEqual(here.wire.take(), []);
  nothingIsLeft(here);
});

test('on TLS nothing is repeated, and the timeout is the same', () => {
  for (const method of ['INVITE', 'OPTIONS']) {
    const { here, client } = sends(method, 'TLS');
    here.clock.advance(32_000);
    assert.deepEqual(here.wire.take(), at(method, 0));
    assert.deepEqual(client.heard, ['timeout']);
    nothingIsLeft(here);
  }
});

test('on TLS a request whose connection has ended without an answer goes over a new one, and again while that ends, too', () => {
  for (const method of ['INVITE', 'BYE']) {
    const { here, answers } = sends(method, 'TLS');
    here.clock.advance(100);
    here.wire.flow.isOpen = false;
    here.clock.advance(1_500);
    assert.deepEqual(here.wire.take(), at(method, 0, 500, 1500));
    here.wire.flow.isOpen = true;
    here.clock.advance(10_000);
    assert.deepEqual(here.wire.take(), []);
    answers(200);
    nothingIsLeft(here);
  }
});

test('on TLS an INVITE that had any response is not dialled again: a second front end would ring once more', () => {
  for (const status of [100, 180]) {
    const { here, answers } = sends('INVITE', 'TLS');
    answers(status);
    here.wire.flow.isOpen = false;
    here.clock.advance(60_000);
    assert.deepEqual(here.wire.take(), at('INVITE', 0));
    answers(200);
    nothingIsLeft(here);
  }
});

test('on TLS an INVITE is dialled again as the same transaction, at the address that took it', () => {
  const { here, answers } = sends('INVITE', 'TLS');
  here.wire.flow.isOpen = false;
  here.clock.advance(500);
  const [first, second] = here.wire.sent;
  assert.equal(first?.hop?.at, undefined);
  assert.deepEqual(second?.hop?.at, { address: '192.0.2.2', port: 5060 });
  assert.equal(second.text, first?.text);
  answers(486);
  nothingIsLeft(here);
});

test('on TLS the ACK of a challenge and a CANCEL go where the INVITE went, when its connection is gone', () => {
  for (const what of ['ACK', 'CANCEL']) {
    const { here, transaction, answers } = sends('INVITE', 'TLS');
    answers(100);
    here.wire.flow.isOpen = false;
    if (what === 'ACK') answers(407);
    else transaction.cancel();
    const { text, hop } = here.wire.sent.at(-1) ?? {};
    assert.ok(text?.startsWith(what));
    assert.deepEqual(hop?.at, { address: '192.0.2.2', port: 5060 });
    if (what === 'CANCEL') answers(487);
    nothingIsLeft(here);
  }
});

test('a provisional response stops the INVITE; it may ring for as long as it likes', () => {
  const { here, client, answers } = sends('INVITE', 'UDP');
  answers(180);
  here.clock.advance(600_000);
  assert.deepEqual(here.wire.take(), ['0 INVITE']);
  answers(183);
  assert.deepEqual(client.heard, ['180', '183']);
  assert.equal(here.layer.size, 1);
});

test('a refusal is acknowledged by the transaction, with the Route and the Via of the INVITE and the To of the response', () => {
  const { here, client, request, answers } = sends('INVITE', 'UDP');
  answers(486, 'busy');
  const ack = here.wire.last();
  assert.equal(here.wire.sent.at(-1)?.way, 'flow');
  assert.ok(ack.isRequest);
  assert.deepEqual([ack.method, ack.uri], ['ACK', 'sip:bob@192.0.2.2']);
  assert.deepEqual(
    [...ack.headers].filter(([name]) => name !== 'Content-Length'),
    [
      ['Via', request.headers.get('Via')],
      ['Route', '<sip:edge1.example.com;lr>'],
      ['Route', '<sip:edge2.example.com;lr>'],
      ['Max-Forwards', '70'],
      ['From', '<sip:us@192.0.2.1>;tag=us'],
      ['To', '<sip:bob@example.com>;tag=busy'],
      ['Call-ID', 'our-call'],
      ['CSeq', '7 ACK'],
    ],
  );
  answers(486, 'busy');
  assert.deepEqual(here.wire.take(), ['0 INVITE', '0 ACK', '0 ACK']);
  assert.deepEqual(client.heard, ['486']);
  nothingIsLeft(here);
});

test('on TLS a refused INVITE leaves nothing behind at once', () => {
  const { here, answers } = sends('INVITE', 'TLS');
  answers(404);
  assert.deepEqual(here.wire.take(), ['0 INVITE', '0 ACK']);
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
});

test('every 2xx of every fork reaches the user for 64*T1, and none is acknowledged here', () => {
  const { here, client, answers } = sends('INVITE', 'UDP');
  answers(200, 'fork1');
  here.clock.advance(500);
  answers(200, 'fork1');
  answers(200, 'fork2');
  answers(486, 'fork3');
  here.clock.advance(31_499);
  answers(200, 'fork2');
  assert.deepEqual(client.heard, ['200', '200', '200', '200']);
  assert.deepEqual(here.wire.take(), ['0 INVITE']);
  here.clock.advance(1);
  answers(200, 'fork2');
  assert.deepEqual(here.user.told, ['stray 200']);
  assert.deepEqual(here.noted, ['refused stray-response']);
  nothingIsLeft(here);
});

test('a CANCEL waits for a provisional response and has the branch, the Route and the To of the INVITE', () => {
  const { here, client, request, transaction, answers } = sends('INVITE', 'UDP');
  transaction.cancel([['Reason', 'Q.850;cause=16']]);
  transaction.cancel();
  assert.deepEqual(here.wire.take(), ['0 INVITE']);
  answers(100);
  const cancel = here.wire.last();
  assert.ok(cancel.isRequest);
  assert.equal(cancel.method, 'CANCEL');
  assert.equal(cancel.headers.get('Via'), request.headers.get('Via'));
  assert.deepEqual(cancel.headers.getAll('Route'), request.headers.getAll('Route'));
  assert.equal(cancel.headers.get('To'), '<sip:bob@example.com>');
  assert.equal(cancel.headers.get('CSeq'), '7 CANCEL');
  assert.equal(cancel.headers.get('Reason'), 'Q.850;cause=16');
  here.wire.receive(peerResponse(cancel, 200));
  answers(487);
  assert.deepEqual(here.wire.take(), ['0 CANCEL', '0 ACK']);
  assert.deepEqual(client.heard, ['100', '487']);
  nothingIsLeft(here);
});

test('a CANCEL that no datagram holds goes again without its reason, in the name of the same INVITE', () => {
  const { here, client, request, transaction, answers } = sends('INVITE', 'UDP');
  answers(180);
  here.wire.maxOctets = 1000;
  transaction.cancel([['Reason', `SIP;cause=200;text="${'x'.repeat(1000)}"`]]);
  assert.deepEqual(here.wire.take(), ['0 INVITE']);
  here.clock.advance(0);
  const cancel = here.wire.last();
  assert.ok(cancel.isRequest);
  assert.deepEqual([cancel.method, cancel.headers.has('Reason')], ['CANCEL', false]);
  assert.equal(cancel.headers.get('Via'), request.headers.get('Via'));
  here.wire.receive(peerResponse(cancel, 200));
  answers(487);
  assert.deepEqual(here.wire.take(), ['0 CANCEL', '0 ACK']);
  assert.deepEqual(client.heard, ['180', '487']);
  nothingIsLeft(here);
});

test('a cancelled INVITE without a final response is given up 64*T1 after the CANCEL', () => {
  const { here, client, transaction, answers } = sends('INVITE', 'TLS');
  answers(180);
  here.clock.advance(60_000);
  transaction.cancel();
  here.clock.advance(31_999);
  assert.deepEqual(client.heard, ['180']);
  here.clock.advance(1);
  assert.deepEqual(client.heard, ['180', 'timeout']);
  assert.deepEqual(here.wire.take(), ['0 INVITE', '60000 CANCEL']);
  nothingIsLeft(here);
});

test('an answered INVITE is not cancelled any more, also where the CANCEL was waiting', () => {
  const { here, client, transaction, answers } = sends('INVITE', 'UDP');
  transaction.cancel();
  answers(200);
  answers(180);
  assert.deepEqual(here.wire.take(), ['0 INVITE']);
  assert.deepEqual(client.heard, ['200']);
  const second = sends('INVITE', 'UDP');
  second.answers(603);
  second.transaction.cancel();
  assert.deepEqual(second.here.wire.take(), ['0 INVITE', '0 ACK']);
});

test('only an INVITE can be cancelled', () => {
  const { transaction } = sends('BYE', 'UDP');
  assert.throws(() => transaction.cancel(), /Cannot cancel a BYE/);
});

test('a transport failure reaches the user once, and after request() has returned', () => {
  for (const method of ['INVITE', 'BYE']) {
    const here = world('TLS');
    const client = new RecordingClient();
    here.wire.outcome = { failed: 'refused' };
    here.layer.request(ourRequest(method), here.hop, client);
    assert.deepEqual(client.heard, []);
    here.clock.advance(0);
    assert.deepEqual(client.heard, ['transport: refused']);
    assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
  }
});

test('while the hop is being resolved nothing is repeated; a late failure ends the transaction', () => {
  const here = world('UDP');
  const client = new RecordingClient();
  here.wire.outcome = 'waits';
  here.layer.request(ourRequest('OPTIONS'), here.hop, client);
  here.clock.advance(3_000);
  assert.deepEqual(here.wire.take(), ['0 OPTIONS']);
  here.wire.settle({ kind: 'failed', reason: 'no such name' });
  assert.deepEqual(client.heard, ['transport: no such name']);
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
});

test('the ACK of a refusal takes a new connection where the old one is gone; its failure is nobody’s concern', () => {
  const { here, client, answers } = sends('INVITE', 'TLS');
  here.wire.flow.isOpen = false;
  here.wire.outcome = { failed: 'refused' };
  answers(500);
  assert.equal(here.wire.sent.at(-1)?.way, 'hop');
  assert.deepEqual(client.heard, ['500']);
  nothingIsLeft(here);
});

test('what a user throws is logged and hurts neither the transaction nor the socket', () => {
  const here = world('UDP');
  const request = ourRequest('INVITE');
  const throwing = () => {
    throw new Error('a bug above');
  };
  here.layer.request(request, here.hop, { onResponse: throwing, onFailure: throwing });
  here.wire.receive(peerResponse(request, 180));
  here.wire.receive(peerResponse(request, 486));
  assert.deepEqual(here.wire.take(), ['0 INVITE', '0 ACK']);
  here.layer.request(ourRequest('BYE'), here.hop, { onResponse: throwing, onFailure: throwing });
  nothingIsLeft(here);
  assert.equal(here.noted.filter((note) => note === 'Transaction user failed').length, 3);
});

test('a response with our branch and another method is stray', () => {
  const { here, client, request } = sends('INVITE', 'UDP');
  here.wire.receive(peerResponse(request, 200).replace('7 INVITE', '7 BYE'));
  assert.deepEqual(client.heard, []);
  assert.deepEqual(here.user.told, ['stray 200']);
});

test('the ACK of a 2xx goes out alone, each time with one Via and a new branch', () => {
  const here = world('UDP');
  const ack = ourRequest('ACK');
  here.layer.send(ack, here.hop);
  here.layer.send(ack, here.hop);
  const vias = here.wire.sent.map(({ text }) => text.match(/branch=[^;\r]+/g));
  assert.deepEqual(vias, [['branch=z9hG4bKtoken1'], ['branch=z9hG4bKtoken2']]);
  assert.equal(here.layer.size, 0);
  const failures: string[] = [];
  here.wire.outcome = { failed: 'refused' };
  here.layer.send(ack, here.hop, (reason) => failures.push(reason));
  assert.deepEqual(failures, ['refused']);
});

test('a request that cannot be written is refused to its maker and leaves nothing behind', () => {
  const here = world('UDP');
  const request = ourRequest('INVITE');
  request.headers.append('Subject', 'two\r\nlines');
  assert.throws(() => here.layer.request(request, here.hop, new RecordingClient()), SyntaxError);
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
});
