import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Request } from '../sip/message.ts';
import { aFlow, answerSdp, aRequest, identity, offerSdp, withSdp, World } from './testing/world.ts';

describe('requests outside dialogs', () => {
  it('other than INVITE go to the user', () => {
    const world = new World();
    world.receive(aRequest('OPTIONS', [['Max-Forwards', '0']]));
    assert.deepEqual(
      world.requests.map(({ request }) => request.method),
      ['OPTIONS'],
    );
    assert.equal(world.dialogs.size, 0);
    world.silence();
  });

  it('with a To tag of no dialog get 481, whatever their method', () => {
    const world = new World();
    for (const method of ['BYE', 'OPTIONS', 'NOTIFY', 'INVITE']) {
      world.receive(
        aRequest(method, [
          ['To', '<sip:a@example.com>;tag=x'],
          ['Via', `SIP/2.0/TLS a;branch=z9hG4bK${method}`],
        ]),
      );
    }
    assert.deepEqual(world.sent(), ['481', '481', '481', '481']);
    world.nothingIsLeft();
  });

  it('an ACK of no dialog is dropped', () => {
    const world = new World();
    world.receive(aRequest('ACK', [['To', '<sip:a@example.com>;tag=x']]));
    world.receive(aRequest('ACK'));
    world.silence();
    world.nothingIsLeft();
  });

  it('are refused before the user sees them: no hops left, unknown extension, no usable Contact', () => {
    const refusals = [
      { status: 483, counted: 'too-many-hops', headers: [['Max-Forwards', '0']] },
      { status: 420, counted: 'unknown-extension', headers: [['Require', 'timer, 100rel']] },
      { status: 400, counted: 'no-contact', headers: [['Contact', '<mailto:a@example.com>']] },
    ] as const;
    for (const { status, counted, headers } of refusals) {
      const world = new World({ supported: ['Timer'] });
      world.receive(aRequest('INVITE', headers, offerSdp));
      const response = world.response(status);
      if (status === 420) assert.equal(response.headers.get('Unsupported'), '100rel', 'and not the supported one');
      assert.notEqual(response.to.tag, undefined);
      assert.deepEqual(world.refused, [counted]);
      assert.equal(world.dialogs.size, 0);
      world.nothingIsLeft();
    }
    const world = new World();
    const invite = aRequest('INVITE', [], offerSdp);
    invite.headers.delete('Contact');
    world.receive(invite);
    assert.equal(world.response(400).reason, 'Missing Contact Header');
    world.nothingIsLeft();
  });

  it('merged copies of one INVITE get 482', () => {
    const world = new World();
    const leg = world.called();
    world.receive(aRequest('INVITE', [['Via', 'SIP/2.0/TLS 192.0.2.8;branch=z9hG4bK-other']], offerSdp));
    world.response(482);
    leg.reject(486);
    world.nothingIsLeft();
  });

  it('INVITEs beyond the limit get 503; one of ours fails', () => {
    const world = new World({ maxLegs: 1 });
    const leg = world.called();
    world.receive(
      aRequest(
        'INVITE',
        [
          ['Call-ID', 'call-2'],
          ['Via', 'SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK-2'],
        ],
        offerSdp,
      ),
    );
    assert.deepEqual(world.sent(), ['503']);
    const ours = world.call();
    world.clock.advance(0);
    assert.deepEqual(world.user.heard(), ['failure no-room']);
    assert.equal(ours.state, 'Terminated');
    leg.reject(486);
    world.nothingIsLeft();
  });
});

