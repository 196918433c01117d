import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MediaResult } from '../media/media-relay.ts';
import { newCall, type CallEffect, type CallEvent, type CallState, type ReinviteOutcome } from './call-state.ts';
import { step } from './call-step.ts';

const sdp: MediaResult = { kind: 'sdp', sdp: 'v=0 relayed' };
const away: MediaResult = { kind: 'unavailable', reason: 'no answer' };
const badSdp: MediaResult = { kind: 'refused', status: 488, reason: 'Failed to parse SDP' };
const refused = (status: number | undefined): CallEvent => ({
  kind: 'failed',
  failure: { status, phrase: undefined, reasons: [] },
});
const toCaller = (outcome: ReinviteOutcome): CallEvent => ({
  kind: 'reinvite-outcome',
  exchange: 0,
  by: 'caller',
  outcome,
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
  fc.record({ kind: fc.constant('early-sdp' as const), tag: fc.constantFrom('a', 'b'), sdp: fc.constant('v=0') }),
  fc.record({ kind: fc.constant('early-media-answered' as const), status: fc.constant(183), result: results }),
  fc.record({ kind: fc.constant('answered' as const), sdp: fc.constantFrom(undefined, 'v=0') }),
  fc.record({ kind: fc.constant('media-answered' as const), result: results }),
  fc.constantFrom(refused(undefined), refused(486), refused(503)),
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
  fc.constantFrom<CallEvent>(
    toCaller({ kind: 'silent' }),
    toCaller({ kind: 'answered', sdp: 'v=0', offer: 'v=0 ours' }),
  ),
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
