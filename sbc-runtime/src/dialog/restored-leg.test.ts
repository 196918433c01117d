import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LegSnapshot } from './leg-snapshot.ts';
import { aCall } from './testing/called-call.ts';
import { answerSdp, aRequest, identity, offerSdp, withSdp, World } from './testing/world.ts';

const throughJson = (snapshot: LegSnapshot): LegSnapshot => JSON.parse(JSON.stringify(snapshot)) as LegSnapshot;

/** A call that the peer made, in the hands of a process that knows its snapshot alone. */
function restored(passedMs = 0, supported: readonly string[] = [], invite = aRequest('INVITE', [], offerSdp)) {
  const before = new World({ supported });
  const old = before.called(invite);
  old.accept(identity, withSdp(answerSdp));
  const ok = before.response(200);
  before.receive(before.inDialog('ACK', ok, { cseq: 7 }));
  const snapshot = old.snapshot();
  assert.ok(snapshot);
  const world = new World({ supported });
  const leg = world.dialogs.restore(throughJson(snapshot), identity, world.user, passedMs);
  return { world, leg, ok };
}

describe('A leg', () => {
  it('has no snapshot before it is confirmed and acknowledged, nor once it is over', () => {
    const world = new World();
    const leg = world.called();
    assert.equal(leg.snapshot(), undefined);
    leg.accept(identity, withSdp(answerSdp));
    assert.equal(leg.snapshot(), undefined);
    world.receive(world.inDialog('ACK', world.response(200), { cseq: 7 }));
    assert.equal(leg.snapshot()?.dialog.remoteSequence, 7);
    leg.bye();
    assert.equal(leg.snapshot(), undefined);
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('that we called has one once it was answered', () => {
    const world = new World();
    const leg = world.call();
    world.answer(world.request('INVITE'), 200, { body: answerSdp });
    leg.ack();
    const { ownsCallId, dialog } = leg.snapshot() ?? {};
    assert.deepEqual([ownsCallId, dialog?.remoteTag, dialog?.localSequence], [true, 'callee', 1]);
    world.sent();
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });
});

describe('A restored leg', () => {
  it('takes a BYE of its peer', () => {
    const { world, leg, ok } = restored();
    assert.deepEqual([leg.state, leg.callId, world.dialogs.size], ['Confirmed', 'call-1', 1]);
    world.receive(world.inDialog('BYE', ok, { cseq: 8 }));
    assert.deepEqual([world.sent(), world.user.heard()], [['200'], ['bye']]);
    world.nothingIsLeft();
  });

  it('says BYE where the dialog leads, with a CSeq far beyond those of before', () => {
    const { world, leg } = restored();
    leg.bye({ headers: [['Reason', 'Q.850;cause=41']] });
    const bye = world.request('BYE');
    assert.deepEqual([bye.cseq.number, bye.from.tag, bye.to.tag], [1001, leg.localTag, 'megan']);
    assert.equal(bye.uri.startsWith('sip:api-du-a-usea.pstnhub.microsoft.com:443'), true);
    world.answer(bye, 200);
    world.nothingIsLeft();
  });

  it('hands a re-INVITE of its peer to the user, and refuses one with an older CSeq', () => {
    const { world, ok } = restored();
    world.receive(world.inDialog('INVITE', ok, { cseq: 8, body: offerSdp }));
    assert.deepEqual(world.user.heard(), ['reinvite']);
    world.user.reinvites[0]?.accept(withSdp(answerSdp));
    world.response(200);
    world.receive(world.inDialog('ACK', ok, { cseq: 8 }));
    world.receive(world.inDialog('OPTIONS', ok, { cseq: 6 }));
    assert.deepEqual(world.sent(), ['500']);
    world.receive(world.inDialog('BYE', ok, { cseq: 9 }));
    world.response(200);
    world.nothingIsLeft();
  });

  it('re-INVITEs, and has its 2xx acknowledged', () => {
    const { world, leg } = restored();
    leg.reinvite(withSdp(offerSdp), world.user.onResult);
    const invite = world.request('INVITE');
    world.answer(invite, 200, { tag: 'megan', body: answerSdp });
    leg.ack();
    assert.equal(world.request('ACK').cseq.number, invite.cseq.number);
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('acknowledges a 2xx that its peer repeats for an INVITE of the process before', () => {
    const { world, ok } = restored();
    const invite = aRequest('INVITE', [
      ['From', ok.headers.get('To') ?? ''],
      ['To', ok.headers.get('From') ?? ''],
      ['CSeq', '3 INVITE'],
    ]);
    world.answer(invite, 200, { body: answerSdp });
    assert.equal(world.request('ACK').cseq.number, 3);
    invite.headers.set('To', '<sip:+4930@sip.pstnhub.microsoft.com>;tag=somebody-else');
    world.answer(invite, 200, { body: answerSdp });
    world.silence();
    invite.headers.set('To', ok.headers.get('From') ?? '');
    invite.headers.set('Call-ID', 'call-2');
    world.answer(invite, 200, { body: answerSdp });
    world.silence();
    world.receive(world.inDialog('BYE', ok, { cseq: 9 }));
    world.response(200);
    world.nothingIsLeft();
  });

  it('of another process acknowledges nothing: the leg that has sent the INVITE does', () => {
    const { world, ok, end } = aCall();
    const invite = aRequest('INVITE', [
      ['From', ok.headers.get('To') ?? ''],
      ['To', ok.headers.get('From') ?? ''],
    ]);
    world.answer(invite, 200, { tag: 'megan' });
    world.silence();
    end(9);
  });
});

describe('The session timer of a restored leg', () => {
  const asking = (refresher: 'uac' | 'uas') =>
    aRequest('INVITE', [['Supported', 'timer'], ['Session-Expires', `600;refresher=${refresher}`]], offerSdp); // prettier-ignore

  it('goes on from where it was: a refresh of ours comes at the half of the interval', () => {
    const { world, leg } = restored(100_000, ['timer'], asking('uas'));
    world.user.refresh = withSdp(answerSdp);
    world.clock.advance(199_000);
    assert.deepEqual(world.user.heard(), []);
    world.clock.advance(1000);
    assert.deepEqual(world.user.heard(), ['refresh due']);
    world.answer(world.request('INVITE'), 200, { tag: 'megan', body: answerSdp });
    assert.deepEqual([world.sent(), world.user.heard()], [['ACK'], ['refreshed']]);
    leg.bye();
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });

  it('whose refresh came due meanwhile sends it within two seconds', () => {
    const { world, leg } = restored(320_000, ['timer'], asking('uas'));
    world.user.refresh = withSdp(answerSdp);
    world.clock.advance(2000);
    assert.deepEqual(world.user.heard(), ['refresh due']);
    leg.bye();
    world.sent();
    world.nothingIsLeft();
  });

  it('that ran out meanwhile ends the leg, but not before we listen and a refresh could have left', () => {
    const { world } = restored(700_000, ['timer'], asking('uas'));
    world.user.refresh = withSdp(answerSdp);
    world.clock.advance(1999);
    assert.deepEqual(world.user.heard(), ['refresh due']);
    world.clock.advance(1);
    assert.deepEqual(world.user.heard(), ['ended session-expired']);
    world.sent();
    world.nothingIsLeft();
  });

  it('ends the leg where its peer does not refresh', () => {
    const { world } = restored(500_000, ['timer'], asking('uac'));
    world.clock.advance(68_000);
    assert.deepEqual(world.user.heard(), ['ended session-expired']);
    world.answer(world.request('BYE'), 200);
    world.nothingIsLeft();
  });
});
