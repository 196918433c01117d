/** From the caller's INVITE to two connected sides: target after target, early media, the answer (RFC 3261 §13, RFC 3264 §5). Pure. */
import type { MediaResult } from '../media/media-relay.ts';
import { refusedBy, type CallEnd } from './call-end.ts';
import {
  endCall,
  ignore,
  noEarlyMedia,
  type AttemptFailure,
  type CallEffect,
  type CallState,
  type CallStep,
} from './call-state.ts';
import { earlySdpOf, hasSaid, mayRelay, withEarlySdp, type EarlySdp } from './early-sdp.ts';
import { nextAttempt } from './next-attempt.ts';

export function mediaOffered(call: CallState, result: MediaResult): CallStep {
  if (call.phase !== 'Offering') return ignore(call);
  if (result.kind !== 'sdp') return relayFailed(call, result, [], 'bad-offer');
  return {
    next: { ...call, phase: 'Inviting' },
    effects: [
      { kind: 'start-timer', timer: 'ring' },
      { kind: 'start-timer', timer: 'attempt' },
      { kind: 'invite', attempt: call.attempt, sdp: result.sdp },
    ],
  };
}

/** Any response at all: the target lives. */
export function trying(call: CallState): CallStep {
  return call.phase === 'Inviting' ? { next: call, effects: [{ kind: 'stop-timer', timer: 'attempt' }] } : ignore(call);
}

/** A target that has asked for a password and says nothing more is as silent as one that never asked. */
export function sentAgain(call: CallState): CallStep {
  return call.phase === 'Inviting'
    ? { next: call, effects: [{ kind: 'start-timer', timer: 'attempt' }] }
    : ignore(call);
}

export function provisional(call: CallState, status: number, sdp: string | undefined, tag = ''): CallStep {
  if (call.phase !== 'Inviting') return ignore(call);
  const stop: CallEffect = { kind: 'stop-timer', timer: 'attempt' };
  if (sdp === undefined)
    return { next: { ...call, rang: true }, effects: [stop, { kind: 'ring', status, sdp: undefined }] };
  // RFC 3261 §13.2.1: to a caller without an offer, SDP in an unreliable 18x would be neither offer nor answer.
  if (call.isDelayed) {
    return { next: { ...call, rang: true }, effects: [stop, { kind: 'ring', status: 180, sdp: undefined }] };
  }
  if (hasSaid(call.relayed, { tag, sdp })) return earlyMediaRepeated(call, status, stop);
  if (!mayRelay(call.relayed))
    return { next: { ...call, rang: true }, effects: [stop, { kind: 'ring', status: 180, sdp: undefined }] };
  return {
    next: { ...call, relayed: [...call.relayed, { tag, sdp }] },
    effects: [stop, { kind: 'answer-media', sdp, early: status }],
  };
}

/** To the caller it is the same media once more, whichever fork says so: the relay's. Nothing while the relay is still at work. */
function earlyMediaRepeated(call: CallState, status: number, stop: CallEffect): CallStep {
  const sdp = call.earlyWord;
  const again: CallEffect[] = call.rang ? [{ kind: 'ring', status: sdp === undefined ? 180 : status, sdp }] : [];
  return { next: call, effects: [stop, ...again] };
}

export function earlySdpHeard(call: CallState, latest: EarlySdp): CallStep {
  if (call.phase !== 'Inviting') return ignore(call);
  return { next: { ...call, early: withEarlySdp(call.early, latest) }, effects: [] };
}

export function earlyMediaAnswered(call: CallState, status: number, result: MediaResult): CallStep {
  if (call.phase !== 'Inviting' && call.phase !== 'Answering') return ignore(call);
  // Early media that the relay cannot carry is a pity, not a failure: the caller hears its own ringing tone.
  const sdp = result.kind === 'sdp' ? result.sdp : undefined;
  const earlyWord = call.phase === 'Inviting' ? sdp : undefined;
  return {
    next: { ...call, rang: true, earlyWord },
    effects: [{ kind: 'ring', status: sdp === undefined ? 180 : status, sdp }],
  };
}

export function answered(call: CallState, sdp: string | undefined, tag: string | undefined): CallStep {
  if (call.phase !== 'Inviting') return ignore(call);
  const answer = sdp ?? earlySdpOf(call.early, tag);
  const acknowledged: CallEffect[] = [
    { kind: 'stop-timer', timer: 'attempt' },
    { kind: 'stop-timer', timer: 'ring' },
    { kind: 'ack-callee' },
  ];
  if (answer === undefined) {
    const end: CallEnd = { result: 'upstream-error', by: 'callee', reason: 'bad-answer', status: 502 };
    return endCall(call, end, [
      ...acknowledged,
      byeCallee,
      { kind: 'reject', status: 502, phrase: 'Answer Without SDP' },
    ]);
  }
  return {
    next: { ...call, phase: 'Answering', ...noEarlyMedia },
    effects: [...acknowledged, { kind: 'answer-media', sdp: answer, early: undefined }],
  };
}

export function mediaAnswered(call: CallState, result: MediaResult): CallStep {
  if (call.phase !== 'Answering') return ignore(call);
  if (result.kind !== 'sdp') return relayFailed(call, result, [byeCallee], 'bad-answer');
  if (call.isDelayed) return composeOffer(call);
  return accepted(call, call, { kind: 'accept', sdp: result.sdp }, []);
}

