/** Server transactions of the whole layer: what goes on the wire and when, and what the user hears. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Response } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import { peerRequest } from './testing/message-texts.ts';
import type { Asked } from './testing/message-texts.ts';
import { assertNothingIsLeft, world } from './testing/wire.ts';
import type { World } from './testing/wire.ts';

function receives(protocol: 'UDP' | 'TLS', method: string, asked?: Asked) {
  const here = world(protocol);
  here.wire.receive(peerRequest(method, asked));
  const responds = (status: number): Response => {
    const transaction = here.user.last();
    const response = responseTo(transaction.request, status, { toTag: 'us' });
    transaction.respond(response);
    return response;
  };
  const again = (other: string = method, more?: Asked) => here.wire.receive(peerRequest(other, { ...asked, ...more }));
  return { here, responds, again };
}

const statuses = (here: World) => here.wire.take().map((sent) => sent.split(' ')[1]);

test('an INVITE is answered 100 at once, and offered once', () => {
  const { here, again } = receives('UDP', 'INVITE');
  again();
  assert.deepEqual(here.wire.take(), ['0 100', '0 100']);
  assert.deepEqual(here.user.told, ['INVITE']);
  assert.deepEqual(here.noted, ['retransmission 1xx']);
});

test('a repeated INVITE gets the last provisional response again', () => {
  const { here, responds, again } = receives('UDP', 'INVITE');
  responds(183);
  responds(180);
  again();
  assert.deepEqual(statuses(here), ['100', '183', '180', '180']);
});

test('a refusal on UDP is repeated up to every T2 and given up after 64*T1', () => {
  const { here, responds } = receives('UDP', 'INVITE');
  responds(486);
  here.clock.advance(40_000);
  const timesMs = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
  assert.deepEqual(here.wire.take(), ['0 100', ...timesMs.map((ms) => `${ms} 486`)]);
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
});

test('the ACK of a refusal ends the repetition, is not passed up, and is absorbed for T4', () => {
  const { here, responds, again } = receives('UDP', 'INVITE');
  responds(486);
  again('ACK', { toTag: 'us' });
  again('INVITE');
  here.clock.advance(4_999);
  again('ACK', { toTag: 'us' });
  assert.equal(here.layer.size, 1);
  here.clock.advance(1);
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
  assert.deepEqual(statuses(here), ['100', '486']);
  assert.deepEqual(here.user.told, ['INVITE']);
});

test('on TLS a refusal goes out once, and its ACK ends the transaction', () => {
  const { here, responds, again } = receives('TLS', 'INVITE');
  responds(486);
  here.clock.advance(10_000);
  assert.deepEqual(statuses(here), ['100', '486']);
  again('ACK', { toTag: 'us' });
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
});

test('on TLS a refusal whose connection has ended without an ACK is sent again on a new one', () => {
  const { here, responds, again } = receives('TLS', 'INVITE');
  responds(486);
  here.wire.flow.isOpen = false;
  here.clock.advance(1_500);
  assert.deepEqual(here.wire.take(), ['0 100', '0 486', '500 486', '1500 486']);
  again('ACK', { toTag: 'us' });
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
});

test('on TLS a refusal that nobody takes on a new connection either is not dialled for again, but said to who asks again', () => {
  const { here, responds, again } = receives('TLS', 'INVITE');
  responds(403);
  here.wire.flow.isOpen = false;
  here.wire.isClosedToResponses = true;
  here.clock.advance(20_000);
  assert.deepEqual(here.wire.take(), ['0 100', '0 403', '500 403']);
  again('INVITE');
  assert.deepEqual(here.wire.take(), ['20000 403']);
  assertNothingIsLeft(here);
});

test('an accepted INVITE is absorbed for 64*T1; the user repeats its 2xx; the ACK goes up on whatever branch', () => {
  const { here, responds, again } = receives('UDP', 'INVITE');
  const transaction = here.user.last();
  const ok = responds(200);
  assert.equal(transaction.isOver, true);
  again('INVITE');
  transaction.respond(ok);
  transaction.respond(responseTo(transaction.request, 500));
  again('ACK', { toTag: 'us', branch: 'z9hG4bKack' });
  again('ACK', { toTag: 'us' });
  assert.deepEqual(statuses(here), ['100', '200', '200']);
  assert.deepEqual(here.user.told, ['INVITE', 'ACK', 'ACK']);
  assert.deepEqual(here.noted, ['retransmission 2xx']);
  here.clock.advance(32_000);
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
  transaction.respond(ok);
  assert.deepEqual(statuses(here), []);
});

test('a non-INVITE request on UDP gets its response again for 64*T1', () => {
  const { here, responds, again } = receives('UDP', 'OPTIONS');
  again();
  assert.deepEqual(statuses(here), []);
  responds(200);
  here.clock.advance(31_999);
  again();
  assert.deepEqual(statuses(here), ['200', '200']);
  assert.deepEqual(here.user.told, ['OPTIONS']);
  here.clock.advance(1);
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
});

test('a non-INVITE request on TLS leaves nothing behind at once', () => {
  const { here, responds } = receives('TLS', 'OPTIONS');
  responds(200);
  assert.deepEqual([here.layer.size, here.clock.pending], [0, 0]);
});

test('a non-INVITE request that the user never answers is forgotten with the client’s Timer F', () => {
  const { here } = receives('TLS', 'INFO');
  assert.equal(here.layer.size, 1);
  assertNothingIsLeft(here);
  assert.deepEqual(statuses(here), []);
});

test('a CANCEL is answered 200 with the tag of the INVITE’s responses, and offered while the INVITE is open', () => {
  const { here, responds, again } = receives('UDP', 'INVITE');
  responds(180);
  again('CANCEL');
  const ok = here.wire.last();
  assert.deepEqual([ok.cseq.method, ok.to.tag], ['CANCEL', 'us']);
  again('CANCEL');
  responds(487);
  assert.deepEqual(statuses(here), ['100', '180', '200', '200', '487']);
  assert.deepEqual(here.user.told, ['INVITE', 'CANCEL of 1']);
  assertNothingIsLeft(here);
});

test('a CANCEL behind the final response is answered 200 and changes nothing', () => {
  const { here, responds, again } = receives('UDP', 'INVITE');
  responds(200);
  again('CANCEL');
  assert.deepEqual(statuses(here), ['100', '200', '200']);
  assert.deepEqual(here.user.told, ['INVITE']);
});

test('a CANCEL of nothing, or from another trunk, is answered 481', () => {
  const { here, again } = receives('UDP', 'INVITE');
  again('CANCEL', { branch: 'z9hG4bKother' });
  here.wire.receive(peerRequest('CANCEL'), { ...here.wire.flow, trunks: ['stranger'] });
  assert.deepEqual(statuses(here), ['100', '481', '481']);
  assert.deepEqual(here.user.told, ['INVITE']);
});

test('a copy of a request that came on another path is answered 482', () => {
  const { here, responds, again } = receives('UDP', 'INVITE');
  again('INVITE', { branch: 'z9hG4bKpath2' });
  assert.deepEqual(statuses(here), ['100', '100', '482']);
  again('ACK', { branch: 'z9hG4bKpath2', toTag: 'any' });
  responds(200);
  again('INVITE', { branch: 'z9hG4bKpath3' });
  assert.deepEqual(statuses(here), ['200', '100', '482']);
  assert.deepEqual(here.user.told, ['INVITE']);
});

test('a copy that comes behind a refusal is a new try, and one with a To tag belongs to a dialog', () => {
  const { here, responds, again } = receives('UDP', 'INVITE');
  responds(503);
  again('INVITE', { branch: 'z9hG4bKpath2' });
  assert.deepEqual(here.user.told, ['INVITE', 'INVITE']);
  const inDialog = receives('UDP', 'INVITE', { toTag: 'us' });
  inDialog.again('INVITE', { branch: 'z9hG4bKpath2' });
  assert.deepEqual(inDialog.here.user.told, ['INVITE', 'INVITE']);
});

test('requests without the magic cookie are told apart by the rules of RFC 2543', () => {
  for (const branch of ['', '1']) {
    const { here, responds, again } = receives('UDP', 'INVITE', { branch });
    again('INVITE');
    again('CANCEL');
    responds(487);
    again('ACK', { toTag: 'us' });
    again('INVITE', { callId: 'call-2' });
    again('INVITE', { cseq: 2 });
    assert.deepEqual(here.user.told, ['INVITE', 'CANCEL of 1', 'INVITE', 'INVITE']);
  }
});

test('one branch from two senders makes two transactions', () => {
  const { here, again } = receives('UDP', 'OPTIONS');
  again('OPTIONS', { sentBy: '192.0.2.3:5060', callId: 'call-2' });
  assert.deepEqual(here.user.told, ['OPTIONS', 'OPTIONS']);
});

test('an exception of the user is answered 500 and logged, and does not reach the socket', () => {
  for (const method of ['INVITE', 'OPTIONS']) {
    const here = world('UDP');
    here.user.answer = () => {
      throw new Error('a bug above');
    };
    here.wire.receive(peerRequest(method));
    assert.equal(statuses(here).at(-1), '500');
    assert.deepEqual(here.noted, ['Transaction user failed', 'refused internal-error']);
    assertNothingIsLeft(here);
  }
});

test('an exception behind the final response changes nothing on the wire', () => {
  const here = world('UDP');
  here.user.answer = (transaction) => {
    transaction.respond(responseTo(transaction.request, 200, { toTag: 'us' }));
    throw new Error('a bug above');
  };
  here.wire.receive(peerRequest('OPTIONS'));
  assert.deepEqual(statuses(here), ['200']);
});

test('a response that cannot be written is an exception, and the request is answered 500', () => {
  const here = world('UDP');
  here.user.answer = (transaction) => {
    transaction.respond(responseTo(transaction.request, 200, { headers: [['Subject', 'two\r\nlines']] }));
  };
  here.wire.receive(peerRequest('OPTIONS'));
  assert.deepEqual(statuses(here), ['500']);
});

test('exceptions in onAck and onCancel are logged', () => {
  const { here, again } = receives('UDP', 'INVITE');
  const throwing = () => {
    throw new Error('a bug above');
  };
  here.layer.deliverTo({ onRequest: throwing, onAck: throwing, onCancel: throwing, onStrayResponse: throwing });
  again('CANCEL');
  again('ACK', { branch: 'z9hG4bKack' });
  assert.deepEqual(here.noted, ['Transaction user failed', 'Transaction user failed']);
});

test('beyond the limit there is still room for requests within dialogs, up to a quarter more', () => {
  const here = world('UDP', { maxTransactions: 4 });
  const receives = (method: string, nth: number, toTag?: string) =>
    here.wire.receive(
      peerRequest(method, {
        branch: `z9hG4bK${nth}`,
        callId: `call-${nth}`,
        ...(toTag === undefined ? {} : { toTag }),
      }),
      { ...here.wire.flow, trunks: [`pbx-${nth}`] },
    );
  for (const nth of [1, 2, 3, 4, 5]) receives('INVITE', nth);
  receives('BYE', 6, 'us');
  receives('BYE', 7, 'us');
  assert.deepEqual(statuses(here), ['100', '100', '100', '100', '503', '503']);
  assert.deepEqual(here.user.told, ['INVITE', 'INVITE', 'INVITE', 'INVITE', 'BYE']);
  assert.equal(here.layer.size, 5);
});

test('beyond the limit a new request is answered 503 without state; what is known goes on', () => {
  const here = world('UDP', { maxTransactions: 1 });
  here.wire.receive(peerRequest('INVITE'));
  here.wire.receive(peerRequest('INVITE', { branch: 'z9hG4bKtwo', callId: 'call-2' }));
  here.wire.receive(peerRequest('ACK', { branch: 'z9hG4bKtwo', callId: 'call-2' }));
  here.wire.receive(peerRequest('CANCEL'));
  assert.deepEqual(statuses(here), ['100', '503', '200']);
  assert.deepEqual(here.user.told, ['INVITE', 'ACK', 'CANCEL of 1']);
  assert.equal(here.layer.size, 1);
  assert.deepEqual(here.noted, ['refused too-many-transactions']);
});
