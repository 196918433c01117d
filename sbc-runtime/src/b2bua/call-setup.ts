/** From the caller's INVITE to two connected sides: target after target, early media, the answer (RFC 3261 §13, RFC 3264 §5). Pure. */
import type { MediaResult } from '../media/media-relay.ts';
import { refusedBy, type CallEnd } from './call-end.ts';
import { endCall, ignore, type AttemptFailure, type CallEffect, type CallState, type CallStep } from './call-state.ts';

/** Final responses that say "not here" rather than "not at all": the next target is tried. Teams: 403, 404 and 486 are final, 603 above all. */
const nextTargetStatuses: ReadonlySet<number> = new Set([408, 503, 504]);

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

export function provisional(call: CallState, status: number, sdp: string | undefined): CallStep {
  if (call.phase !== 'Inviting') return ignore(call);
  const stop: CallEffect = { kind: 'stop-timer', timer: 'attempt' };
  if (sdp === undefined)
    return { next: { ...call, rang: true }, effects: [stop, { kind: 'ring', status, sdp: undefined }] };
  return { next: { ...call, earlySdp: sdp }, effects: [stop, { kind: 'answer-media', sdp, early: status }] };
}

export function earlyMediaAnswered(call: CallState, status: number, result: MediaResult): CallStep {
  if (call.phase !== 'Inviting' && call.phase !== 'Answering') return ignore(call);
  // Early media that the relay cannot carry is a pity, not a failure: the caller hears its own ringing tone.
  const sdp = result.kind === 'sdp' ? result.sdp : undefined;
  return { next: { ...call, rang: true }, effects: [{ kind: 'ring', status: sdp === undefined ? 180 : status, sdp }] };
}

export function answered(call: CallState, sdp: string | undefined): CallStep {
  if (call.phase !== 'Inviting') return ignore(call);
  const answer = sdp ?? call.earlySdp;
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
    next: { ...call, phase: 'Answering', earlySdp: undefined },
    effects: [...acknowledged, { kind: 'answer-media', sdp: answer, early: undefined }],
  };
}

export function mediaAnswered(call: CallState, result: MediaResult): CallStep {
  if (call.phase !== 'Answering') return ignore(call);
  if (result.kind !== 'sdp') return relayFailed(call, result, [byeCallee], 'bad-answer');
  const accept: CallEffect = { kind: 'accept', sdp: result.sdp };
  if (call.calleeBye === undefined) return { next: { ...call, phase: 'Connected' }, effects: [accept] };
  return endCall(call, { result: 'success', by: 'callee', reason: 'normal-clearing' }, [
    accept,
    { kind: 'bye', leg: 'caller', reasons: call.calleeBye },
  ]);
}

export function attemptFailed(call: CallState, failure: AttemptFailure): CallStep {
  if (call.phase !== 'Inviting') return ignore(call);
  // A phone has rung: another round through the next target would ring it again.
  const hasProgressed = call.rang || call.earlySdp !== undefined;
  const mayTryNext = !hasProgressed && (failure.status === undefined || nextTargetStatuses.has(failure.status));
  if (mayTryNext && call.attempt + 1 < call.targets) return tryNext(call, []);
  if (failure.status === undefined) return unreachable(call, []);
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
  return call.attempt + 1 < call.targets ? tryNext(call, [cancel]) : unreachable(call, [cancel]);
}

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

function tryNext(call: CallState, effects: readonly CallEffect[]): CallStep {
  const attempt = call.attempt + 1;
  // The offer goes to the relay again: the next target may stand on another trunk with other media.
  return {
    next: { ...call, phase: 'Offering', attempt, earlySdp: undefined },
    effects: [{ kind: 'stop-timer', timer: 'attempt' }, ...effects, { kind: 'offer-media' }],
  };
}

function unreachable(call: CallState, effects: readonly CallEffect[]): CallStep {
  return endCall(call, { result: 'upstream-error', by: 'callee', reason: 'trunk-unreachable', status: 503 }, [
    ...effects,
    { kind: 'reject', status: 503 },
  ]);
}

/**
 * 3xx is consumed here and 401/407 asks us, not the caller (RFC 7092 §3.2): neither can mean anything on the other side.
 * Teams: 408, 503 and 504 reach it as they are; it tries the tenant's next SBC on them.
 */
function statusForCaller(status: number): number {
  if (status < 400) return 480;
  return status === 401 || status === 407 ? 500 : status;
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
