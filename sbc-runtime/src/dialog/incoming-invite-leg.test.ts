import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Request } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import { aFlow, aRequest, answerSdp, identity, microsoft, offerSdp, withSdp, World } from './testing/world.ts';

const cancelOf = (invite: Request) => {
  const headers = invite.headers
    .clone()
    .set('CSeq', `${invite.cseq.number} CANCEL`)
    .delete('Contact')
    .delete('Content-Type');
  return new Request('CANCEL', invite.uri, headers);
};

/** Rung, answered and acknowledged. */
function answeredCall(world = new World()) {
  const leg = world.called();
  leg.accept(identity, withSdp(answerSdp));
  const ok = world.response(200);
  world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
  assert.deepEqual(world.user.heard(), ['ack 7']);
  return { world, leg, ok };
}

describe('a leg that the peer called', () => {
  it('rings, is answered and hung up by the caller', () => {
    const world = new World();
    const leg = world.called(aRequest('INVITE', [['Record-Route', microsoft.recordRoute]], offerSdp));
    assert.deepEqual([leg.callId, leg.state, leg.remoteTag], ['call-1', 'Early', undefined]);

    leg.provisional(identity, 180);
    const ringing = world.response(180);
    assert.equal(ringing.to.tag, leg.localTag);
    assert.equal(ringing.headers.get('Contact'), identity.contact);
    assert.equal(ringing.headers.get('Record-Route'), microsoft.recordRoute);
    assert.equal(ringing.headers.get('User-Agent'), 'teams-sbc');
    assert.equal(leg.remoteTag, 'megan');

    leg.accept(identity, {
      ...withSdp(answerSdp),
      headers: [
        ['Allow', 'INVITE, ACK, BYE'],
        ['X-Trace', 'a'],
      ],
    });
    const ok = world.response(200);
    assert.equal(ok.to.tag, leg.localTag, 'the same tag throughout');
    assert.equal(ok.body, answerSdp);
    assert.deepEqual(ok.headers.getAll('Allow'), ['INVITE, ACK, BYE'], 'the user replaces a header of the identity');
    assert.equal(leg.state, 'Confirmed');

    world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
    world.receive(world.inDialog('BYE', ok));
    assert.equal(world.response(200).cseq.method, 'BYE');
    assert.deepEqual(world.user.heard(), ['ack 7', 'bye']);
    assert.equal(leg.state, 'Terminated');
    assert.equal(world.dialogs.size, 0);
    world.nothingIsLeft();
    world.silence();
  });

  it('is hung up by us along the Record-Route, to the Contact as it was written', () => {
    const world = new World();
    const leg = world.called(aRequest('INVITE', [['Record-Route', microsoft.recordRoute]], offerSdp));
    leg.accept(identity, withSdp(answerSdp));
    world.receive(world.inDialog('ACK', world.response(200), { cseq: 7 }));

    leg.bye({ headers: [['Reason', 'Q.850;cause=16']] });
    const bye = world.request('BYE');
    assert.equal(bye.uri, microsoft.contact.slice(1, -1));
    assert.deepEqual(bye.headers.getAll('Route'), [microsoft.recordRoute]);
    assert.equal(bye.headers.get('From'), `<sip:+4989@sbc-0.example.com>;tag=${leg.localTag}`);
    assert.equal(bye.headers.get('To'), '"Megan" <sip:+4930@sip.pstnhub.microsoft.com>;tag=megan');
    assert.equal(bye.headers.get('Reason'), 'Q.850;cause=16');
    assert.equal(bye.headers.get('Max-Forwards'), '70');
    assert.deepEqual(world.hops, [
      {
        ...{ protocol: 'TLS', host: 'sip-du-a-us.pstnhub.microsoft.com', port: 5061 },
        ...{ listener: 'teams', trunk: 'contoso', sentBy: 'sbc-0.example.com:5061' },
        heardFrom: { address: '192.0.2.7', port: 5061 },
      },
    ]);
    assert.equal(world.dialogs.size, 1, 'until the BYE is answered');
    world.answer(bye, 200);
    assert.equal(world.dialogs.size, 0);
    assert.deepEqual(world.user.heard(), ['ack 7'], 'nothing is told of an end that the user made');
    world.nothingIsLeft();
  });

  it('is refused with the status, phrase and headers that the user names', () => {
    const world = new World();
    const leg = world.called();
    leg.reject(486, { reason: 'Busy', headers: [['Retry-After', '5']] });
    const busy = world.response(486);
    assert.deepEqual([busy.reason, busy.headers.get('Retry-After'), busy.to.tag], ['Busy', '5', leg.localTag]);
    assert.equal(busy.headers.has('Contact'), false);
    assert.equal(world.dialogs.size, 0);
    leg.accept(identity, {});
    leg.reject(500);
    world.silence();
    world.nothingIsLeft();
  });

  it('hears of a CANCEL and sends the 487 itself', () => {
    const world = new World();
    const invite = aRequest('INVITE', [], offerSdp);
    const leg = world.called(invite);
    leg.provisional(identity, 180);
    const cancel = cancelOf(invite);
    cancel.headers.set('Reason', 'SIP;cause=200');
    world.receive(cancel);
    assert.deepEqual(world.sent(), ['180', '200']);
    assert.deepEqual(world.user.heard(), ['cancel, SIP;cause=200']);
    leg.reject(487);
    assert.deepEqual(world.sent(), ['487']);
    world.nothingIsLeft();
  });

  it('does not hear of a CANCEL that the answer has overtaken', () => {
    const world = new World();
    const invite = aRequest('INVITE', [], offerSdp);
    const leg = world.called(invite);
    leg.accept(identity, withSdp(answerSdp));
    const ok = world.response(200);
    world.receive(cancelOf(invite));
    world.response(200);
    assert.deepEqual(world.user.heard(), []);
    assert.equal(leg.state, 'Confirmed');
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
    world.receive(world.inDialog('BYE', ok));
    world.response(200);
    world.nothingIsLeft();
  });

  it('repeats its 2xx after 0.5, 1.5, 3.5, … s until the ACK comes, on TLS as well', () => {
    const world = new World();
    world.called().accept(identity, withSdp(answerSdp));
    const ok = world.response(200);
    const sentAt: number[] = [];
    for (let ms = 0; ms < 12_000; ms += 500) {
      world.clock.advance(500);
      if (world.sent().length > 0) sentAt.push(world.clock.nowMs());
    }
    assert.deepEqual(sentAt, [500, 1500, 3500, 7500, 11_500]);
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
    assert.deepEqual(world.user.heard(), ['ack 7'], 'a repeated ACK is no news');
    world.clock.advance(30_000);
    world.silence();
    world.receive(world.inDialog('BYE', ok));
    world.nothingIsLeft();
  });

  it('ends with BYE after 64*T1 without ACK', () => {
    const world = new World();
    const leg = world.called();
    leg.accept(identity, withSdp(answerSdp));
    world.clock.advance(31_999);
    assert.deepEqual(new Set(world.sent()), new Set(['200']));
    assert.deepEqual(world.user.heard(), []);
    world.clock.advance(1);
    const bye = world.request('BYE');
    assert.match(bye.headers.get('Reason') ?? '', /^SIP;cause=408/);
    assert.deepEqual(world.user.heard(), ['ended ack-timeout']);
    assert.equal(leg.state, 'Terminated');
    world.answer(bye, 481);
    world.nothingIsLeft();
  });

  it('holds its BYE back until the ACK', () => {
    const world = new World();
    const leg = world.called();
    leg.accept(identity, withSdp(answerSdp));
    const ok = world.response(200);
    leg.bye({ headers: [['Reason', 'Q.850;cause=16']] });
    assert.equal(leg.state, 'Terminated');
    world.silence();
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
    const bye = world.request('BYE');
    assert.equal(bye.headers.get('Reason'), 'Q.850;cause=16');
    world.answer(bye, 200);
    assert.deepEqual(world.user.heard(), []);
    world.nothingIsLeft();
  });

  it('sends the BYE it held back when the ACK never comes, and tells nobody', () => {
    const world = new World();
    const leg = world.called();
    leg.accept(identity, withSdp(answerSdp));
    leg.bye();
    world.clock.advance(32_000);
    assert.equal(world.sent().at(-1), 'BYE');
    world.nothingIsLeft();
    assert.deepEqual(world.user.heard(), []);
  });

  it('answers a BYE in the early dialog with 200 and the INVITE with 487', () => {
    const world = new World();
    const leg = world.called();
    leg.provisional(identity, 180);
    world.receive(world.inDialog('BYE', world.response(180)));
    assert.deepEqual(world.sent(), ['200', '487']);
    assert.deepEqual(world.user.heard(), ['bye']);
    leg.accept(identity, withSdp(answerSdp));
    world.silence();
    world.nothingIsLeft();
  });

  it('is refused with 487 where the user ends it before answering', () => {
    const world = new World();
    const leg = world.called();
    leg.bye();
    assert.deepEqual(world.sent(), ['487']);
    world.nothingIsLeft();
  });

  it('answers a BYE that crosses its own', () => {
    const { world, leg, ok } = answeredCall();
    leg.bye();
    const bye = world.request('BYE');
    world.receive(world.inDialog('BYE', ok));
    assert.deepEqual(world.sent(), ['200']);
    assert.deepEqual(world.user.heard(), []);
    world.answer(bye, 481);
    world.nothingIsLeft();
  });

  it('reads the answer of a delayed offer from the ACK', () => {
    const world = new World();
    const leg = world.called(aRequest('INVITE'));
    leg.accept(identity, withSdp(offerSdp));
    const ok = world.response(200);
    world.receive(world.inDialog('ACK', ok, { cseq: 7, body: answerSdp }));
    assert.equal(world.user.lastAck?.body, answerSdp);
    world.receive(world.inDialog('BYE', ok));
    world.nothingIsLeft();
  });

  it('lets go of the INVITE when its 2xx is acknowledged', () => {
    const { world, leg, ok } = answeredCall();
    assert.throws(() => leg.request, { code: 'SBC_INVARIANT' });
    assert.deepEqual(leg.source, {
      protocol: 'TLS',
      address: '192.0.2.7',
      port: 5061,
      listener: 'teams',
      trunks: ['contoso'],
    });
    world.receive(world.inDialog('BYE', ok));
    world.nothingIsLeft();
  });

  it('leaves nothing behind where the user fails on an INVITE', () => {
    const world = new World();
    world.onInvite = () => {
      throw new Error('a bug');
    };
    world.receive(aRequest('INVITE', [], offerSdp));
    assert.deepEqual(world.sent(), ['500']);
    assert.equal(world.bugs.splice(0).length, 1);
    assert.equal(world.dialogs.size, 0);
    world.nothingIsLeft();
  });
});

