import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aFlow, answerSdp, World } from './testing/world.ts';

const udp = aFlow({ protocol: 'UDP' });
const longReason = { headers: [['Reason', `SIP;cause=200;text="${'x'.repeat(3000)}"`]] } as const;

describe('what no datagram holds', () => {
  it('as a BYE goes again without its reason, and the leg is over once that one is answered', () => {
    const world = new World({ flow: udp });
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 200, { body: answerSdp });
    leg.ack();
    world.request('ACK');
    world.maxOctets = 2000;
    leg.bye(longReason);
    world.clock.advance(0);
    const bye = world.request('BYE');
    assert.equal(bye.headers.has('Reason'), false);
    assert.equal(bye.cseq.number, 3);
    world.answer(bye, 200);
    world.clock.advance(5000);
    world.nothingIsLeft();
  });

  it('as a BYE that is too large without it is given up: nothing of it is left', () => {
    const world = new World({ flow: udp });
    const leg = world.call();
    world.answer(world.request('INVITE'), 200, { body: answerSdp });
    leg.ack();
    world.request('ACK');
    world.maxOctets = 10;
    leg.bye(longReason);
    world.clock.advance(32_000);
    world.silence();
    world.nothingIsLeft();
  });

  it('as an INVITE is reported as such, after invite() has returned', () => {
    const world = new World({ flow: udp });
    world.maxOctets = 10;
    world.call();
    assert.deepEqual(world.user.heard(), []);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['failure too-large']);
    world.nothingIsLeft();
  });

  it('as a re-INVITE is reported as such, and ends nothing', () => {
    const world = new World({ flow: udp });
    const leg = world.call();
    world.answer(world.request('INVITE'), 200, { body: answerSdp });
    leg.ack();
    world.request('ACK');
    world.user.heard();
    world.maxOctets = 10;
    leg.reinvite({}, world.user.onResult);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['result too-large']);
    assert.equal(leg.state, 'Confirmed');
    world.maxOctets = Infinity;
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.clock.advance(5000);
    world.nothingIsLeft();
  });
});
