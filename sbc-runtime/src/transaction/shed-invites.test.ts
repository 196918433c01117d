/** What a refused INVITE costs and leaves; what is never refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { responseTo } from '../sip/response-to.ts';
import { peerRequest } from './testing/message-texts.ts';
import { assertNothingIsLeft, world } from './testing/wire.ts';

function gatedWorld() {
  const gate = { isOpen: false, asked: 0, admits: () => ((gate.asked += 1), gate.isOpen) };
  return { gate, ...world('UDP', { gate }) };
}

test('a shed INVITE is answered 503 with Retry-After and a To tag, without transaction, timer or a word to the user', () => {
  const here = gatedWorld();
  here.wire.receive(peerRequest('INVITE'));
  const { headers } = here.wire.last();
  assert.deepEqual(here.wire.take(), ['0 503']);
  assert.match(headers.get('Retry-After') ?? '', /^[2-5]$/);
  assert.match(headers.get('To') ?? '', /;tag=/);
  assert.deepEqual(
    { size: here.layer.size, timers: here.clock.pending, told: here.user.told },
    { size: 0, timers: 0, told: [] },
  );
  assert.deepEqual(here.noted, ['refused overload']);
});

test('its retransmission hears the same without asking again, even where the gate is open by now; its ACK reaches nobody', () => {
  const here = gatedWorld();
  here.wire.receive(peerRequest('INVITE'));
  const tag = /;tag=(\S+)/.exec(here.wire.last().headers.get('To') ?? '')?.[1] ?? '';
  here.gate.isOpen = true;
  here.clock.advance(500);
  here.wire.receive(peerRequest('INVITE'));
  assert.deepEqual(here.wire.take(), ['0 503', '500 503']);
  assert.equal(here.gate.asked, 1);
  here.wire.receive(peerRequest('ACK', { toTag: tag }));
  assert.deepEqual(here.user.told, []);
});

test('after the ACK, or 64 s later, the same key is a new call', () => {
  for (const isAcknowledged of [true, false]) {
    const here = gatedWorld();
    here.wire.receive(peerRequest('INVITE'));
    const tag = /;tag=(\S+)/.exec(here.wire.last().headers.get('To') ?? '')?.[1] ?? '';
    here.gate.isOpen = true;
    if (isAcknowledged) here.wire.receive(peerRequest('ACK', { toTag: tag }));
    else here.clock.advance(64_000);
    here.wire.receive(peerRequest('INVITE'));
    assert.deepEqual(here.user.told, ['INVITE']);
    here.user.last().respond(responseTo(here.user.last().request, 404));
    assertNothingIsLeft(here);
  }
});

test('an INVITE that was let in finds its transaction though the gate has closed', () => {
  const here = gatedWorld();
  here.gate.isOpen = true;
  here.wire.receive(peerRequest('INVITE'));
  here.user.last().respond(responseTo(here.user.last().request, 180, { toTag: 'us' }));
  here.gate.isOpen = false;
  here.wire.receive(peerRequest('INVITE'));
  assert.deepEqual(here.wire.take(), ['0 100', '0 180', '0 180']);
  here.user.last().respond(responseTo(here.user.last().request, 404));
  assertNothingIsLeft(here);
});

test('re-INVITE, BYE, OPTIONS, CANCEL and ACK of a call are never asked about', () => {
  const here = gatedWorld();
  here.wire.receive(peerRequest('INVITE', { toTag: 'us', branch: 'z9hG4bKre' }));
  for (const method of ['BYE', 'OPTIONS', 'INFO'])
    here.wire.receive(peerRequest(method, { branch: `z9hG4bK${method}` }));
  here.wire.receive(peerRequest('ACK', { toTag: 'us', branch: 'z9hG4bKack' }));
  here.wire.receive(peerRequest('CANCEL', { branch: 'z9hG4bKre' }));
  assert.equal(here.gate.asked, 0);
  assert.deepEqual(here.user.told, ['INVITE', 'BYE', 'OPTIONS', 'INFO', 'ACK', 'CANCEL of 1']);
  for (const transaction of here.user.requests) transaction.respond(responseTo(transaction.request, 487));
  assertNothingIsLeft(here);
});

test('an INVITE with a To tag that nobody gave is asked about like any other', () => {
  const here = gatedWorld();
  here.user.tags = ['us'];
  here.wire.receive(peerRequest('INVITE', { toTag: 'invented', branch: 'z9hG4bK1', callId: 'c1' }));
  assert.deepEqual(here.wire.take(), ['0 503']);
  here.wire.receive(peerRequest('INVITE', { toTag: 'us', branch: 'z9hG4bK2', callId: 'c2' }));
  assert.equal(here.gate.asked, 1);
  assert.deepEqual(here.user.told, ['INVITE']);
  here.user.last().respond(responseTo(here.user.last().request, 487));
  assertNothingIsLeft(here);
});

test('requests with invented To tags do not fill the room that full tables keep for calls', () => {
  const here = world('UDP', { maxTransactions: 4 });
  here.user.tags = ['us'];
  const ask = (toTag: string, at: number) =>
    here.wire.receive(peerRequest('INFO', { toTag, branch: `z9hG4bK${toTag}${at}`, callId: `${toTag}${at}` }));
  for (let at = 0; at < 10; at += 1) ask('invented', at);
  assert.equal(here.layer.size, 3);
  ask('us', 1);
  assert.equal(here.layer.size, 4);
  for (const transaction of here.user.requests) transaction.respond(responseTo(transaction.request, 481));
  assertNothingIsLeft(here);
});

test('a flood of INVITEs that nobody acknowledges keeps a bounded number of keys', () => {
  const here = gatedWorld();
  for (let at = 0; at < 10_000; at += 1)
    here.wire.receive(peerRequest('INVITE', { branch: `z9hG4bK${at}`, callId: `c${at}` }));
  here.gate.isOpen = true;
  here.wire.receive(peerRequest('INVITE', { branch: 'z9hG4bK9999', callId: 'c9999' }));
  assert.deepEqual(here.user.told, []);
  here.wire.receive(peerRequest('INVITE', { branch: 'z9hG4bK1', callId: 'c1' }));
  assert.deepEqual(here.user.told, ['INVITE']);
});

test('full tables refuse in the same way, with Retry-After and without state; a higher limit lets the next call in', () => {
  const here = world('UDP', { maxTransactions: 1 });
  here.wire.receive(peerRequest('INVITE', { branch: 'z9hG4bK1', callId: 'c1' }));
  here.wire.receive(peerRequest('INVITE', { branch: 'z9hG4bK2', callId: 'c2' }));
  assert.match(here.wire.last().headers.get('Retry-After') ?? '', /^[2-5]$/);
  assert.equal(here.layer.size, 1);
  here.layer.limitTo(2);
  here.wire.receive(peerRequest('INVITE', { branch: 'z9hG4bK3', callId: 'c3' }));
  assert.deepEqual(here.user.told, ['INVITE', 'INVITE']);
  for (const transaction of here.user.requests) transaction.respond(responseTo(transaction.request, 404));
  assertNothingIsLeft(here);
});