/** The caller asked without an offer (RFC 3261 §13.3.1.4): it gets one, made of what the callee agreed to. */
function composeOffer(call: CallState): CallStep {
  const id = call.exchanges;
  return {
    next: { ...call, exchange: { id, from: 'caller', stage: 'Composing', isFirst: true }, exchanges: id + 1 },
    effects: [{ kind: 'compose-offer', exchange: id, leg: 'caller' }],
  };
}

export function offerComposed(call: CallState, id: number, result: MediaResult): CallStep {
  const { exchange } = call;
  if (exchange?.id !== id || exchange.stage !== 'Composing') return ignore(call);
  if (result.kind !== 'sdp') return relayFailed(call, result, [byeCallee], 'bad-answer');
  const offered: CallState = { ...call, exchange: { ...exchange, stage: 'Offered' } };
  return accepted(call, offered, { kind: 'accept', sdp: result.sdp }, [{ kind: 'await-answer', leg: 'caller' }]);
}

/** The callee has answered, and so do we, unless it has hung up since. */
function accepted(call: CallState, next: CallState, accept: CallEffect, more: readonly CallEffect[]): CallStep {
  if (call.calleeBye === undefined) return { next: { ...next, phase: 'Connected' }, effects: [accept, ...more] };
  return endCall(call, { result: 'success', by: 'callee', reason: 'normal-clearing' }, [
    accept,
    { kind: 'bye', leg: 'caller', reasons: call.calleeBye },
  ]);
}

export function attemptFailed(call: CallState, failure: AttemptFailure): CallStep {
  if (call.phase !== 'Inviting') return ignore(call);
  const attempt = nextAttempt(call, failure);
  if (attempt !== undefined) return tryNext(call, attempt, []);
  if (failure.status === undefined) return unreachable(call, []);
  if (failure.isOurs === true) return tooLarge(call, failure.status);
  const status = statusForCaller(failure.status);
  const phrase = status === failure.status ? failure.phrase : undefined;
  return endCall(call, refusedBy(failure.status), [
    { kind: 'reject', status, ...(phrase === undefined ? {} : { phrase }), reasons: failure.reasons },
  ]);
}

/** No response of any kind within the attempt's time: the network said nothing, so we go on. */
export function attemptTimedOut(call: CallState): CallStep {
  if (call.phase !== 'Inviting') return ignore(call);
  const cancel: CallEffect = { kind: 'cancel-callee', reasons: [] };
  const attempt = nextAttempt(call, silence);
  return attempt === undefined ? unreachable(call, [cancel]) : tryNext(call, attempt, [cancel]);
}

const silence: AttemptFailure = { status: undefined, phrase: undefined, reasons: [] };

export function ringTimedOut(call: CallState): CallStep {
  // Offering: the relay is at work for the next target; nobody is being called at the moment.
  if (call.phase !== 'Inviting' && call.phase !== 'Offering') return ignore(call);
  const cancel: CallEffect[] =
    call.phase === 'Inviting' ? [{ kind: 'cancel-callee', reasons: ['SIP;cause=408;text="Request Timeout"'] }] : [];
  return endCall(call, { result: 'callee-error', by: 'sbc', reason: 'ring-timeout', status: 408 }, [
    ...cancel,
    { kind: 'reject', status: 408 },
  ]);
}

const byeCallee: CallEffect = { kind: 'bye', leg: 'callee', reasons: [] };

function tryNext(call: CallState, attempt: number, effects: readonly CallEffect[]): CallStep {
  // The offer goes to the relay again: the next target may stand on another trunk with other media.
  return {
    next: { ...call, phase: 'Offering', attempt, ...noEarlyMedia },
    effects: [{ kind: 'stop-timer', timer: 'attempt' }, ...effects, { kind: 'offer-media' }],
  };
}

function unreachable(call: CallState, effects: readonly CallEffect[]): CallStep {
  return endCall(call, { result: 'upstream-error', by: 'callee', reason: 'trunk-unreachable', status: 503 }, [
    ...effects,
    { kind: 'reject', status: 503 },
  ]);
}

function tooLarge(call: CallState, status: number): CallStep {
  return endCall(call, { result: 'caller-error', by: 'sbc', reason: 'too-large', status }, [
    { kind: 'reject', status },
  ]);
}

/**
 * 3xx is consumed here, 401/407 asks us and 422 is about our timer, not the caller's (RFC 7092 §3.2): none can mean
 * anything on the other side.
 * Teams: 408, 503 and 504 reach it as they are; it tries the tenant's next SBC on them.
 */
function statusForCaller(status: number): number {
  if (status < 400) return 480;
  return status === 401 || status === 407 || status === 422 ? 500 : status;
}

function relayFailed(
  call: CallState,
  result: Exclude<MediaResult, { kind: 'sdp' }>,
  effects: readonly CallEffect[],
  atFault: 'bad-offer' | 'bad-answer',
): CallStep {
  if (result.kind === 'refused' && result.status === 488) {
    const byCaller = atFault === 'bad-offer';
    const end: CallEnd = {
      result: byCaller ? 'caller-error' : 'callee-error',
      by: byCaller ? 'caller' : 'callee',
      reason: atFault,
      status: 488,
    };
    return endCall(call, end, [...effects, { kind: 'reject', status: 488 }]);
  }
  const end: CallEnd = { result: 'our-error', by: 'sbc', reason: 'relay-unavailable', status: 503 };
  return endCall(call, end, [...effects, { kind: 'reject', status: 503, retryAfterSeconds: 10 }]);
}
