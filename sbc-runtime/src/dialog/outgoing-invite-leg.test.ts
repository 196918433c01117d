import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aFlow, answerSdp, identity, microsoft, offerSdp, withSdp, World } from './testing/world.ts';

const udp = aFlow({ protocol: 'UDP' });
const contact = (uri: string) => [['Contact', `<${uri}>`]] as const;

describe('a leg that we call', () => {
  it('rings, is answered, acknowledged and hung up by the callee', () => {
    const world = new World();
    const leg = world.call({
      parts: {
        ...withSdp(offerSdp),
        headers: [
          ['Max-Forwards', '69'],
          ['X-Trace', 'a'],
        ],
      },
    });
    const invite = world.request('INVITE');
    assert.equal(invite.uri, 'sip:+4930@sip.pstnhub.microsoft.com:5061;user=phone');
    assert.equal(invite.headers.get('From'), `<sip:+4989@sbc-0.example.com>;tag=${leg.localTag}`);
    assert.equal(invite.to.tag, undefined);
    assert.equal(invite.callId, leg.callId);
    assert.equal(invite.headers.get('Contact'), identity.contact);
    assert.deepEqual(invite.headers.getAll('Max-Forwards'), ['69']);
    assert.equal(invite.headers.get('Allow'), 'INVITE, ACK, CANCEL, BYE, OPTIONS');
    assert.equal(invite.body, offerSdp);
    assert.equal(invite.contentType, 'application/sdp');

    world.answer(invite, 180);
    assert.deepEqual([leg.state, leg.remoteTag], ['Early', 'callee']);
    const ok = world.answer(invite, 200, { body: answerSdp });
    assert.deepEqual(world.user.heard(), ['provisional 180 of callee', 'answered by callee']);
    world.silence();

    leg.ack();
    const ack = world.request('ACK');
    assert.equal(ack.cseq.number, invite.cseq.number);
    assert.notEqual(ack.via.branch, invite.via.branch);
    leg.ack();
    world.silence();

    world.receive(
      world.inDialog('BYE', invite, {
        headers: [
          ['To', ok.headers.get('From') ?? ''],
          ['From', ok.headers.get('To') ?? ''],
        ],
        cseq: 1,
      }),
    );
    assert.deepEqual(world.sent(), ['200']);
    assert.deepEqual(world.user.heard(), ['bye']);
    world.nothingIsLeft();
  });

  it('follows the route set of the 2xx and the Contact as Microsoft writes it', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 183, {
      headers: [
        ['Record-Route', '<sip:old.example.com;lr>'],
        ['Contact', '<sip:old@example.com>'],
      ],
    });
    const routes = `<sip:last.example.com;lr>, ${microsoft.recordRoute}`;
    world.answer(invite, 200, {
      headers: [
        ['Record-Route', routes],
        ['Contact', microsoft.contact],
      ],
      body: answerSdp,
    });
    leg.ack();
    const ack = world.request('ACK');
    assert.deepEqual(ack.headers.getAll('Route'), [microsoft.recordRoute, '<sip:last.example.com;lr>'], 'in reverse');
    assert.equal(ack.uri, microsoft.contact.slice(1, -1));
    assert.deepEqual([world.hops.at(-1)?.host, world.hops.at(-1)?.port], ['sip-du-a-us.pstnhub.microsoft.com', 5061]);
    leg.bye();
    const bye = world.request('BYE');
    assert.equal(bye.cseq.number, 2);
    world.answer(bye, 200);
    world.nothingIsLeft();
  });

  it('reports a refusal once', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 486);
    world.request('ACK');
    assert.deepEqual(world.user.heard(), ['failure 486']);
    assert.equal(leg.state, 'Terminated');
    leg.cancel();
    leg.bye();
    leg.ack();
    world.silence();
    world.nothingIsLeft();
  });

  it('reports silence and a wire that fails, after invite() has returned', () => {
    const world = new World();
    world.call();
    world.clock.advance(32_000);
    assert.deepEqual(world.user.heard(), ['failure timeout']);
    world.sent();
    world.failure = 'certificate refused';
    world.call();
    assert.deepEqual(world.user.heard(), []);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['failure certificate refused']);
    world.nothingIsLeft();
  });

  it('repeats its ACK for a repeated 2xx, also when the call is long over', () => {
    const world = new World({ flow: udp });
    const leg = world.call();
    const invite = world.request('INVITE');
    const ok = world.answer(invite, 200, { body: answerSdp });
    world.receive(ok);
    world.silence();
    leg.ack(withSdp(answerSdp));
    world.request('ACK');
    world.receive(ok);
    assert.equal(world.request('ACK').body, answerSdp);
    leg.bye();
    world.answer(world.request('BYE'), 200);
    assert.equal(world.dialogs.size, 0);
    world.clock.advance(20_000);
    world.receive(ok);
    assert.equal(world.request('ACK').cseq.number, 1);
    assert.deepEqual(world.user.heard(), ['answered by callee']);
    world.nothingIsLeft();
  });

  it('acknowledges before it says BYE, where the user has forgotten to', () => {
    const world = new World();
    const leg = world.call();
    world.answer(world.request('INVITE'), 200, { body: answerSdp });
    leg.bye();
    assert.deepEqual(world.sent(), ['ACK', 'BYE']);
    world.nothingIsLeft();
  });

  it('can be ended where the Contact of its 2xx leads nowhere', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 200, { headers: [['Contact', '<tel:+4930>']], body: answerSdp });
    leg.ack();
    leg.reinvite({}, world.user.onResult);
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['answered by callee', 'result the next hop of the dialog is no SIP URI']);
    world.answer(invite, 200, { tag: 'late', headers: [['Contact', '<tel:+4930>']] });
    leg.bye();
    world.silence();
    world.clock.advance(0);
    assert.equal(world.dialogs.size, 0);
    world.nothingIsLeft();
  });

  it('survives an ACK that cannot be sent: the peer repeats its 2xx', () => {
    const world = new World();
    const leg = world.call();
    const ok = world.answer(world.request('INVITE'), 200, { body: answerSdp });
    world.failure = 'refused';
    leg.ack();
    world.silence();
    world.failure = undefined;
    world.receive(ok);
    assert.deepEqual(world.sent(), ['ACK']);
    leg.bye();
    world.nothingIsLeft();
  });

  it('keeps the forks apart, and ends those that answer late with ACK and BYE', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 180, { tag: 'desk', headers: contact('sip:desk@192.0.2.20:5060') });
    world.answer(invite, 180, { tag: 'mobile', headers: contact('sip:mobile@192.0.2.21:5060') });
    world.answer(invite, 183, { tag: 'desk' });
    assert.equal(leg.remoteTag, 'desk', 'the latest');
    world.answer(invite, 200, { tag: 'mobile', headers: contact('sip:mobile@192.0.2.21:5060') });
    assert.equal(leg.remoteTag, 'mobile');
    leg.ack();
    assert.equal(world.request('ACK').uri, 'sip:mobile@192.0.2.21:5060');

    const late = world.answer(invite, 200, { tag: 'desk', headers: contact('sip:desk@192.0.2.20:5060') });
    const ack = world.request('ACK');
    assert.deepEqual([ack.uri, ack.to.tag], ['sip:desk@192.0.2.20:5060', 'desk']);
    const bye = world.request('BYE');
    assert.deepEqual([bye.uri, bye.to.tag, bye.cseq.number], ['sip:desk@192.0.2.20:5060', 'desk', 2]);
    assert.match(bye.headers.get('Reason') ?? '', /Call completed elsewhere/);
    world.answer(bye, 200);
    world.receive(late);
    assert.deepEqual(world.sent(), ['ACK'], 'again, without another BYE');

    assert.deepEqual(world.user.heard(), [
      'provisional 180 of desk',
      'provisional 180 of mobile',
      'provisional 183 of desk',
      'answered by mobile',
    ]);
    assert.equal(leg.state, 'Confirmed');
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('takes a 2xx of a fork that never rang, and a peer without tags', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 180, { tag: 'desk' });
    world.answer(invite, 200, { tag: '', body: answerSdp });
    assert.equal(leg.remoteTag, undefined);
    leg.ack();
    assert.equal(world.request('ACK').to.tag, undefined);
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('lets a callee speak in each early dialog; a BYE there ends that fork alone', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    const desk = world.answer(invite, 180, { tag: 'desk' });
    const mobile = world.answer(invite, 180, { tag: 'mobile' });
    const from = (response: typeof desk) =>
      [
        ['From', response.headers.get('To') ?? ''],
        ['To', response.headers.get('From') ?? ''],
      ] as const;
    world.receive(world.inDialog('INFO', invite, { cseq: 5, headers: from(desk) }));
    world.receive(world.inDialog('INFO', invite, { cseq: 1, headers: from(mobile) }));
    world.receive(world.inDialog('BYE', invite, { cseq: 6, headers: from(desk) }));
    assert.deepEqual(world.sent(), ['200']);
    world.receive(world.inDialog('INFO', invite, { cseq: 7, headers: from(desk) }));
    assert.deepEqual(world.sent(), ['481']);
    assert.equal(leg.state, 'Early');
    world.answer(invite, 603);
    assert.deepEqual(world.user.heard().slice(2), ['INFO', 'INFO', 'failure 603']);
    assert.deepEqual(world.sent(), ['ACK', '487', '487']);
    world.nothingIsLeft();
  });
});