describe('a source that only a rule of an earlier document lets in', () => {
  const former = aFlow({ trunks: [], formerTrunks: ['contoso'] });

  it('begins nothing: 403 to INVITE and OPTIONS, and nobody above hears of them', () => {
    const world = new World({ flow: former });
    world.onInvite = () => assert.fail('the INVITE reached the user');
    world.receive(aRequest('INVITE', [], offerSdp));
    world.receive(aRequest('OPTIONS'));
    assert.deepEqual([world.sent(), world.requests.length], [['403', '403'], 0]); // prettier-ignore
    assert.deepEqual(world.refused, ['source-no-longer-allowed', 'source-no-longer-allowed']);
    world.nothingIsLeft();
  });

  it('goes on in its dialog: ACK, re-INVITE and BYE', () => {
    const world = new World();
    const leg = world.called();
    leg.accept(identity, withSdp(answerSdp));
    const ok = world.response(200);
    world.receive(world.inDialog('ACK', ok, { cseq: 7 }), former);
    world.receive(world.inDialog('INVITE', ok, { cseq: 8, body: offerSdp }), former);
    world.user.reinvites[0]?.reject(488);
    world.response(488);
    world.receive(world.inDialog('BYE', ok, { cseq: 9 }), former);
    world.response(200);
    assert.deepEqual(world.user.heard(), ['ack 7', 'reinvite', 'bye']);
    world.nothingIsLeft();
  });

  it('may still cancel what it began', () => {
    const world = new World();
    const invite = aRequest('INVITE', [], offerSdp);
    const leg = world.called(invite);
    const headers = invite.headers.clone().set('CSeq', '7 CANCEL').delete('Content-Type').delete('Contact');
    world.receive(new Request('CANCEL', invite.uri, headers), former);
    world.response(200);
    assert.deepEqual(world.user.heard(), ['cancel']);
    leg.reject(487);
    world.nothingIsLeft();
  });
});

describe('a To tag', () => {
  it('is known as long as the leg lives that gave it', () => {
    const world = new World();
    const leg = world.called();
    leg.provisional(identity, 180);
    const bye = world.inDialog('BYE', world.response(180));
    assert.equal(world.dialogs.knowsDialogOf(bye), true);
    assert.equal(world.dialogs.knowsDialogOf(aRequest('INVITE')), false);
    assert.equal(world.dialogs.knowsDialogOf(aRequest('BYE', [['To', '<sip:us@192.0.2.1>;tag=invented']])), false);
    leg.reject(486);
    assert.equal(world.dialogs.knowsDialogOf(bye), false);
    world.nothingIsLeft();
  });
});

describe('trunks in use', () => {
  it('are those of all legs, with the beginning of the oldest', () => {
    const world = new World();
    assert.deepEqual([...world.dialogs.trunksInUse()], []);
    const begunMs = world.clock.nowMs();
    const leg = world.called();
    assert.deepEqual([...world.dialogs.trunksInUse()], [['contoso', begunMs]]);
    leg.provisional(identity, 180);
    world.clock.advance(1000);
    const ours = world.call();
    assert.deepEqual([...world.dialogs.trunksInUse()], [['contoso', begunMs]]);
    leg.reject(486);
    assert.deepEqual([...world.dialogs.trunksInUse()], [['contoso', begunMs + 1000]]);
    ours.cancel();
    world.nothingIsLeft();
    assert.equal(world.dialogs.trunksInUse().size, 0);
  });
});

describe('what stays of a call', () => {
  it('is nothing, after a thousand calls in both directions', () => {
    const world = new World();
    for (let count = 0; count < 500; count += 1) {
      const caller = world.called(
        aRequest(
          'INVITE',
          [
            ['Call-ID', `call-${count}`],
            ['Via', `SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK-${count}`],
          ],
          offerSdp,
        ),
      );
      const callee = world.call();
      const invite = world.request('INVITE');
      world.answer(invite, 200, { body: answerSdp });
      callee.ack();
      world.request('ACK');
      caller.accept(identity, withSdp(answerSdp));
      world.receive(world.inDialog('ACK', world.response(200), { cseq: 7 }));
      assert.equal(world.dialogs.size, 2);
      caller.bye();
      callee.bye();
      world.answer(world.request('BYE'), 200);
      world.answer(world.request('BYE'), 200);
    }
    world.nothingIsLeft();
  });
});

describe('an INVITE of ours that cannot be written', () => {
  it('throws, and leaves no leg behind', () => {
    const world = new World();
    assert.throws(() => world.call({ from: '<sip:a@example.com>\r\nX-Injected: yes' }), SyntaxError);
    assert.equal(world.dialogs.size, 0);
    world.nothingIsLeft();
  });
});
