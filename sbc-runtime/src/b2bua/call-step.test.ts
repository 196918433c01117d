import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MediaResult } from '../media/media-relay.ts';
import { newCall, type CallEffect, type CallEvent, type CallState, type ReinviteOutcome } from './call-state.ts';
import { step } from './call-step.ts';

const sdp: MediaResult = { kind: 'sdp', sdp: 'v=0 relayed' };
const away: MediaResult = { kind: 'unavailable', reason: 'no answer' };
const badSdp: MediaResult = { kind: 'refused', status: 488, reason: 'Failed to parse SDP' };

/** Feeds events to a fresh call and returns what it did at each of them, as words. */
function play(events: readonly CallEvent[], targets = 1): string[] {
  let call = newCall(targets);
  return events.map((event) => {
    const { next, effects } = step(call, event);
    call = next;
    return effects.map(word).join(', ');
  });
}

function word(effect: CallEffect): string {
  switch (effect.kind) {
    case 'reject':
      return `reject ${effect.status}`;
    case 'ring':
      return `ring ${effect.status}${effect.sdp === undefined ? '' : ' with sdp'}`;
    case 'bye':
      return `bye ${effect.leg}`;
    case 'start-timer':
    case 'stop-timer':
      return `${effect.kind.slice(0, -6)} ${effect.timer}`;
    case 'reject-reinvite':
      return `reject-reinvite ${effect.leg} ${effect.status}`;
    case 'send-reinvite':
      return `send-reinvite ${effect.to}`;
    case 'over':
      return `over: ${effect.end.result}, ${effect.end.reason}`;
    default:
      return effect.kind;
  }
}

const offered: CallEvent = { kind: 'media-offered', result: sdp };
const answered: CallEvent = { kind: 'answered', sdp: 'v=0 answer' };
const mediaAnswered: CallEvent = { kind: 'media-answered', result: sdp };
const connected = [offered, answered, mediaAnswered];
const refused = (status: number): CallEvent => ({ kind: 'failed', failure: { status, phrase: 'No', reasons: [] } });
const nobody: CallEvent = { kind: 'failed', failure: { status: undefined, phrase: undefined, reasons: [] } };

test('a call is offered to the relay, to the callee, answered, and hung up by the caller', () => {
  const ladder = play([
    offered,
    { kind: 'provisional', status: 180, sdp: undefined },
    answered,
    mediaAnswered,
    { kind: 'bye', from: 'caller', reasons: [] },
  ]);
  assert.deepEqual(ladder, [
    'start ring, start attempt, invite',
    'stop attempt, ring 180',
    'stop attempt, stop ring, ack-callee, answer-media',
    'accept',
    'stop attempt, stop ring, stop reinvite, bye callee, delete-media, over: success, normal-clearing',
  ]);
});

test('early media goes through the relay before the caller hears of it', () => {
  const ladder = play([
    offered,
    { kind: 'provisional', status: 183, sdp: 'v=0' },
    { kind: 'early-media-answered', status: 183, result: sdp },
  ]);
  assert.deepEqual(ladder.slice(1), ['stop attempt, answer-media', 'ring 183 with sdp']);
});

test('early media that the relay cannot carry becomes plain ringing', () => {
  const ladder = play([
    offered,
    { kind: 'provisional', status: 183, sdp: 'v=0' },
    { kind: 'early-media-answered', status: 183, result: away },
  ]);
  assert.equal(ladder[2], 'ring 180');
});

test('a 2xx without SDP is answered by the SDP of its 183', () => {
  const ladder = play([
    offered,
    { kind: 'provisional', status: 183, sdp: 'v=0 early' },
    { kind: 'answered', sdp: undefined },
  ]);
  assert.equal(ladder[2], 'stop attempt, stop ring, ack-callee, answer-media');
});

test('a 2xx without any SDP ends the call on both sides', () => {
  const ladder = play([offered, { kind: 'answered', sdp: undefined }]);
  assert.equal(
    ladder[1],
    'stop attempt, stop ring, stop reinvite, stop attempt, stop ring, ack-callee, bye callee, reject 502, delete-media, over: upstream-error, bad-answer',
  );
});

const refusals: Record<string, [number, string]> = {
  'busy is passed on': [486, 'reject 486, delete-media, over: callee-error, busy'],
  'declined is passed on': [603, 'reject 603, delete-media, over: callee-error, declined'],
  'a redirect is consumed': [302, 'reject 480, delete-media, over: callee-error, refused'],
  'a challenge is not for the caller': [401, 'reject 500, delete-media, over: callee-error, refused'],
  'a server error stays one': [500, 'reject 500, delete-media, over: upstream-error, refused'],
};
for (const [name, [status, expected]] of Object.entries(refusals)) {
  test(`refused with ${status}: ${name}, and no other target is tried`, () => {
    assert.equal(play([offered, refused(status)], 3)[1], `stop attempt, stop ring, stop reinvite, ${expected}`);
  });
}

