/**
 * Offers that we make: in the 2xx of an INVITE or re-INVITE that held none; the answer comes in the ACK (RFC 3261 §13.2.1,
 * §14.2). Then `settling.ts` looks whether the other leg must hear of it. Pure.
 *
 *   re-INVITE without SDP     relay has our offer      ACK with answer          relay has the answer
 *   ───────────────► Composing ──────────────► Offered ───────────────► Hearing ───────────────────► Settling
 *
 * The first INVITE of a call joins at Composing, once its callee has answered.
 */
import type { MediaResult } from '../media/media-relay.ts';
import { endCall, ignore, otherLeg, type CallState, type CallStep, type LegName } from './call-state.ts';
import type { CallEnd } from './call-end.ts';
import { refusal, relayRefused } from './reinvite.ts';

export function reinvitedWithoutOffer(call: CallState, from: LegName): CallStep {
  if (call.phase !== 'Connected') return refusal(call, from, 500, 1);
  if (call.exchange) return refusal(call, from, 491);
  const id = call.exchanges;
  return {
    next: { ...call, exchange: { id, from, stage: 'Composing' }, exchanges: id + 1 },
    effects: [{ kind: 'compose-offer', exchange: id, leg: from }],
  };
}

export function reofferComposed(call: CallState, id: number, result: MediaResult): CallStep {
  const { exchange } = call;
  if (exchange?.id !== id || exchange.stage !== 'Composing') return ignore(call);
  if (result.kind !== 'sdp') return relayRefused(call, exchange.from, result);
  return {
    next: { ...call, exchange: { ...exchange, stage: 'Offered' } },
    effects: [{ kind: 'accept-with-offer', leg: exchange.from, sdp: result.sdp }],
  };
}

/** The ACK came; `sdp` is undefined where it holds no answer that can be used. */
export function offerAnswered(call: CallState, from: LegName, sdp: string | undefined): CallStep {
  const { exchange } = call;
  if (exchange?.from !== from || exchange.stage !== 'Offered') return ignore(call);
  if (sdp === undefined) return unanswered(call, from, 'bad-answer');
  return {
    next: { ...call, exchange: { ...exchange, stage: 'Hearing' } },
    effects: [{ kind: 'hear-answer', exchange: exchange.id, leg: from, sdp }],
  };
}

export function answerHeard(call: CallState, id: number, result: MediaResult): CallStep {
  const { exchange } = call;
  if (exchange?.id !== id || exchange.stage !== 'Hearing') return ignore(call);
  if (result.kind !== 'sdp') {
    const isBad = result.kind === 'refused' && result.status === 488;
    return unanswered(call, exchange.from, isBad ? 'bad-answer' : 'relay-unavailable');
  }
  return {
    next: { ...call, exchange: { ...exchange, stage: 'Settling' } },
    effects: [{ kind: 'compare', exchange: id, leg: exchange.from }],
  };
}

/** Without an answer a new call has no media and ends; an old one goes on as it was (RFC 3261 §14.1). */
function unanswered(call: CallState, from: LegName, reason: 'bad-answer' | 'relay-unavailable'): CallStep {
  if (call.exchange?.isFirst !== true)
    return { next: { ...call, exchange: undefined }, effects: [{ kind: 'undo-reinvite', from }] };
  const end: CallEnd =
    reason === 'bad-answer'
      ? { result: from === 'caller' ? 'caller-error' : 'callee-error', by: from, reason }
      : { result: 'our-error', by: 'sbc', reason };
  return endCall(call, end, [
    { kind: 'bye', leg: from, reasons: ['SIP;cause=488;text="No usable answer in the ACK"'] },
    { kind: 'bye', leg: otherLeg(from), reasons: [] },
  ]);
}
