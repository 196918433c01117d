/** A re-INVITE through the call: hold, resume, new media; refreshes are answered here (RFC 3261 §14, RFC 3264 §8). Pure. */
import type { MediaResult } from '../media/media-relay.ts';
import {
  ignore,
  otherLeg,
  type CallEffect,
  type CallState,
  type CallStep,
  type LegName,
  type ReinviteOutcome,
} from './call-state.ts';
import { answeredLate, settle, unsettled } from './settling.ts';

export function reinvited(call: CallState, from: LegName, sdp: string, unchanged: boolean): CallStep {
  if (call.phase !== 'Connected') return refusal(call, from, 500, 1);
  // RFC 3261 §14.2: two re-INVITEs that cross each other are glare; the other one is under way.
  if (call.exchange) return refusal(call, from, 491);
  // Teams: it hangs up on refreshes that a carrier's timer drives through; unchanged SDP needs nobody's consent.
  if (unchanged) return { next: call, effects: [{ kind: 'accept-refresh', leg: from }] };
  const id = call.exchanges;
  return {
    next: { ...call, exchange: { id, from, stage: 'Offering' }, exchanges: id + 1 },
    effects: [{ kind: 'offer-reinvite', exchange: id, from, sdp }],
  };
}

export function reinviteOffered(call: CallState, id: number, result: MediaResult): CallStep {
  const { exchange } = call;
  if (exchange?.id !== id || exchange.stage !== 'Offering') return ignore(call);
  if (result.kind !== 'sdp') return relayRefused(call, exchange.from, result);
  return {
    next: { ...call, exchange: { ...exchange, stage: 'Inviting' } },
    effects: [
      { kind: 'start-timer', timer: 'reinvite' },
      { kind: 'send-reinvite', exchange: id, to: otherLeg(exchange.from), sdp: result.sdp },
    ],
  };
}

export function reinviteOutcome(call: CallState, id: number, by: LegName, outcome: ReinviteOutcome): CallStep {
  const { exchange } = call;
  // Given up before.
  if (exchange?.id !== id || exchange.stage !== 'Inviting')
    return outcome.kind === 'answered' ? answeredLate(call, by, outcome.offer, outcome.sdp) : ignore(call);
  const stop: CallEffect = { kind: 'stop-timer', timer: 'reinvite' };
  if (outcome.kind !== 'answered') return giveUp(call, exchange.from, [stop], statusFor(outcome));
  const { sdp, offer } = outcome;
  if (sdp === undefined) {
    const given = giveUp(call, exchange.from, [stop], 488);
    if (exchange.over === undefined) return also(given, answeredLate(given.next, by, offer, sdp));
    return { next: given.next, effects: [{ kind: 'ack-reinvite', leg: by }, ...given.effects] };
  }
  return {
    next: { ...call, exchange: { ...exchange, stage: 'Answering' } },
    effects: [
      stop,
      { kind: 'ack-reinvite', leg: by },
      { kind: 'answer-reinvite-media', exchange: id, from: by, sdp, offer },
    ],
  };
}

export function reinviteAnswered(call: CallState, id: number, result: MediaResult): CallStep {
  const { exchange } = call;
  if (exchange?.id !== id || exchange.stage !== 'Answering') return ignore(call);
  const { from, over } = exchange;
  if (exchange.isWithdrawn === true) return settle(call, from, [{ kind: 'undo-reinvite', from }]);
  if (result.kind !== 'sdp') {
    const given = relayRefused(call, from, result);
    // The other leg has our offer accepted, and nobody holds to it.
    return over === undefined ? also(given, settle(given.next, from, [])) : given;
  }
  const next = { ...call, exchange: undefined };
  return { next, effects: over === undefined ? [{ kind: 'accept-reinvite', leg: from, sdp: result.sdp }] : [] };
}

function also(first: CallStep, then: CallStep): CallStep {
  return { next: then.next, effects: [...first.effects, ...then.effects] };
}

/** The other side said 100 at most, for as long as a transaction may take. */
export function reinviteTimedOut(call: CallState): CallStep {
  const { exchange } = call;
  if (exchange?.stage !== 'Inviting') return ignore(call);
  return giveUp(call, exchange.from, [{ kind: 'cancel-reinvite', leg: otherLeg(exchange.from) }], 500);
}

/** RFC 3261 §9.2: whoever asked for it has cancelled, and has its 487. */
export function reinviteCancelled(call: CallState, from: LegName): CallStep {
  const { exchange } = call;
  if (exchange?.from !== from || exchange.over !== undefined) return ignore(call);
  // The other leg has accepted: once the relay has heard of that, it is asked again with what holds.
  if (exchange.stage === 'Answering')
    return { next: { ...call, exchange: { ...exchange, isWithdrawn: true } }, effects: [] };
  const open: CallEffect[] =
    exchange.stage === 'Inviting'
      ? [
          { kind: 'stop-timer', timer: 'reinvite' },
          { kind: 'cancel-reinvite', leg: otherLeg(from) },
        ]
      : [];
  return { next: { ...call, exchange: undefined }, effects: [...open, { kind: 'undo-reinvite', from }] };
}

export function relayRefused(call: CallState, from: LegName, result: Exclude<MediaResult, { kind: 'sdp' }>): CallStep {
  return giveUp(call, from, [], result.kind === 'refused' && result.status === 488 ? 488 : 500);
}

function giveUp(call: CallState, from: LegName, effects: readonly CallEffect[], status: number): CallStep {
  if (call.exchange?.over !== undefined) return unsettled(call, status, effects);
  const reject: CallEffect =
    status === 500
      ? { kind: 'reject-reinvite', leg: from, status, retryAfterSeconds: 5 }
      : { kind: 'reject-reinvite', leg: from, status };
  return { next: { ...call, exchange: undefined }, effects: [...effects, { kind: 'undo-reinvite', from }, reject] };
}

export function refusal(call: CallState, leg: LegName, status: number, retryAfterSeconds?: number): CallStep {
  const effect: CallEffect =
    retryAfterSeconds === undefined
      ? { kind: 'reject-reinvite', leg, status }
      : { kind: 'reject-reinvite', leg, status, retryAfterSeconds };
  return { next: call, effects: [effect] };
}

/**
 * RFC 3261 §14.1: 481 and 408 end the dialog that they are said in, and ours with the asking side lives. A 503 would make
 * some peers give up the whole trunk.
 */
function statusFor(outcome: ReinviteOutcome): number {
  if (outcome.kind === 'silent') return 500;
  if (outcome.kind === 'answered') return 488;
  const { status } = outcome;
  if (status < 400 || status === 401 || status === 407) return 488;
  return status === 481 || status === 408 || status === 422 || status === 503 ? 500 : status;
}
