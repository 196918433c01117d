/** Requests that the user answers anew each time, and what one trunk leaves to the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { responseTo } from '../sip/response-to.ts';
import { peerRequest } from './testing/message-texts.ts';
import { RecordingUser, assertNothingIsLeft, world } from './testing/wire.ts';

class AnsweringUser extends RecordingUser {
  isAnsweredAnew({ method }: { readonly method: string }): boolean {
    return method === 'OPTIONS';
  }
}

function answering(params: Parameters<typeof world>[1] = {}) {
  const here = world('UDP', params);
  const user = new AnsweringUser();
  user.answer = (transaction) => {
    transaction.respond(responseTo(transaction.request, 100));
    transaction.respond(responseTo(transaction.request, 200));
    transaction.respond(responseTo(transaction.request, 500));
  };
  here.layer.deliverTo(user);
  return { here, user };
}

test('what is answered anew leaves nothing behind, and its repetition gets the same answer with the same To tag', () => {
  const { here, user } = answering();
  here.wire.receive(peerRequest('OPTIONS'));
  const first = here.wire.last();
  here.wire.receive(peerRequest('OPTIONS'));
  const second = here.wire.last();
  assert.equal(here.layer.size, 0);
  assert.deepEqual(here.wire.take(), ['0 200', '0 200']);
  assert.notEqual(first.to.tag, undefined);
  assert.equal(second.to.tag, first.to.tag);
  assert.equal(user.last().isOver, true);
});

test('what is answered anew is answered while the tables are full', () => {
  const { here } = answering({ maxTransactions: 1 });
  here.wire.receive(peerRequest('BYE', { branch: 'z9hG4bKa' }));
  here.wire.receive(peerRequest('INVITE', { branch: 'z9hG4bKb', callId: 'other' }));
  here.wire.take();
  here.wire.receive(peerRequest('OPTIONS', { branch: 'z9hG4bKc' }));
  assert.deepEqual(here.wire.take(), ['0 200']);
  assertNothingIsLeft(here);
});

test('an exception of the user is answered 500 there too', () => {
  const { here, user } = answering();
  user.answer = () => {
    throw new Error('a bug above');
  };
  here.wire.receive(peerRequest('OPTIONS'));
  assert.deepEqual(here.wire.take(), ['0 500']);
  assert.deepEqual(here.noted, ['Transaction user failed', 'refused internal-error']);
});

test('a trunk that floods us leaves a third of the tables to the others, whatever the requests are', () => {
  for (const method of ['INVITE', 'REGISTER'] as const) {
    const here = world('UDP', { maxTransactions: 90 });
    const asks = (trunk: string, at: number) =>
      here.wire.receive(peerRequest(method, { branch: `z9hG4bK${trunk}${at}`, callId: `${trunk}${at}` }), {
        ...here.wire.flow,
        trunks: [trunk],
      });
    for (let at = 0; at < 200; at += 1) asks('loud', at);
    assert.equal(here.layer.size, 60);
    assert.equal(here.wire.take().at(-1), '0 503');
    asks('teams', 1);
    assert.equal(here.layer.size, 61);
    assert.equal(here.user.told.length, 61);
    for (const transaction of here.user.requests) transaction.respond(responseTo(transaction.request, 404));
    assertNothingIsLeft(here);
    asks('loud', 300);
    assert.equal(here.user.told.length, 62);
  }
});
