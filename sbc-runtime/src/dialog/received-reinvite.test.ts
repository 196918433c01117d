import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Request } from '../sip/message.ts';
import { aCall } from './testing/called-call.ts';
import { aRequest, answerSdp, identity, offerSdp, withSdp, World } from './testing/world.ts';

describe('a re-INVITE of the peer', () => {
  it('is answered, acknowledged, and moves the remote target', () => {
    const { world, leg, ok, reinvited, end } = aCall();
    const reinvite = reinvited(8);
    reinvite.headers.set('Contact', '<sip:moved@192.0.2.9:5070;transport=tcp>');
    world.receive(reinvite);
    assert.deepEqual(world.user.heard(), ['reinvite']);
    const received = world.user.reinvites[0]!;
    assert.equal(received.request.body, offerSdp);
    received.accept(withSdp(answerSdp));
    const answered = world.response(200);
    assert.equal(answered.headers.get('Contact'), identity.contact);
    assert.equal(answered.to.tag, leg.localTag);
    assert.equal(received.isOver, true);
    received.accept(withSdp(answerSdp));
    received.reject(488);
    world.silence();
    world.receive(world.inDialog('ACK', ok, { cseq: 8 }));
    assert.deepEqual(world.user.heard(), ['ack 8']);

    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    const ours = world.request('INVITE');
    assert.equal(ours.uri, 'sip:moved@192.0.2.9:5070;transport=tcp');
    const { protocol, host, port } = world.hops.at(-1) ?? {};
    assert.deepEqual([protocol, host, port], ['TLS', '192.0.2.9', 5070]);
    world.answer(ours, 488, { tag: 'megan' });
    end(9);
  });

  it('may be refused; the call goes on', () => {
    const { world, leg, reinvited, end } = aCall();
    world.receive(reinvited(8));
    world.user.reinvites[0]?.reject(488, { headers: [['Warning', '304 sbc "no"']] });
    assert.equal(world.response(488).headers.get('Warning'), '304 sbc "no"');
    assert.equal(leg.state, 'Confirmed');
    world.receive(reinvited(9));
    assert.deepEqual(world.user.heard(), ['reinvite', 'reinvite']);
    end(10);
  });

  it('meets 491 while one of ours is pending, also while its 2xx waits for our ACK', () => {
    const { world, leg, reinvited, end } = aCall();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    const ours = world.request('INVITE');
    world.receive(reinvited(8));
    assert.deepEqual(world.sent(), ['491']);
    world.answer(ours, 200, { tag: 'megan', body: answerSdp });
    world.receive(reinvited(9));
    assert.deepEqual(world.sent(), ['491', 'ACK'].slice(0, 1));
    leg.ack();
    world.request('ACK');
    world.receive(reinvited(10));
    assert.deepEqual(world.user.heard(), ['result 200', 'reinvite']);
    end(11);
  });

  it('meets 500 with Retry-After while another one of theirs is pending', () => {
    const { world, reinvited, end } = aCall();
    world.receive(reinvited(8));
    world.receive(reinvited(9));
    assert.equal(world.response(500).headers.get('Retry-After'), '10');
    assert.deepEqual(world.user.heard(), ['reinvite']);
    end(10);
  });

  it('meets 500 while the INVITE itself is not answered', () => {
    const world = new World();
    const leg = world.called();
    leg.provisional(identity, 183);
    world.receive(world.inDialog('INVITE', world.response(183), { body: offerSdp }));
    assert.equal(world.response(500).headers.get('Retry-After'), '10');
    leg.reject(480);
    world.nothingIsLeft();
  });

  it('may overtake the ACK of the 2xx before; both ACKs are then awaited', () => {
    const world = new World();
    const leg = world.called();
    leg.accept(identity, withSdp(answerSdp));
    const ok = world.response(200);
    world.receive(world.inDialog('INVITE', ok, { cseq: 8, body: offerSdp }));
    world.user.reinvites[0]?.accept(withSdp(answerSdp));
    world.response(200);
    world.receive(world.inDialog('INVITE', ok, { cseq: 9, body: offerSdp }));
    world.response(500);
    world.clock.advance(500);
    assert.deepEqual(world.sent(), ['200', '200']);
    world.receive(world.inDialog('ACK', ok, { cseq: 8 }));
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
    assert.deepEqual(world.user.heard(), ['reinvite', 'ack 8', 'ack 7']);
    world.receive(world.inDialog('BYE', ok, { cseq: 10 }));
    world.nothingIsLeft();
  });

  it('meets 491 while the ACK before should bring an answer', () => {
    const world = new World();
    const leg = world.called(aRequest('INVITE'));
    leg.accept(identity, withSdp(offerSdp));
    const ok = world.response(200);
    world.receive(world.inDialog('INVITE', ok, { cseq: 8, body: offerSdp }));
    world.response(491);
    world.receive(world.inDialog('ACK', ok, { cseq: 7, body: answerSdp }));
    world.receive(world.inDialog('BYE', ok, { cseq: 9 }));
    world.nothingIsLeft();
  });

  it('is answered 487 where the peer cancels it; accepting it then does nothing', () => {
    const { world, leg, reinvited, end } = aCall();
    const reinvite = reinvited(8);
    world.receive(reinvite);
    const headers = reinvite.headers.clone().set('CSeq', '8 CANCEL').delete('Content-Type').delete('Contact');
    world.receive(new Request('CANCEL', reinvite.uri, headers));
    assert.deepEqual(world.sent(), ['200', '487']);
    const received = world.user.reinvites[0]!;
    assert.equal(received.isOver, true);
    received.accept(withSdp(answerSdp));
    world.silence();
    assert.equal(leg.state, 'Confirmed');
    assert.deepEqual(world.user.heard(), ['reinvite', 'reinvite cancelled']);
    end(9);
  });

  it('is answered 487 where the leg ends', () => {
    const { world, leg, reinvited } = aCall();
    world.receive(reinvited(8));
    leg.bye();
    assert.deepEqual(world.sent(), ['487', 'BYE']);
    world.user.reinvites[0]?.accept(withSdp(answerSdp));
    world.silence();
    world.nothingIsLeft();
  });

  it('ends the call where its 2xx is never acknowledged', () => {
    const { world, reinvited } = aCall();
    world.receive(reinvited(8));
    world.user.reinvites[0]?.accept(withSdp(answerSdp));
    world.clock.advance(32_000);
    assert.equal(world.sent().at(-1), 'BYE');
    assert.deepEqual(world.user.heard(), ['reinvite', 'ended ack-timeout']);
    world.nothingIsLeft();
  });
});

describe('an UPDATE of the peer', () => {
  it('with a second offer is 500 until the user has answered the first', () => {
    const { world, leg, ok, end } = aCall();
    world.receive(
      world.inDialog('UPDATE', ok, { cseq: 8, body: offerSdp, headers: [['Contact', '<sip:moved@example.com>']] }),
    );
    world.receive(world.inDialog('UPDATE', ok, { cseq: 9, body: offerSdp }));
    assert.equal(world.response(500).headers.get('Retry-After'), '10');
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.clock.advance(0);
    world.user.updates[0]?.accept(withSdp(answerSdp));
    assert.equal(world.response(200).headers.get('Contact'), identity.contact);
    world.receive(world.inDialog('UPDATE', ok, { cseq: 10, body: offerSdp }));
    assert.deepEqual(world.user.heard(), ['UPDATE', 'result 491', 'UPDATE']);
    end(11);
  });
});
