/** Early media of many forks, and what cannot be sent: the steps of a call that cost the relay, or the target, nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MediaResult } from '../media/media-relay.ts';
import { newCall, type CallEffect, type CallEvent } from './call-state.ts';
import { step } from './call-step.ts';

const sdp: MediaResult = { kind: 'sdp', sdp: 'v=0 relayed' };
const badSdp: MediaResult = { kind: 'refused', status: 488, reason: 'Failed to parse SDP' };
const offered: CallEvent = { kind: 'media-offered', result: sdp };
const answered: CallEvent = { kind: 'answered', sdp: 'v=0 answer' };
const mediaAnswered: CallEvent = { kind: 'media-answered', result: sdp };

/** What a fresh call does at each event, in words; timers are not what is asked here. */
function play(events: readonly CallEvent[], targets = 1): string[] {
  let call = newCall(targets);
  return events.map((event) => {
    const { next, effects } = step(call, event);
    call = next;
    return effects
      .filter(({ kind }) => !kind.endsWith('-timer'))
      .map(word)
      .join(', ');
  });
}

function word(effect: CallEffect): string {
  switch (effect.kind) {
    case 'reject':
      return `reject ${effect.status}`;
    case 'ring':
      return `ring ${effect.status}${effect.sdp === undefined ? '' : ' with sdp'}`;
    case 'over':
      return `over: ${effect.end.result}, ${effect.end.reason}`;
    default:
      return effect.kind;
  }
}

const early = (tag: string, said = `v=0 of ${tag}`): CallEvent => ({
  kind: 'provisional',
  status: 183,
  sdp: said,
  tag,
});
const heardEarly: CallEvent = { kind: 'early-media-answered', status: 183, result: sdp };

test('early media that a fork repeats is repeated to the caller, and costs the relay nothing', () => {
  const ladder = play([
    offered,
    early('desk'),
    early('desk'),
    heardEarly,
    early('desk'),
    early('mobile'),
    early('desk'),
  ]);
  assert.deepEqual(ladder.slice(1), [
    'answer-media',
    '',
    'ring 183 with sdp',
    'ring 183 with sdp',
    'answer-media',
    'ring 183 with sdp',
  ]);
});

test('early media that the relay has refused rings when it is repeated, too', () => {
  const ladder = play([offered, early('desk'), { ...heardEarly, result: badSdp }, early('desk')]);
  assert.deepEqual(ladder.slice(2), ['ring 180', 'ring 180']);
});

test('eight descriptions of early media go to the relay; what comes after them rings, and the answer is heard', () => {
  const forks = Array.from({ length: 200 }, (_, at) => early(String(at)));
  const ladder = play([offered, ...forks, answered, mediaAnswered]).slice(1);
  assert.deepEqual(
    ladder.slice(0, 8),
    Array.from({ length: 8 }, () => 'answer-media'),
  );
  assert.deepEqual(new Set(ladder.slice(8, 200)), new Set(['ring 180']));
  assert.deepEqual(ladder.slice(200), ['ack-callee, answer-media', 'accept']);
});

test('an INVITE that is too large for one target is tried at the next; after the last one the caller hears 513', () => {
  const tooLarge: CallEvent = {
    kind: 'failed',
    failure: { status: 513, phrase: undefined, reasons: [], isOurs: true },
  };
  assert.deepEqual(play([offered, tooLarge, offered, tooLarge], 2).slice(1), [
    'offer-media',
    'invite',
    'reject 513, delete-media, over: caller-error, too-large',
  ]);
});
