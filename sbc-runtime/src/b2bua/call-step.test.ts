import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('a 2xx without SDP is answered by the SDP of a 183, of its own fork where that has sent any', () => {
  for (const [tag, expected] of [
    ['desk', 'of desk'],
    ['laptop', 'of mobile'],
  ] as const) {
    const events: CallEvent[] = [
      offered,
      { kind: 'early-sdp', tag: 'desk', sdp: 'of desk' },
      { kind: 'provisional', status: 183, sdp: 'of desk' },
      { kind: 'early-sdp', tag: 'mobile', sdp: 'of mobile' },
    ];
    let call: CallState = newCall(1);
    for (const event of events) call = step(call, event).next;
    const { effects } = step(call, { kind: 'answered', sdp: undefined, tag });
    assert.deepEqual(effects.slice(2), [
      { kind: 'ack-callee' },
      { kind: 'answer-media', sdp: expected, early: undefined },
    ]);
  }
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
  'a challenge is not for the caller': [401, 'reject 500, delete-media, over: callee-error, unauthorized'],
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

test('a target that wants the INVITE once more has its time anew; one that has rung is the last', () => {
  const ladder = play([offered, { kind: 'trying' }, { kind: 'sent-again' }, { kind: 'attempt-timeout' }], 2);
  assert.deepEqual(ladder.slice(1), ['stop attempt', 'start attempt', 'stop attempt, cancel-callee, offer-media']);
  const rang = play(
    [
      offered,
      { kind: 'provisional', status: 180, sdp: undefined },
      { kind: 'sent-again' },
      { kind: 'attempt-timeout' },
    ],
    2,
  );
  assert.match(rang[3] ?? '', /reject 503/);
  assert.deepEqual(play([{ kind: 'sent-again' }]), ['']);
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
  const ladder = play([
    ...connected,
    hold,
    reoffered,
    toCaller({ kind: 'answered', sdp: 'v=0', offer: 'v=0 ours' }),
    reanswered,
  ]);
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

test('a re-INVITE that gets nothing but 100 is cancelled and refused after 32 s; a 2xx that comes all the same is acknowledged and taken back', () => {
  const ladder = play([
    ...connected,
    hold,
    reoffered,
    { kind: 'reinvite-timeout' },
    toCaller({ kind: 'answered', sdp: 'v=0', offer: 'v=0 ours' }),
  ]);
  assert.equal(ladder[5], 'cancel-reinvite, undo-reinvite, reject-reinvite callee 500');
  assert.equal(ladder[6], 'ack-reinvite, take-late-answer');
});

test('the relay refuses what the other side has accepted: whoever asked hears no, and the other side is asked again', () => {
  const accepted = [...connected, hold, reoffered, toCaller({ kind: 'answered', sdp: 'v=0', offer: 'v=0 ours' })];
  const ladder = play([...accepted, { ...reanswered, result: badSdp }]);
  assert.equal(ladder[6], 'undo-reinvite, reject-reinvite callee 488, compare');
  const withdrawn = play([...accepted, { kind: 'reinvite-cancelled', from: 'callee' }, reanswered]);
  assert.deepEqual(withdrawn.slice(6), ['', 'undo-reinvite, compare']);
  const wordless = play([...connected, hold, reoffered, toCaller({ kind: 'answered', sdp: undefined, offer: 'v=0' })]);
  assert.equal(wordless[5], 'stop reinvite, undo-reinvite, reject-reinvite callee 488, ack-reinvite, take-late-answer');
});

test('an answer that comes late while another re-INVITE is under way waits for its end', () => {
  const late = toCaller({ kind: 'answered', sdp: 'v=0', offer: 'v=0 ours' });
  const ladder = play([
    ...connected,
    hold,
    reoffered,
    { kind: 'reinvite-cancelled', from: 'callee' },
    hold,
    late,
    { kind: 'glare-timeout' },
    { kind: 'reinvite-offered', exchange: 1, result: away },
    { kind: 'glare-timeout' },
  ]);
  assert.deepEqual(ladder.slice(7), [
    'ack-reinvite, take-late-answer, start glare',
    'start glare',
    'undo-reinvite, reject-reinvite callee 500',
    'compare',
  ]);
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
