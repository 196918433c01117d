import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Response } from '../sip/message.ts';
import { aRequest, answerSdp, identity, offerSdp, withSdp, World } from './testing/world.ts';

/** The peer calls and requires reliable ringing. */
function aCall(body = offerSdp) {
  const world = new World({ supported: ['100rel'] });
  const leg = world.called(aRequest('INVITE', [['Require', '100rel']], body));
  const prack = (ringing: Response, more: { cseq?: number; rack?: string; body?: string } = {}) => {
    const { cseq = 8, rack = `${ringing.headers.get('RSeq') ?? ''} 7 INVITE`, body: content = '' } = more;
    world.receive(world.inDialog('PRACK', ringing, { cseq, headers: [['RAck', rack]], body: content }));
  };
  return { world, leg, prack };
}

describe('a provisional response to a caller that requires 100rel', () => {
  it('has a number, is repeated until its PRACK, and the call goes on as any other', () => {
    const { world, leg, prack } = aCall();
    leg.provisional(identity, 180);
    const ringing = world.response(180);
    assert.equal(ringing.headers.get('Require'), '100rel');
    assert.match(ringing.headers.get('RSeq') ?? '', /^[1-9]\d*$/);
    world.clock.advance(500);
    assert.deepEqual(world.sent(), ['180']);
    world.clock.advance(999);
    assert.deepEqual(world.sent(), []);
    world.clock.advance(1);
    assert.deepEqual(world.sent(), ['180'], 'after twice as long');
    prack(ringing);
    assert.equal(world.response(200).cseq.method, 'PRACK');
    world.clock.advance(60_000);
    world.silence();
    leg.accept(identity, withSdp(answerSdp));
    const ok = world.response(200);
    assert.equal(ok.headers.has('RSeq'), false);
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('waits for the PRACK of the one before it, and counts', () => {
    const { world, leg, prack } = aCall();
    leg.provisional(identity, 180);
    leg.provisional(identity, 183, withSdp(answerSdp));
    const first = world.response(180);
    world.silence();
    prack(first);
    world.response(200);
    const second = world.response(183);
    assert.equal(Number(second.headers.get('RSeq')), Number(first.headers.get('RSeq')) + 1);
    prack(second, { cseq: 9 });
    world.response(200);
    leg.reject(486);
    world.response(486);
    world.nothingIsLeft();
  });

  it('a PRACK for anything else is 481', () => {
    const { world, leg, prack } = aCall();
    leg.provisional(identity, 180);
    const ringing = world.response(180);
    const number = ringing.headers.get('RSeq') ?? '';
    for (const [at, rack] of ['1 7 INVITE', `${number} 8 INVITE`, `${number} 7 UPDATE`, ''].entries()) {
      prack(ringing, { cseq: 8 + at, rack });
      world.response(481);
    }
    prack(ringing, { cseq: 20 });
    world.response(200);
    prack(ringing, { cseq: 21 });
    world.response(481);
    leg.reject(486);
  });

  it('an offer in the PRACK is 488, the ringing counts as heard', () => {
    const { world, leg, prack } = aCall();
    leg.provisional(identity, 180);
    prack(world.response(180), { body: offerSdp });
    world.response(488);
    world.clock.advance(60_000);
    world.silence();
    leg.reject(486);
  });

  it('holds back the 200 while its session description is not acknowledged', () => {
    const { world, leg, prack } = aCall();
    leg.provisional(identity, 183, withSdp(answerSdp));
    const ringing = world.response(183);
    leg.accept(identity, withSdp(answerSdp));
    world.silence();
    prack(ringing);
    assert.deepEqual(
      world.messages().map((message) => (message.isRequest ? '' : `${message.status} ${message.cseq.method}`)),
      ['200 PRACK', '200 INVITE'],
    );
    assert.equal(leg.state, 'Confirmed');
  });

  it('a 200 that was held back is never sent where the caller gives up: it hears 487, the user that the leg has ended', () => {
    const { world, leg } = aCall();
    leg.provisional(identity, 183, withSdp(answerSdp));
    world.response(183);
    leg.accept(identity, withSdp(answerSdp));
    const invite = leg.request;
    const cancel = aRequest('CANCEL', [
      ['CSeq', '7 CANCEL'],
      ['Via', invite.headers.get('Via') ?? ''],
    ]);
    cancel.headers.delete('Contact');
    world.receive(cancel);
    assert.deepEqual(
      world.messages().map((message) => (message.isRequest ? '' : `${message.status} ${message.cseq.method}`)),
      ['200 CANCEL', '487 INVITE'],
    );
    assert.deepEqual(world.user.heard(), ['ended cancelled']);
    assert.equal(leg.state, 'Terminated');
    world.nothingIsLeft();
  });

  it('is not repeated after a BYE of the caller: nothing of it is left', () => {
    const { world, leg } = aCall();
    leg.provisional(identity, 180);
    world.receive(world.inDialog('BYE', world.response(180)));
    assert.equal(leg.state, 'Terminated');
    assert.deepEqual(world.sent(), ['200', '487']);
    world.clock.advance(400);
    world.silence();
    assert.deepEqual(world.user.heard(), ['bye']);
    world.nothingIsLeft();
    assert.deepEqual(world.user.heard(), []);
  });

  it('is 504 after 64*T1 without PRACK, and the user hears of it', () => {
    const { world, leg } = aCall();
    leg.provisional(identity, 180);
    world.clock.advance(31_999);
    assert.deepEqual(new Set(world.sent()), new Set(['180']));
    world.clock.advance(1);
    assert.equal(world.response(504).reason, 'PRACK Missing');
    assert.deepEqual(world.user.heard(), ['ended ack-timeout']);
    assert.equal(leg.state, 'Terminated');
    world.nothingIsLeft();
  });

  it('is not sent at all where the INVITE has no offer: the first would have to hold ours', () => {
    const { world, leg } = aCall('');
    leg.provisional(identity, 180);
    world.silence();
    leg.reject(486);
  });
});

it('a caller that only supports 100rel gets the unreliable way', () => {
  const world = new World({ supported: ['100rel'] });
  const leg = world.called(aRequest('INVITE', [['Supported', '100rel']], offerSdp));
  leg.provisional(identity, 180);
  const ringing = world.response(180);
  assert.equal(ringing.headers.has('RSeq') || ringing.headers.has('Require'), false);
  world.receive(world.inDialog('PRACK', ringing, { headers: [['RAck', '1 7 INVITE']] }));
  world.response(481);
  world.clock.advance(40_000);
  world.silence();
  leg.reject(486);
});
