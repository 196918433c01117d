import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { responseTo } from '../sip/response-to.ts';
import { answerSdp, identity, offerSdp, withSdp, World } from './testing/world.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is weakly held may only go once this turn of the event loop is over. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A call in which the user answers each request at once and keeps none; what it got is held weakly. */
function aCall() {
  const world = new World();
  const leg = world.called();
  leg.accept(identity, withSdp(answerSdp));
  const ok = world.response(200);
  world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
  const got: WeakRef<object>[] = [];
  world.user.onRequest = (transaction) => {
    got.push(new WeakRef(transaction.request));
    transaction.respond(responseTo(transaction.request, 200));
  };
  world.user.onUpdate = (update) => {
    got.push(new WeakRef(update.request));
    update.accept(withSdp(answerSdp));
  };
  return { world, leg, ok, got };
}

describe('a request of the peer inside a dialog', () => {
  for (const method of ['INFO', 'UPDATE'])
    it(`is let go of when it is answered, however long the call goes on: ${method}`, async () => {
      const { world, leg, ok, got } = aCall();
      world.receive(world.inDialog(method, ok, { cseq: 8, body: method === 'UPDATE' ? offerSdp : '' }));
      assert.equal(got.length, 1);
      await nextTurn();
      collectGarbage();
      assert.equal(got[0]?.deref(), undefined);
      assert.equal(leg.state, 'Confirmed');
    });
});
