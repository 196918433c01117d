/** A re-INVITE through the call: hold, resume, new media; refreshes are answered here (RFC 3261 §14, RFC 3264 §8). Pure. */
import type { MediaResult } from '../media/media-relay.ts';
import { ignore, otherLeg, type CallState, type CallStep, type LegName, type ReinviteOutcome } from './call-state.ts';

export function reinvited(call: CallState, from: LegName, sdp: string, unchanged: boolean): CallStep {
  if (call.phase !== 'Connected')
    return { next: call, effects: [{ kind: 'reject-reinvite', leg: from, status: 500, retryAfterSeconds: 1 }] };
  // RFC 3261 §14.2: two re-INVITEs that cross each other are glare; the other one is under way.
  if (call.exchange) return { next: call, effects: [{ kind: 'reject-reinvite', leg: from, status: 491 }] };
  // Teams: it hangs up on refreshes that a carrier's timer drives through; unchanged SDP needs nobody's consent.
  if (unchanged) return { next: call, effects: [{ kind: 'accept-refresh', leg: from }] };
  return { next: { ...call, exchange: { from, stage: 'Offering' } }, effects: [{ kind: 'offer-reinvite', from, sdp }] };
}

export function reinviteOffered(call: CallState, result: MediaResult): CallStep {
  const exchange = call.exchange;
  if (exchange?.stage !== 'Offering') return ignore(call);
  if (result.kind !== 'sdp') return refuse(call, exchange.from, result);
  return {
    next: { ...call, exchange: { from: exchange.from, stage: 'Inviting' } },
    effects: [{ kind: 'send-reinvite', to: otherLeg(exchange.from), sdp: result.sdp }],
  };
}

export function reinviteOutcome(call: CallState, outcome: ReinviteOutcome): CallStep {
  const exchange = call.exchange;
  if (exchange?.stage !== 'Inviting') return ignore(call);
  const to = otherLeg(exchange.from);
  if (outcome.kind === 'answered') {
    const acknowledged = { kind: 'ack-reinvite', leg: to } as const;
    if (outcome.sdp === undefined) {
      return {
        next: { ...call, exchange: undefined },
        effects: [acknowledged, { kind: 'reject-reinvite', leg: exchange.from, status: 488 }],
      };
    }
    return {
      next: { ...call, exchange: { from: exchange.from, stage: 'Answering' } },
      effects: [acknowledged, { kind: 'answer-reinvite-media', from: to, sdp: outcome.sdp }],
    };
  }
  const status = outcome.kind === 'refused' ? refusalFor(outcome.status) : 500;
  return { next: { ...call, exchange: undefined }, effects: [{ kind: 'reject-reinvite', leg: exchange.from, status }] };
}

export function reinviteAnswered(call: CallState, result: MediaResult): CallStep {
  const exchange = call.exchange;
  if (exchange?.stage !== 'Answering') return ignore(call);
  if (result.kind !== 'sdp') return refuse(call, exchange.from, result);
  return {
    next: { ...call, exchange: undefined },
    effects: [{ kind: 'accept-reinvite', leg: exchange.from, sdp: result.sdp }],
  };
}

function refuse(call: CallState, leg: LegName, result: Exclude<MediaResult, { kind: 'sdp' }>): CallStep {
  const status = result.kind === 'refused' ? result.status : 500;
  // A 503 inside a dialog would make some peers give the whole trunk up; the call itself goes on as it was.
  return {
    next: { ...call, exchange: undefined },
    effects: [
      status === 488
        ? { kind: 'reject-reinvite', leg, status }
        : { kind: 'reject-reinvite', leg, status: 500, retryAfterSeconds: 5 },
    ],
  };
}

/** RFC 3261 §14.1: 481 and 408 end the dialog that they are said in, and ours with this side lives. */
function refusalFor(status: number): number {
  if (status < 400 || status === 401 || status === 407) return 488;
  return status === 481 || status === 408 ? 500 : status;
}
