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
  const acknowledged: CallEffect[] = outcome.kind === 'answered' ? [{ kind: 'ack-reinvite', leg: by }] : [];
  // Given up before: a 2xx that comes all the same still wants its ACK.
  if (exchange?.id !== id || exchange.stage !== 'Inviting') return { next: call, effects: acknowledged };
  const stop: CallEffect = { kind: 'stop-timer', timer: 'reinvite' };
  if (outcome.kind === 'answered' && outcome.sdp !== undefined) {
    return {
      next: { ...call, exchange: { ...exchange, stage: 'Answering' } },
      effects: [stop, ...acknowledged, { kind: 'answer-reinvite-media', exchange: id, from: by, sdp: outcome.sdp }],
    };
  }
  return giveUp(call, exchange.from, [stop, ...acknowledged], statusFor(outcome));
}

export function reinviteAnswered(call: CallState, id: number, result: MediaResult): CallStep {
  const { exchange } = call;
  if (exchange?.id !== id || exchange.stage !== 'Answering') return ignore(call);
  if (result.kind !== 'sdp') return relayRefused(call, exchange.from, result);
  return {
    next: { ...call, exchange: undefined },
    effects: [{ kind: 'accept-reinvite', leg: exchange.from, sdp: result.sdp }],
  };
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
  if (exchange?.from !== from) return ignore(call);
  const open: CallEffect[] =
    exchange.stage === 'Inviting'
      ? [
          { kind: 'stop-timer', timer: 'reinvite' },
          { kind: 'cancel-reinvite', leg: otherLeg(from) },
        ]
      : [];
  return { next: { ...call, exchange: undefined }, effects: [...open, { kind: 'undo-reinvite', from }] };
}

function relayRefused(call: CallState, from: LegName, result: Exclude<MediaResult, { kind: 'sdp' }>): CallStep {
  return giveUp(call, from, [], result.kind === 'refused' && result.status === 488 ? 488 : 500);
}

function giveUp(call: CallState, from: LegName, effects: readonly CallEffect[], status: number): CallStep {
  const reject: CallEffect =
    status === 500
      ? { kind: 'reject-reinvite', leg: from, status, retryAfterSeconds: 5 }
      : { kind: 'reject-reinvite', leg: from, status };
  return { next: { ...call, exchange: undefined }, effects: [...effects, { kind: 'undo-reinvite', from }, reject] };
}

function refusal(call: CallState, leg: LegName, status: number, retryAfterSeconds?: number): CallStep {
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
  return status === 481 || status === 408 || status === 503 ? 500 : status;
}