describe('a leg that we cancel', () => {
  it('ends with the 487, and what the peer still says is not reported', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 180);
    leg.cancel({ headers: [['Reason', 'SIP;cause=200;text="Call completed elsewhere"']] });
    leg.cancel();
    const cancel = world.request('CANCEL');
    assert.match(cancel.headers.get('Reason') ?? '', /elsewhere/);
    world.answer(cancel, 200);
    world.answer(invite, 183);
    world.answer(invite, 487);
    world.request('ACK');
    assert.deepEqual(world.user.heard(), ['provisional 180 of callee', 'failure cancelled']);
    world.nothingIsLeft();
  });

  it('waits with the CANCEL for a provisional response', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    leg.cancel();
    world.silence();
    world.answer(invite, 100);
    world.answer(world.request('CANCEL'), 200);
    world.answer(invite, 487);
    assert.deepEqual(world.user.heard(), ['failure cancelled']);
    world.nothingIsLeft();
  });

  it('is cancelled also where the peer never says a word', () => {
    const world = new World();
    world.call().cancel();
    world.clock.advance(32_000);
    assert.deepEqual(world.user.heard(), ['failure cancelled']);
    world.nothingIsLeft();
  });

  it('is cancelled also where the peer takes the CANCEL and never ends the INVITE', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 180);
    leg.cancel();
    world.answer(world.request('CANCEL'), 200);
    world.clock.advance(32_000);
    assert.deepEqual(world.user.heard(), ['provisional 180 of callee', 'failure cancelled']);
    world.nothingIsLeft();
  });

  it('acknowledges and ends a 2xx that crosses the CANCEL', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 180);
    leg.cancel({ headers: [['Reason', 'Q.850;cause=16']] });
    const cancel = world.request('CANCEL');
    const ok = world.answer(invite, 200, { body: answerSdp });
    world.request('ACK');
    const bye = world.request('BYE');
    assert.equal(bye.headers.get('Reason'), 'Q.850;cause=16');
    assert.deepEqual(world.user.heard(), ['provisional 180 of callee', 'failure cancelled']);
    assert.equal(leg.state, 'Terminated');
    world.answer(cancel, 481);
    world.receive(ok);
    assert.deepEqual(world.sent(), ['ACK']);
    world.answer(bye, 200);
    assert.equal(world.dialogs.size, 0);
    world.nothingIsLeft();
  });

  it('acknowledges and ends a 2xx that comes before any CANCEL could be sent', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    leg.cancel();
    world.answer(invite, 200);
    assert.deepEqual(world.sent(), ['ACK', 'BYE']);
    assert.deepEqual(world.user.heard(), ['failure cancelled']);
    world.nothingIsLeft();
  });

  it('tells nothing any more where it was ended with bye() before the answer', () => {
    const world = new World();
    const leg = world.call();
    const invite = world.request('INVITE');
    world.answer(invite, 180);
    leg.bye();
    assert.equal(leg.state, 'Terminated');
    world.answer(world.request('CANCEL'), 200);
    world.answer(invite, 487);
    assert.deepEqual(world.user.heard(), ['provisional 180 of callee']);
    world.nothingIsLeft();
  });
});