for (const failure of [nobody, refused(503), refused(408), refused(504)]) {
  test(`the next target is tried after ${failure.kind === 'failed' ? (failure.failure.status ?? 'silence') : ''}`, () => {
    const ladder = play([offered, failure, offered], 2);
    assert.deepEqual(ladder.slice(1), ['stop attempt, offer-media', 'start ring, start attempt, invite']);
  });
}

test('a target that has rung is the last one: 408 after 180 goes to the caller', () => {
  const ladder = play([offered, { kind: 'provisional', status: 180, sdp: undefined }, refused(408)], 3);
  assert.equal(
    ladder[2],
    'stop attempt, stop ring, stop reinvite, reject 408, delete-media, over: callee-error, no-answer',
  );
});

test('a target that says nothing at all is left for the next one, and the last one ends in 503', () => {
  const ladder = play([offered, { kind: 'attempt-timeout' }, offered, { kind: 'attempt-timeout' }], 2);
  assert.equal(ladder[1], 'stop attempt, cancel-callee, offer-media');
  assert.equal(
    ladder[3],
    'stop attempt, stop ring, stop reinvite, cancel-callee, reject 503, delete-media, over: upstream-error, trunk-unreachable',
  );
});

test('nobody answers within the ring time: the callee is cancelled, the caller hears 408', () => {
  const ladder = play([offered, { kind: 'provisional', status: 180, sdp: undefined }, { kind: 'ring-timeout' }]);
  assert.equal(
    ladder[2],
    'stop attempt, stop ring, stop reinvite, cancel-callee, reject 408, delete-media, over: callee-error, ring-timeout',
  );
});

test('the relay is away: 503 before any 18x; the SDP is at fault: 488', () => {
  assert.equal(
    play([{ kind: 'media-offered', result: away }])[0],
    'stop attempt, stop ring, stop reinvite, reject 503, delete-media, over: our-error, relay-unavailable',
  );
  assert.equal(
    play([{ kind: 'media-offered', result: badSdp }])[0],
    'stop attempt, stop ring, stop reinvite, reject 488, delete-media, over: caller-error, bad-offer',
  );
});

test('the caller cancels: while offering, while ringing, and while the answer is on its way', () => {
  const cancel: CallEvent = { kind: 'cancelled', reasons: [] };
  assert.equal(
    play([cancel])[0],
    'stop attempt, stop ring, stop reinvite, reject 487, delete-media, over: success, cancelled',
  );
  assert.equal(
    play([offered, cancel])[1],
    'stop attempt, stop ring, stop reinvite, reject 487, cancel-callee, delete-media, over: success, cancelled',
  );
  assert.equal(
    play([offered, answered, cancel])[2],
    'stop attempt, stop ring, stop reinvite, reject 487, bye callee, delete-media, over: success, cancelled',
  );
});

test('the callee answers and hangs up at once: the caller hears both, in this order', () => {
  const ladder = play([offered, answered, { kind: 'bye', from: 'callee', reasons: [] }, mediaAnswered]);
  assert.deepEqual(ladder.slice(2), [
    '',
    'stop attempt, stop ring, stop reinvite, accept, bye caller, delete-media, over: success, normal-clearing',
  ]);
});

const hold: CallEvent = { kind: 'reinvite', from: 'callee', sdp: 'v=0 hold', unchanged: false };
const reoffered: CallEvent = { kind: 'reinvite-offered', exchange: 0, result: sdp };
const toCaller = (outcome: ReinviteOutcome): CallEvent => ({
  kind: 'reinvite-outcome',
  exchange: 0,
  by: 'caller',
  outcome,
});
const reanswered: CallEvent = { kind: 'reinvite-answered', exchange: 0, result: sdp };

test('a hold goes through relay and other side and back', () => {
  const ladder = play([...connected, hold, reoffered, toCaller({ kind: 'answered', sdp: 'v=0' }), reanswered]);
  assert.deepEqual(ladder.slice(3), [
    'offer-reinvite',
    'start reinvite, send-reinvite caller',
    'stop reinvite, ack-reinvite, answer-reinvite-media',
    'accept-reinvite',
  ]);
});

test('a refresh with unchanged SDP is answered here', () => {
  assert.equal(
    play([...connected, { kind: 'reinvite', from: 'caller', sdp: 'v=0', unchanged: true }])[3],
    'accept-refresh',
  );
});

test('two re-INVITEs that cross are glare: the second is refused with 491', () => {
  assert.equal(play([...connected, hold, { ...hold, from: 'caller' }])[4], 'reject-reinvite caller 491');
});

const refusedReinvites: Record<string, [ReinviteOutcome, number]> = {
  'refused with 488': [{ kind: 'refused', status: 488 }, 488],
  'refused with 491': [{ kind: 'refused', status: 491 }, 491],
  'refused with 481, which would end the asking dialog': [{ kind: 'refused', status: 481 }, 500],
  'refused with 503, which would take the trunk down': [{ kind: 'refused', status: 503 }, 500],
  'met with silence': [{ kind: 'silent' }, 500],
};
for (const [name, [outcome, status]] of Object.entries(refusedReinvites)) {
  test(`a re-INVITE ${name}: everything is as it was, at the relay too`, () => {
    const ladder = play([...connected, hold, reoffered, toCaller(outcome)]);
    assert.equal(ladder[5], `stop reinvite, undo-reinvite, reject-reinvite callee ${status}`);
  });
}

