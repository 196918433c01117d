import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Request } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import { aRequest, answerSdp, identity, offerSdp, withSdp, World } from './testing/world.ts';

/** A call that the peer made, answered and acknowledged: the peer's last CSeq is 7, ours will be 1. */
function aCall(invite?: Request) {
  const world = new World();
  const leg = world.called(invite);
  leg.accept(identity, withSdp(answerSdp));
  const ok = world.response(200);
  world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
  world.user.heard();
  const reinvited = (cseq: number, body = offerSdp) => world.inDialog('INVITE', ok, { cseq, body });
  const end = (cseq: number) => {
    world.receive(world.inDialog('BYE', ok, { cseq }));
    world.sent();
    world.nothingIsLeft();
  };
  return { world, leg, ok, reinvited, end };
}

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

    leg.sendRequest('INFO', {}, world.user.onResult);
    const info = world.request('INFO');
    assert.equal(info.uri, 'sip:moved@192.0.2.9:5070;transport=tcp');
    const { protocol, host, port } = world.hops.at(-1) ?? {};
    assert.deepEqual([protocol, host, port], ['TLS', '192.0.2.9', 5070]);
    world.answer(info, 200);
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

describe('other requests of ours inside a dialog', () => {
  it('carry the next CSeq, Contact, and what the user adds', () => {
    const { world, leg, end } = aCall();
    const parts = {
      headers: [['Event', 'refer']] as const,
      body: { type: 'message/sipfrag', content: 'SIP/2.0 200 OK' },
    };
    leg.sendRequest('NOTIFY', parts, world.user.onResult);
    leg.sendRequest('OPTIONS', {}, world.user.onResult);
    const notify = world.request('NOTIFY');
    const options = world.request('OPTIONS');
    assert.deepEqual([notify.cseq.number, options.cseq.number], [1, 2]);
    assert.deepEqual(
      [notify.headers.get('Event'), notify.contentType, notify.body],
      ['refer', 'message/sipfrag', 'SIP/2.0 200 OK'],
    );
    assert.equal(options.headers.get('Contact'), identity.contact);
    world.answer(options, 200, { tag: 'megan' });
    world.answer(notify, 202, { tag: 'megan' });
    assert.deepEqual(world.user.heard(), ['result 200', 'result 202']);
    end(8);
  });

  it('end the leg by method: 481 to INFO does, 481 to NOTIFY and a lost OPTIONS do not', () => {
    const { world, leg } = aCall();
    leg.sendRequest('NOTIFY', {}, world.user.onResult);
    world.answer(world.request('NOTIFY'), 481, { tag: 'megan' });
    leg.sendRequest('OPTIONS', {}, world.user.onResult);
    world.clock.advance(32_000);
    assert.deepEqual(world.user.heard(), ['result 481', 'result timeout']);
    assert.equal(leg.state, 'Confirmed');
    world.sent();
    leg.sendRequest('INFO', {}, world.user.onResult);
    world.answer(world.request('INFO'), 481, { tag: 'megan' });
    assert.deepEqual(world.user.heard(), ['result 481', 'ended gone 481']);
    world.nothingIsLeft();
  });

  it('are refused with 481 where there is no dialog', () => {
    const world = new World();
    const leg = world.called();
    leg.sendRequest('INFO', {}, world.user.onResult);
    leg.reject(486);
    leg.sendRequest('INFO', {}, world.user.onResult);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['result 481', 'result 481']);
    world.nothingIsLeft();
  });

  it('UPDATE: one offer at a time; its 2xx moves the remote target', () => {
    const { world, leg, ok, end } = aCall();
    leg.sendRequest('UPDATE', withSdp(offerSdp), world.user.onResult);
    leg.sendRequest('UPDATE', withSdp(offerSdp), world.user.onResult);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['result 491']);
    world.receive(world.inDialog('UPDATE', ok, { cseq: 8, body: offerSdp }));
    const update = world.request('UPDATE');
    world.response(491);
    world.answer(update, 200, { tag: 'megan', headers: [['Contact', '<sip:moved@example.com>']], body: answerSdp });
    leg.sendRequest('UPDATE', {}, world.user.onResult);
    assert.equal(world.request('UPDATE').uri, 'sip:moved@example.com');
    end(9);
  });

  it('UPDATE of the peer: a second offer waits until the user has answered the first', () => {
    const { world, leg, ok, end } = aCall();
    world.receive(
      world.inDialog('UPDATE', ok, { cseq: 8, body: offerSdp, headers: [['Contact', '<sip:moved@example.com>']] }),
    );
    world.receive(world.inDialog('UPDATE', ok, { cseq: 9, body: offerSdp }));
    assert.equal(world.response(500).headers.get('Retry-After'), '10');
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    world.clock.advance(0);
    const update = world.user.requests[0];
    update?.respond(responseTo(update.request, 200, { body: answerSdp, contentType: 'application/sdp' }));
    world.receive(world.inDialog('UPDATE', ok, { cseq: 10, body: offerSdp }));
    assert.deepEqual(world.user.heard(), ['UPDATE', 'result 491', 'UPDATE']);
    end(11);
  });
});