describe('requests of the peer inside a dialog', () => {
  it('reach the user from any connection of the same trunk', () => {
    const { world, ok } = answeredCall();
    world.receive(
      world.inDialog('INFO', ok),
      aFlow({ address: '192.0.2.99', port: 40_000, trunks: ['fabrikam', 'contoso'] }),
    );
    assert.deepEqual(world.user.heard(), ['INFO']);
    const info = world.user.requests[0];
    info?.respond(responseTo(info.request, 200));
    world.receive(world.inDialog('BYE', ok, { cseq: 9 }));
    assert.deepEqual(world.sent(), ['200', '200']);
    world.nothingIsLeft();
  });

  it('are refused and counted from flows of other trunks, also the ACK', () => {
    const world = new World();
    const leg = world.called();
    leg.accept(identity, withSdp(answerSdp));
    const ok = world.response(200);
    const stranger = aFlow({ trunks: ['fabrikam'] });
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }), stranger);
    world.receive(world.inDialog('BYE', ok), stranger);
    assert.deepEqual(world.sent(), ['403']);
    assert.deepEqual(world.user.heard(), []);
    assert.deepEqual(world.refused, ['dialog-of-another-trunk', 'dialog-of-another-trunk']);
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }));
    world.receive(world.inDialog('BYE', ok));
    assert.deepEqual(world.user.heard(), ['ack 7', 'bye']);
    world.nothingIsLeft();
  });

  it('get 481 where Call-ID, our tag or their tag is of no dialog', () => {
    const { world, ok } = answeredCall();
    world.receive(world.inDialog('INFO', ok, { headers: [['Call-ID', 'another']] }));
    world.receive(world.inDialog('INFO', ok, { headers: [['From', '<sip:a@example.com>;tag=another']] }));
    world.receive(world.inDialog('INFO', ok, { headers: [['To', '<sip:a@example.com>;tag=another']] }));
    world.receive(world.inDialog('INVITE', ok, { headers: [['To', '<sip:a@example.com>;tag=another']] }));
    assert.deepEqual(world.sent(), ['481', '481', '481', '481']);
    world.receive(world.inDialog('BYE', ok));
    assert.deepEqual(world.user.heard(), ['bye']);
    world.nothingIsLeft();
  });

  it('get 500 where their CSeq is lower than the last one; gaps are fine', () => {
    const { world, ok } = answeredCall();
    world.receive(world.inDialog('INFO', ok, { cseq: 20 }));
    world.receive(world.inDialog('INFO', ok, { cseq: 19 }));
    assert.deepEqual(world.sent(), ['500']);
    assert.deepEqual(world.user.heard(), ['INFO']);
    world.receive(world.inDialog('BYE', ok, { cseq: 21 }));
    assert.deepEqual(world.sent(), ['200', '487'], 'the INFO that nobody answered ends with the leg');
    world.nothingIsLeft();
  });

  it('get 420 where they require an extension, but for BYE', () => {
    const { world, ok } = answeredCall();
    world.receive(world.inDialog('INVITE', ok, { headers: [['Require', '100rel, x']] }));
    assert.equal(world.response(420).headers.get('Unsupported'), '100rel, x');
    world.receive(world.inDialog('BYE', ok, { cseq: 9, headers: [['Require', 'x']] }));
    assert.deepEqual(world.sent(), ['200']);
    world.nothingIsLeft();
  });

  it('are refused with 500 once sixteen wait for the user', () => {
    const { world, ok } = answeredCall();
    for (let count = 0; count < 17; count += 1) world.receive(world.inDialog('INFO', ok, { cseq: 8 + count }));
    assert.equal(world.response(500).headers.get('Retry-After'), '10');
    world.receive(world.inDialog('BYE', ok, { cseq: 99 }));
    assert.equal(world.sent().filter((status) => status === '487').length, 16);
    world.nothingIsLeft();
  });
});