test('a re-INVITE that gets nothing but 100 is cancelled and refused after 32 s; a 2xx that comes all the same is acknowledged', () => {
  const ladder = play([
    ...connected,
    hold,
    reoffered,
    { kind: 'reinvite-timeout' },
    toCaller({ kind: 'answered', sdp: 'v=0' }),
  ]);
  assert.equal(ladder[5], 'cancel-reinvite, undo-reinvite, reject-reinvite callee 500');
  assert.equal(ladder[6], 'ack-reinvite');
});

test('whoever asked cancels its re-INVITE: the other side is asked no longer', () => {
  const ladder = play([...connected, hold, reoffered, { kind: 'reinvite-cancelled', from: 'callee' }]);
  assert.equal(ladder[5], 'stop reinvite, cancel-reinvite, undo-reinvite');
});

test('a late answer of the relay for a re-INVITE that was given up does not touch the next one', () => {
  const ladder = play([...connected, hold, { kind: 'reinvite-cancelled', from: 'callee' }, hold, reoffered]);
  assert.deepEqual(ladder.slice(5), ['offer-reinvite', '']);
});

test('a BYE while a re-INVITE is under way closes both', () => {
  const ladder = play([...connected, hold, reoffered, { kind: 'bye', from: 'caller', reasons: [] }]);
  assert.equal(
    ladder[5],
    'stop attempt, stop ring, stop reinvite, reject-reinvite callee 487, bye callee, delete-media, over: success, normal-clearing',
  );
});

const results = fc.constantFrom(sdp, away, badSdp);
const legs = fc.constantFrom('caller' as const, 'callee' as const);
const anyEvent: fc.Arbitrary<CallEvent> = fc.oneof(
  fc.record({ kind: fc.constant('media-offered' as const), result: results }),
  fc.constant<CallEvent>({ kind: 'trying' }),
  fc.record({
    kind: fc.constant('provisional' as const),
    status: fc.constantFrom(180, 183),
    sdp: fc.constantFrom(undefined, 'v=0'),
  }),
  fc.record({ kind: fc.constant('early-media-answered' as const), status: fc.constant(183), result: results }),
  fc.record({ kind: fc.constant('answered' as const), sdp: fc.constantFrom(undefined, 'v=0') }),
  fc.record({ kind: fc.constant('media-answered' as const), result: results }),
  fc.constantFrom(nobody, refused(486), refused(503)),
  fc.constantFrom<CallEvent>({ kind: 'attempt-timeout' }, { kind: 'ring-timeout' }, { kind: 'cancelled', reasons: [] }),
  fc.record({ kind: fc.constant('bye' as const), from: legs, reasons: fc.constant([]) }),
  fc.record({
    kind: fc.constant('leg-ended' as const),
    leg: legs,
    why: fc.constantFrom('ack-timeout' as const, 'gone' as const),
  }),
  fc.record({ kind: fc.constant('reinvite' as const), from: legs, sdp: fc.constant('v=0'), unchanged: fc.boolean() }),
  fc.record({ kind: fc.constant('reinvite-offered' as const), exchange: fc.nat(2), result: results }),
  fc.constantFrom<CallEvent>({ kind: 'reinvite-timeout' }, { kind: 'reinvite-cancelled', from: 'callee' }),
  fc.constantFrom<CallEvent>(toCaller({ kind: 'silent' }), toCaller({ kind: 'answered', sdp: 'v=0' })),
  fc.record({ kind: fc.constant('reinvite-answered' as const), exchange: fc.nat(2), result: results }),
);

/** Whether the caller's INVITE and the callee's side are still open, read off the effects alone. */
function settle(effects: readonly CallEffect[], seen: { finals: number; overs: number; deletes: number }): void {
  for (const effect of effects) {
    if (effect.kind === 'accept' || effect.kind === 'reject') seen.finals += 1;
    if (effect.kind === 'over') seen.overs += 1;
    if (effect.kind === 'delete-media') seen.deletes += 1;
  }
}

test('property: whatever happens, the caller gets at most one final response, and every end deletes the media once and is told once', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), (events, targets) => {
      let call: CallState = newCall(targets);
      const seen = { finals: 0, overs: 0, deletes: 0 };
      for (const event of [
        ...events,
        { kind: 'end', end: { result: 'our-error', by: 'sbc', reason: 'drain-deadline' } } as const,
      ]) {
        const { next, effects } = step(call, event);
        if (call.phase === 'Ended')
          assert.deepEqual(
            effects.filter((effect) => effect.kind !== 'reject-reinvite' && effect.kind !== 'ack-reinvite'),
            [],
          );
        call = next;
        settle(effects, seen);
      }
      assert.equal(call.phase, 'Ended');
      assert.ok(seen.finals <= 1);
      assert.equal(seen.overs, 1);
      assert.equal(seen.deletes, 1);
    }),
  );
});
