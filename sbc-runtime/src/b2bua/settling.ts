/**
 * One leg has answered our offer in its ACK, or the other one has accepted what was taken back: that other one is asked
 * again where what it lives by is no longer true. Nobody waits for its answer, so that a refusal is ours to deal with. Pure.
 */
import {
  endCall,
  ignore,
  otherLeg,
  type CallEffect,
  type CallState,
  type CallStep,
  type LegName,
} from './call-state.ts';
import type { Disagreement } from './disagreement.ts';

/** Real glare passes within one or two; a peer that says 491 to everything is asked no longer. */
const MAX_GLARES = 10;

/** What `from` last agreed to holds. */
export function settle(call: CallState, from: LegName, effects: readonly CallEffect[], glares = 0): CallStep {
  const id = call.exchanges;
  return {
    next: { ...call, exchange: { id, from, stage: 'Settling', glares }, exchanges: id + 1 },
    effects: [...effects, { kind: 'compare', exchange: id, leg: from }],
  };
}

/**
 * RFC 3261 §13.2.2.4, §14.1: `by` has accepted, but whoever asked has its refusal already. The relay hears of the answer,
 * and `by` of what holds.
 */
export function answeredLate(call: CallState, by: LegName, offer: string, sdp: string | undefined): CallStep {
  const acknowledge: CallEffect = { kind: 'ack-reinvite', leg: by };
  if (call.phase !== 'Connected') return { next: call, effects: [acknowledge] };
  const from = otherLeg(by);
  const take = { kind: 'take-late-answer', leg: by, offer, sdp } as const;
  if (call.exchange) {
    return {
      next: { ...call, unsettled: { leg: from, glares: 0 } },
      effects: [acknowledge, { ...take, exchange: undefined }, { kind: 'start-timer', timer: 'glare' }],
    };
  }
  const id = call.exchanges;
  return {
    next: { ...call, exchange: { id, from, stage: 'Restoring' }, exchanges: id + 1 },
    effects: [acknowledge, { ...take, exchange: id }],
  };
}

export function lateAnswerTaken(call: CallState, id: number): CallStep {
  const { exchange } = call;
  if (exchange?.id !== id || exchange.stage !== 'Restoring') return ignore(call);
  return settle(call, exchange.from, []);
}

/** `sdp`: what the other leg is asked with. */
export function compared(call: CallState, id: number, over: Disagreement, sdp: string): CallStep {
  const { exchange } = call;
  if (exchange?.id !== id || exchange.stage !== 'Settling') return ignore(call);
  const { from } = exchange;
  switch (over) {
    case 'None':
      return { next: { ...call, exchange: undefined }, effects: [] };
    case 'RelayOnly':
      return { next: { ...call, exchange: undefined }, effects: [{ kind: 'undo-reinvite', from }] };
    case 'Direction':
    case 'Codec':
      return {
        next: { ...call, exchange: { ...exchange, stage: 'Offering', over } },
        effects: [{ kind: 'offer-reinvite', exchange: id, from, sdp }],
      };
  }
}

/** The other leg did not agree, or nobody could ask it. */
export function unsettled(call: CallState, status: number, effects: readonly CallEffect[]): CallStep {
  const { exchange } = call;
  if (!exchange) return ignore(call);
  const { from, over } = exchange;
  const undo: CallEffect = { kind: 'undo-reinvite', from };
  // RFC 3261 §14.1: glare. What the other leg asks for comes first, then we look again.
  const glares = (exchange.glares ?? 0) + 1;
  if (status === 491 && glares < MAX_GLARES) {
    return {
      next: { ...call, exchange: undefined, unsettled: { leg: from, glares } },
      effects: [...effects, undo, { kind: 'start-timer', timer: 'glare' }],
    };
  }
  // One that stays on hold can be resumed once more; two that do not understand each other never will.
  if (over === 'Direction') return { next: { ...call, exchange: undefined }, effects: [...effects, undo] };
  const result = from === 'caller' ? 'caller-error' : 'callee-error';
  return endCall(call, { result, by: from, reason: 'no-common-codec' }, [
    ...effects,
    { kind: 'bye', leg: from, reasons: ['SIP;cause=488;text="No codec in common"'] },
    { kind: 'bye', leg: otherLeg(from), reasons: [] },
  ]);
}

export function glareOver(call: CallState): CallStep {
  const { unsettled } = call;
  if (call.phase !== 'Connected' || unsettled === undefined) return ignore(call);
  if (call.exchange) return { next: call, effects: [{ kind: 'start-timer', timer: 'glare' }] };
  return settle({ ...call, unsettled: undefined }, unsettled.leg, [], unsettled.glares);
}
