import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aCall } from './testing/called-call.ts';
import { answerSdp, identity, offerSdp, withSdp, World } from './testing/world.ts';

describe('a re-INVITE of ours', () => {
  it('can be cancelled: its 487 comes as its result, and the call goes on', () => {
    const { world, leg, end } = aCall();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    const reinvite = world.request('INVITE');
    leg.cancelReinvite();
    world.silence();
    world.answer(reinvite, 100);
    const cancel = world.request('CANCEL');
    assert.deepEqual(cancel.cseq, { number: reinvite.cseq.number, method: 'CANCEL' });
    leg.cancelReinvite();
    world.answer(cancel, 200, { tag: 'megan' });
    world.answer(reinvite, 487, { tag: 'megan' });
    world.request('ACK');
    assert.deepEqual([world.user.heard(), leg.state], [['result 487'], 'Confirmed']);
    leg.cancelReinvite();
    world.silence();
    end(8);
  });

  it('is reported as answered where a 2xx crosses the CANCEL', () => {
    const { world, leg, end } = aCall();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    const reinvite = world.request('INVITE');
    world.answer(reinvite, 100);
    leg.cancelReinvite();
    world.request('CANCEL');
    world.answer(reinvite, 200, { tag: 'megan', body: answerSdp });
    leg.cancelReinvite();
    assert.deepEqual(world.user.heard(), ['result 200']);
    leg.ack();
    world.request('ACK');
    end(8);
  });

  it('that is cancelled and never answered comes to an end 64*T1 after the CANCEL', () => {
    const { world, leg } = aCall();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.answer(world.request('INVITE'), 100);
    leg.cancelReinvite();
    world.clock.advance(32_000);
    assert.equal(world.user.heard()[0], 'result timeout');
    world.nothingIsLeft();
  });

  it('is answered and acknowledged; its 2xx moves the remote target', () => {
    const { world, leg, end } = aCall();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    const reinvite = world.request('INVITE');
    assert.equal(reinvite.cseq.number, 1);
    assert.equal(reinvite.to.tag, 'megan');
    assert.equal(reinvite.headers.get('Contact'), identity.contact);
    world.answer(reinvite, 100);
    world.answer(reinvite, 180);
    const ok = world.answer(reinvite, 200, {
      tag: 'megan',
      headers: [['Contact', '<sip:moved@example.com:5061>']],
      body: answerSdp,
    });
    assert.deepEqual(world.user.heard(), ['result 200']);
    leg.ack();
    assert.equal(world.request('ACK').uri, 'sip:moved@example.com:5061');
    world.receive(ok);
    assert.equal(world.request('ACK').cseq.number, 1);
    leg.reinvite({}, world.user.onResult);
    const offerless = world.request('INVITE');
    assert.equal(offerless.uri, 'sip:moved@example.com:5061');
    world.answer(offerless, 200, { tag: 'megan', body: offerSdp });
    leg.ack(withSdp(answerSdp));
    assert.equal(world.request('ACK').body, answerSdp);
    end(8);
  });

  it('is not sent while another one is in progress: the user hears 491 afterwards', () => {
    const { world, leg, reinvited, end } = aCall();
    world.receive(reinvited(8));
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.silence();
    assert.deepEqual(world.user.heard(), ['reinvite']);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['result 491']);
    world.user.reinvites[0]?.reject(488);
    world.response(488);
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['result 491']);
    world.answer(world.request('INVITE'), 491, { tag: 'megan' });
    assert.deepEqual(world.user.heard(), ['result 491'], 'glare on the wire looks the same');
    assert.equal(leg.state, 'Confirmed');
    end(9);
  });

  it('is not sent before our 2xx is acknowledged', () => {
    const world = new World();
    const leg = world.called();
    leg.reinvite({}, world.user.onResult);
    leg.accept(identity, withSdp(answerSdp));
    const ok = world.response(200);
    leg.reinvite({}, world.user.onResult);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['result 491', 'result 491']);
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
    world.receive(world.inDialog('BYE', ok));
    leg.reinvite({}, world.user.onResult);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['ack 7', 'bye', 'result 481']);
    world.nothingIsLeft();
  });

  it('ends the leg with 481, without a BYE that nobody knows', () => {
    const { world, leg } = aCall();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.answer(world.request('INVITE'), 481, { tag: 'megan' });
    assert.deepEqual(world.user.heard(), ['result 481', 'ended gone 481']);
    assert.deepEqual(world.sent(), ['ACK']);
    assert.equal(leg.state, 'Terminated');
    world.nothingIsLeft();
  });

  it('ends the leg with 408 or silence, and with a BYE in case somebody listens', () => {
    for (const end of [408, undefined]) {
      const { world, leg } = aCall();
      leg.reinvite(withSdp(offerSdp), world.user.onResult);
      const reinvite = world.request('INVITE');
      if (end === undefined) world.clock.advance(32_000);
      else world.answer(reinvite, end, { tag: 'megan' });
      assert.equal(world.sent().at(-1), 'BYE');
      assert.deepEqual(
        world.user.heard(),
        end === undefined ? ['result timeout', 'ended gone'] : ['result 408', 'ended gone 408'],
      );
      world.nothingIsLeft();
    }
  });

  it('survives a wire that fails once', () => {
    const { world, leg, end } = aCall();
    world.failure = 'refused';
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['result refused']);
    assert.equal(leg.state, 'Confirmed');
    world.failure = undefined;
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.answer(world.request('INVITE'), 488, { tag: 'megan' });
    assert.deepEqual(world.user.heard(), ['result 488']);
    end(8);
  });

  it('is cancelled by our BYE; a 2xx that crosses it is acknowledged', () => {
    const { world, leg } = aCall();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    const reinvite = world.request('INVITE');
    world.answer(reinvite, 100);
    leg.bye();
    const cancel = world.request('CANCEL');
    const bye = world.request('BYE');
    world.answer(reinvite, 200, { tag: 'megan', body: answerSdp });
    assert.deepEqual(world.sent(), ['ACK']);
    assert.deepEqual(world.user.heard(), ['result 200']);
    leg.ack();
    world.silence();
    world.answer(cancel, 481);
    world.answer(bye, 200);
    world.nothingIsLeft();
  });

  it('ends where the peer hangs up meanwhile and never answers it', () => {
    const { world, leg, ok } = aCall();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    const reinvite = world.request('INVITE');
    world.answer(reinvite, 100);
    world.receive(world.inDialog('BYE', ok));
    assert.deepEqual(world.user.heard(), ['bye']);
    world.nothingIsLeft();
    assert.deepEqual(world.user.heard(), ['result timeout']);
  });

  it('whose 2xx nobody acknowledged is acknowledged when the peer hangs up', () => {
    const { world, leg, ok } = aCall();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.answer(world.request('INVITE'), 200, { tag: 'megan', body: answerSdp });
    world.receive(world.inDialog('BYE', ok));
    assert.deepEqual(world.sent(), ['200', 'ACK']);
    world.nothingIsLeft();
  });
});
