import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MediaResult } from '../media/media-relay.ts';
import { newCall, type CallEffect, type CallEvent, type CallState } from './call-state.ts';
import { step } from './call-step.ts';
import type { Disagreement } from './disagreement.ts';

const sdp: MediaResult = { kind: 'sdp', sdp: 'v=0 relayed' };
const away: MediaResult = { kind: 'unavailable', reason: 'no answer' };
const badSdp: MediaResult = { kind: 'refused', status: 488, reason: 'Failed to parse SDP' };

/** What a call did at each event, in words, and where it stands. */
function play(events: readonly CallEvent[], isDelayed: boolean): { ladder: string[]; call: CallState } {
  let call = newCall(1, isDelayed);
  const ladder = events.map((event) => {
    const { next, effects } = step(call, event);
    call = next;
    return effects.filter(({ kind }) => kind !== 'stop-timer').map(word).join(', '); // prettier-ignore
  });
  return { ladder, call };
}

function word(effect: CallEffect): string {
  if (effect.kind === 'bye' || effect.kind === 'undo-reinvite')
    return `${effect.kind} ${effect.kind === 'bye' ? effect.leg : effect.from}`;
  if (effect.kind === 'reject' || effect.kind === 'reject-reinvite') return `${effect.kind} ${effect.status}`;
  if (effect.kind === 'ring') return `ring ${effect.status} ${effect.sdp ?? 'without sdp'}`;
  if (effect.kind === 'start-timer') return `start ${effect.timer}`;
  return effect.kind === 'over' ? `over: ${effect.end.result}, ${effect.end.reason}` : effect.kind;
}

const opening: CallEvent[] = [
  { kind: 'media-offered', result: sdp },
  { kind: 'answered', sdp: 'v=0 answer' },
  { kind: 'media-answered', result: sdp },
];
const composed = (exchange = 0, result: MediaResult = sdp): CallEvent => ({ kind: 'offer-composed', exchange, result });
const ack = (answer: string | undefined = 'v=0 ack'): CallEvent => ({
  kind: 'offer-answered',
  from: 'caller',
  sdp: answer,
});
const noAnswer: CallEvent = { kind: 'offer-answered', from: 'caller', sdp: undefined };
const heard = (exchange = 0, result: MediaResult = sdp): CallEvent => ({ kind: 'answer-heard', exchange, result });
const compared = (over: Disagreement, exchange = 0): CallEvent => ({
  kind: 'compared',
  exchange,
  over,
  sdp: 'v=0 ack',
});
const asks: CallEvent = { kind: 'reinvite-without-offer', from: 'caller' };
const reoffered: CallEvent = { kind: 'reinvite-offered', exchange: 0, result: sdp };
const outcome = (status: number, exchange = 0): CallEvent => ({
  kind: 'reinvite-outcome',
  exchange,
  by: 'callee',
  outcome: status < 300 ? { kind: 'answered', sdp: 'v=0 more', offer: 'v=0' } : { kind: 'refused', status },
});

/** A first INVITE without an offer; what it did from its callee's answer on. */
const first = (...events: CallEvent[]) => play([...opening, ...events], true).ladder.slice(opening.length - 1);
/** The same within a call that has begun as usual. */
const later = (...events: CallEvent[]) => play([...opening, ...events], false).ladder.slice(opening.length);

test('a call without an offer gets ours in the 200, and what its ACK says is heard and compared', () => {
  assert.deepEqual(first(composed(), ack(), heard(), compared('None')), [
    'compose-offer',
    'accept, await-answer',
    'hear-answer',
    'compare',
    '',
  ]);
});

test('an 18x with SDP rings without it, and the SDP serves a 200 that has none', () => {
  const sdp = 'v=0 early';
  const { ladder } = play(
    [
      opening[0]!,
      { kind: 'early-sdp', tag: 'desk', sdp },
      { kind: 'provisional', status: 183, sdp },
      { kind: 'answered', sdp: undefined },
    ],
    true,
  );
  assert.deepEqual(ladder.slice(2), ['ring 180 without sdp', 'ack-callee, answer-media']);
});

test('no usable answer ends a new call on both sides; a late ACK finds nothing to do', () => {
  assert.deepEqual(first(composed(), noAnswer, ack()).slice(2), [
    'bye caller, bye callee, delete-media, over: caller-error, bad-answer',
    '',
  ]);
  assert.deepEqual(first(composed(), ack(), heard(0, badSdp)).slice(3), [
    'bye caller, bye callee, delete-media, over: caller-error, bad-answer',
  ]);
  assert.deepEqual(first(composed(), ack(), heard(0, away)).slice(3), [
    'bye caller, bye callee, delete-media, over: our-error, relay-unavailable',
  ]);
});

test('the relay makes no offer: the new call is refused, and its callee hung up on', () => {
  assert.deepEqual(first(composed(0, away)).slice(1), [
    'bye callee, reject 503, delete-media, over: our-error, relay-unavailable',
  ]);
  assert.deepEqual(first(composed(0, badSdp)).slice(1), [
    'bye callee, reject 488, delete-media, over: callee-error, bad-answer',
  ]);
});

test('before the 200 the caller may cancel and the callee may hang up', () => {
  assert.deepEqual(first({ kind: 'cancelled', reasons: [] }, composed()).slice(1), [
    'reject 487, bye callee, delete-media, over: success, cancelled',
    '',
  ]);
  assert.deepEqual(first({ kind: 'bye', from: 'callee', reasons: [] }, composed()).slice(1), [
    '',
    'accept, bye caller, delete-media, over: success, normal-clearing',
  ]);
});

