import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aRequest, answerSdp, identity, microsoft, offerSdp, withSdp, World } from './testing/world.ts';

const timer = ['Supported', 'timer'] as const;
const contact = ['Contact', microsoft.contact] as const;

const aWorld = () => {
  const world = new World({ supported: ['timer'] });
  world.user.refresh = withSdp(offerSdp);
  return world;
};

/** We call, the peer answers with this Session-Expires. */
function calledOut(expires: string) {
  const world = aWorld();
  const leg = world.call();
  const invite = world.request('INVITE');
  world.answer(invite, 200, { headers: [contact, ['Session-Expires', expires]], body: answerSdp });
  leg.ack();
  const ack = world.request('ACK');
  assert.deepEqual(world.user.heard(), ['answered by callee']);
  return { world, leg, invite, ack };
}

/** The peer calls with this Session-Expires, we answer. */
function calledIn(expires: string) {
  const world = aWorld();
  const leg = world.called(aRequest('INVITE', [timer, ['Session-Expires', expires]], offerSdp));
  leg.accept(identity, withSdp(answerSdp));
  const ok = world.response(200);
  world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
  assert.deepEqual(world.user.heard(), ['ack 7']);
  return { world, leg, ok };
}

describe('the session timer of a leg', () => {
  it('is asked for in our INVITE, where the refresher is open, and refreshed by re-INVITE', () => {
    const { world, leg, invite } = calledOut('1800;refresher=uac');
    assert.equal(invite.headers.get('Session-Expires'), '1800');
    assert.equal(invite.headers.get('Min-SE'), '90');
    world.clock.advance(900_000);
    const refresh = world.request('INVITE');
    assert.equal(refresh.headers.get('Session-Expires'), '1800;refresher=uac');
    assert.equal(refresh.body, offerSdp);
    world.answer(refresh, 200, { headers: [contact, ['Session-Expires', '1800;refresher=uac']], body: answerSdp });
    world.request('ACK');
    assert.deepEqual(world.user.heard(), ['refresh due', 'refreshed']);
    world.clock.advance(899_999);
    world.silence();
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('is agreed on in our 200, and missing refreshes end the leg with BYE and a reason', () => {
    const { world, leg, ok } = calledIn('90;refresher=uac');
    assert.equal(ok.headers.get('Session-Expires'), '90;refresher=uac');
    assert.equal(ok.headers.get('Require'), 'timer');
    world.clock.advance(59_999);
    assert.equal(leg.state, 'Confirmed');
    world.clock.advance(1);
    const bye = world.request('BYE');
    assert.equal(bye.headers.get('Reason'), 'SIP;cause=408;text="Session expired"');
    assert.deepEqual(world.user.heard(), ['ended session-expired']);
    world.answer(bye, 200);
    world.nothingIsLeft();
  });

  it('begins anew with each re-INVITE and UPDATE of the peer', () => {
    const { world, leg, ok } = calledIn('90;refresher=uac');
    const expires = ['Session-Expires', '90;refresher=uac'] as const;
    world.clock.advance(50_000);
    world.receive(world.inDialog('INVITE', ok, { cseq: 8, headers: [timer, expires], body: offerSdp }));
    world.user.reinvites[0]?.accept(withSdp(answerSdp));
    const again = world.response(200);
    assert.equal(again.headers.get('Session-Expires'), '90;refresher=uac');
    world.receive(world.inDialog('ACK', ok, { cseq: 8 }));
    world.clock.advance(50_000);
    world.receive(world.inDialog('UPDATE', ok, { cseq: 9, headers: [timer, expires] }));
    world.user.updates[0]?.accept({});
    assert.equal(world.response(200).headers.get('Session-Expires'), '90;refresher=uac');
    world.clock.advance(50_000);
    world.silence();
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('tries again after a 491, later as the owner of the Call-ID than as the other side', () => {
    const owner = calledOut('90;refresher=uac');
    owner.world.clock.advance(45_000);
    owner.world.answer(owner.world.request('INVITE'), 491);
    owner.world.request('ACK');
    owner.world.clock.advance(3999);
    owner.world.silence();
    owner.world.clock.advance(1);
    owner.world.request('INVITE');

    const other = calledIn('90;refresher=uas');
    other.world.clock.advance(45_000);
    other.world.answer(other.world.request('INVITE'), 491);
    other.world.request('ACK');
    other.world.clock.advance(2000);
    other.world.request('INVITE');
  });

  it('is tried again where the refresh could not be sent: the peer is back before the session ends', () => {
    const { world, leg } = calledOut('1800;refresher=uac');
    world.failure = 'refused';
    world.clock.advance(900_000);
    world.silence();
    world.failure = undefined;
    world.clock.advance(112_500);
    const refresh = world.request('INVITE');
    world.answer(refresh, 200, { headers: [contact, ['Session-Expires', '1800;refresher=uac']], body: answerSdp });
    world.request('ACK');
    assert.deepEqual(world.user.heard(), ['refresh due', 'refresh due', 'refreshed']);
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('cancels a refresh that gets no more than a 100 for 64*T1: then others may ask again', () => {
    const { world, leg } = calledOut('1800;refresher=uac');
    world.clock.advance(900_000);
    const refresh = world.request('INVITE');
    world.answer(refresh, 100);
    world.clock.advance(31_999);
    world.silence();
    world.clock.advance(1);
    world.answer(world.request('CANCEL'), 200);
    world.answer(refresh, 487);
    world.request('ACK');
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.answer(world.request('INVITE'), 488);
    world.request('ACK');
    assert.deepEqual(world.user.heard(), ['refresh due', 'result 488']);
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('waits while the user has something under way', () => {
    const { world } = calledOut('90;refresher=uac');
    world.user.refresh = undefined;
    world.clock.advance(45_000);
    world.silence();
    world.user.refresh = withSdp(offerSdp);
    world.clock.advance(2000);
    world.request('INVITE');
    assert.deepEqual(world.user.heard(), ['refresh due', 'refresh due']);
  });

  it('a 422 to our INVITE is followed by another one of the same call, once', () => {
    const world = aWorld();
    const leg = world.call();
    const first = world.request('INVITE');
    world.answer(first, 422, { headers: [['Min-SE', '3600']] });
    world.request('ACK');
    const second = world.request('INVITE');
    assert.equal(second.callId, first.callId);
    assert.equal(second.headers.get('From'), first.headers.get('From'));
    assert.deepEqual(second.cseq, { number: 2, method: 'INVITE' });
    assert.equal(second.headers.get('Session-Expires'), '3600');
    assert.equal(second.headers.get('Min-SE'), '3600');
    assert.deepEqual(world.user.heard(), []);
    world.answer(second, 200, { headers: [contact, ['Session-Expires', '3600;refresher=uas']], body: answerSdp });
    leg.ack();
    assert.equal(world.request('ACK').cseq.number, 2);
    leg.bye();
    const bye = world.request('BYE');
    assert.equal(bye.cseq.number, 3);
    world.answer(bye, 200);
    world.nothingIsLeft();
  });

  it('a second 422 is the answer of the call', () => {
    const world = aWorld();
    world.call();
    world.answer(world.request('INVITE'), 422, { headers: [['Min-SE', '3600']] });
    world.request('ACK');
    world.answer(world.request('INVITE'), 422, { headers: [['Min-SE', '7200']] });
    world.request('ACK');
    assert.deepEqual(world.user.heard(), ['failure 422']);
    world.nothingIsLeft();
  });

  it('our own 422 names our Min-SE, outside and inside the dialog', () => {
    const world = aWorld();
    world.receive(aRequest('INVITE', [timer, ['Session-Expires', '60']], offerSdp));
    assert.equal(world.response(422).headers.get('Min-SE'), '90');
    assert.deepEqual(world.refused, ['short-session']);

    const { world: inside, leg, ok } = calledIn('90;refresher=uac');
    const short = [timer, ['Session-Expires', '60'] as const];
    inside.receive(inside.inDialog('INVITE', ok, { cseq: 8, headers: short, body: offerSdp }));
    assert.equal(inside.response(422).headers.get('Min-SE'), '90');
    inside.receive(inside.inDialog('UPDATE', ok, { cseq: 9, headers: short }));
    assert.equal(inside.response(422).headers.get('Min-SE'), '90');
    assert.deepEqual(inside.user.heard(), []);
    leg.bye();
  });

  it('says nothing where the room does not support it', () => {
    const world = new World();
    world.call();
    assert.equal(world.request('INVITE').headers.has('Session-Expires'), false);
    const leg = world.called(aRequest('INVITE', [timer, ['Session-Expires', '60']], offerSdp));
    leg.accept(identity, withSdp(answerSdp));
    assert.equal(world.response(200).headers.has('Session-Expires'), false);
  });
});