test('within a call an asking that fails leaves everything as it was', () => {
  assert.deepEqual(later(asks, composed(0, away)), ['compose-offer', 'undo-reinvite caller, reject-reinvite 500']);
  assert.deepEqual(later(asks, composed(), noAnswer), ['compose-offer', 'accept-with-offer', 'undo-reinvite caller']);
  assert.deepEqual(later(asks, composed(), ack(), heard(0, badSdp)).slice(3), ['undo-reinvite caller']);
  assert.deepEqual(later(asks, { kind: 'reinvite-cancelled', from: 'caller' }, composed()).slice(1), [
    'undo-reinvite caller',
    '',
  ]);
});

test('before the call is answered, and while another exchange runs, an asking is refused', () => {
  assert.deepEqual(play([opening[0]!, asks], false).ladder.slice(1), ['reject-reinvite 500']);
  assert.deepEqual(later(asks, { kind: 'reinvite-without-offer', from: 'callee' }).slice(1), ['reject-reinvite 491']);
  assert.deepEqual(
    later(asks, composed(), { kind: 'reinvite', from: 'callee', sdp: 'v=0', unchanged: false }).slice(2),
    ['reject-reinvite 491'],
  );
});

test('where the sides disagree the other one is asked, and nobody is answered', () => {
  const asked = later(asks, composed(), ack(), heard(), compared('Direction'), reoffered, outcome(200), {
    kind: 'reinvite-answered',
    exchange: 0,
    result: sdp,
  });
  assert.deepEqual(asked.slice(4), [
    'offer-reinvite',
    'start reinvite, send-reinvite',
    'ack-reinvite, answer-reinvite-media',
    '',
  ]);
});

test('where only the relay has heard too much, it hears again what was agreed', () => {
  assert.deepEqual(later(asks, composed(), ack(), heard(), compared('RelayOnly')).slice(4), ['undo-reinvite caller']);
});

test('a refusal: about hold it is taken, about a codec it ends the call', () => {
  const refused = (over: Disagreement, event: CallEvent) =>
    later(asks, composed(), ack(), heard(), compared(over), reoffered, event).at(-1);
  const end = 'undo-reinvite caller';
  assert.equal(refused('Direction', outcome(488)), end);
  assert.equal(refused('Direction', { kind: 'reinvite-timeout' }), `cancel-reinvite, ${end}`);
  assert.equal(
    refused('Codec', outcome(488)),
    'bye caller, bye callee, delete-media, over: caller-error, no-common-codec',
  );
});

test('glare: the other side goes first, then the two are compared again', () => {
  const events = [asks, composed(), ack(), heard(), compared('Direction'), reoffered, outcome(491)];
  assert.deepEqual(later(...events, { kind: 'glare-timeout' }, compared('None', 1)).slice(6), [
    'undo-reinvite caller, start glare',
    'compare',
    '',
  ]);
  const theirs: CallEvent = { kind: 'reinvite', from: 'callee', sdp: 'v=0', unchanged: false };
  assert.deepEqual(later(...events, theirs, { kind: 'glare-timeout' }).slice(7), ['offer-reinvite', 'start glare']);
});

test('a peer that says 491 whatever it is asked is asked ten times, and the call goes on as it is', () => {
  const reofferedAs = (exchange: number): CallEvent => ({ kind: 'reinvite-offered', exchange, result: sdp });
  const rounds = Array.from({ length: 9 }, (_, round): CallEvent[] => [
    { kind: 'glare-timeout' },
    compared('Direction', round + 1),
    reofferedAs(round + 1),
    outcome(491, round + 1),
  ]);
  const ladder = later(asks, composed(), ack(), heard(), compared('Direction'), reoffered, outcome(491), ...rounds.flat(), { kind: 'glare-timeout' }); // prettier-ignore
  assert.equal(ladder.filter((line) => line.includes('start glare')).length, 9);
  assert.deepEqual(ladder.slice(-2), ['undo-reinvite caller', '']);
});

test('whatever happens: a call never goes on after its end, and ends once', () => {
  const leg = fc.constantFrom('caller' as const, 'callee' as const);
  const result = fc.constantFrom(sdp, away, badSdp);
  const id = fc.constantFrom(0, 1, 2);
  const event: fc.Arbitrary<CallEvent> = fc.oneof(
    fc.constantFrom<CallEvent>(...opening, asks, { kind: 'glare-timeout' }, { kind: 'reinvite-timeout' }),
    fc.record({ kind: fc.constant('offer-composed' as const), exchange: id, result }),
    fc.record({ kind: fc.constant('answer-heard' as const), exchange: id, result }),
    fc.record({ kind: fc.constant('reinvite-offered' as const), exchange: id, result }),
    fc.record({ kind: fc.constant('offer-answered' as const), from: leg, sdp: fc.constantFrom('v=0', undefined) }),
    fc.record({ kind: fc.constant('bye' as const), from: leg, reasons: fc.constant([]) }),
    fc.record({
      kind: fc.constant('compared' as const),
      exchange: id,
      over: fc.constantFrom<Disagreement>('None', 'RelayOnly', 'Direction', 'Codec'),
      sdp: fc.constant('v=0'),
    }),
    fc.constantFrom(outcome(200), outcome(491), outcome(500)),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), fc.boolean(), (events, isDelayed) => {
      const { ladder, call } = play(events, isDelayed);
      const ends = ladder.filter((line) => line.includes('over:'));
      assert.equal(ends.length, call.phase === 'Ended' ? 1 : 0);
      if (call.phase !== 'Ended') return;
      const after = ladder.slice(ladder.indexOf(ends[0] ?? '') + 1).filter((line) => line !== '');
      assert.ok(
        after.every((line) => line === 'ack-reinvite' || line.startsWith('reject-reinvite')),
        after.join('; '),
      );
    }),
  );
});
