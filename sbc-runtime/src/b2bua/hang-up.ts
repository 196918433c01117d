/** Every way a call ends from outside its set-up: CANCEL, BYE, a dialog that is gone, our own decision. Pure. */
import type { CallEnd, CallEndReason } from './call-end.ts';
import {
  endCall,
  ignore,
  otherLeg,
  type CallEffect,
  type CallState,
  type CallStep,
  type LegEndKind,
  type LegName,
} from './call-state.ts';

export function cancelled(call: CallState, reasons: readonly string[]): CallStep {
  const end: CallEnd = { result: 'success', by: 'caller', reason: 'cancelled', status: 487 };
  return refuseCaller(call, end, { kind: 'reject', status: 487 }, reasons);
}

export function hungUp(call: CallState, from: LegName, reasons: readonly string[]): CallStep {
  if (call.phase === 'Ended') return ignore(call);
  const end: CallEnd = { result: 'success', by: from, reason: 'normal-clearing' };
  if (call.phase === 'Connected')
    return endCall(call, end, [...closeExchange(call, from), { kind: 'bye', leg: otherLeg(from), reasons }]);
  // RFC 3261 §15: the caller may end an early dialog with BYE; its INVITE still wants a final response, which the dialog room sends.
  if (from === 'caller') return endCall(call, { ...end, reason: 'cancelled' }, openCallee(call, reasons));
  // It answered and hung up while the relay is at work: the caller hears both, in this order.
  return { next: { ...call, calleeBye: reasons }, effects: [] };
}

export function legEnded(call: CallState, leg: LegName, why: LegEndKind): CallStep {
  if (call.phase === 'Ended') return ignore(call);
  const reason = why === 'gone' ? 'dialog-gone' : why;
  const result = why === 'cancelled' ? 'success' : leg === 'caller' ? 'caller-error' : 'callee-error';
  const end: CallEnd = { result, by: leg, reason, ...(why === 'cancelled' ? { status: 487 } : {}) };
  if (call.phase !== 'Connected' && leg === 'callee')
    return endCall(call, { ...end, status: 480 }, [{ kind: 'reject', status: 480 }]);
  if (call.phase !== 'Connected') return endCall(call, end, openCallee(call, []));
  // The other side may know why: nobody there has hung up (RFC 3326).
  const reasons = reasonsOf[why];
  return endCall(call, end, [...closeExchange(call, leg), { kind: 'bye', leg: otherLeg(leg), reasons }]);
}

const reasonsOf: Readonly<Record<LegEndKind, readonly string[]>> = {
  'ack-timeout': ['SIP;cause=408;text="ACK missing"'],
  'session-expired': ['SIP;cause=408;text="Session expired"'],
  cancelled: ['SIP;cause=487;text="The caller has given up"'],
  gone: ['SIP;cause=481;text="The other side is gone"'],
};

/** Our own decision: the drain deadline, or a bug that must not outlive its call. */
export function endedByUs(call: CallState, end: CallEnd): CallStep {
  if (call.phase === 'Ended') return ignore(call);
  if (call.phase !== 'Connected') return refuseCaller(call, end, { kind: 'reject', status: end.status ?? 500 }, []);
  const reasons = reasonsOfOurs[end.reason] ?? [];
  return endCall(call, end, [
    { kind: 'bye', leg: 'caller', reasons },
    { kind: 'bye', leg: 'callee', reasons },
  ]);
}

/** RFC 3326: where nobody has hung up and nobody could have known. Q.850 cause 41 is "temporary failure". */
const reasonsOfOurs: Readonly<Partial<Record<CallEndReason, readonly string[]>>> = {
  'media-lost': ['Q.850;cause=41;text="The media relay was restarted"'],
  'drain-deadline': ['Q.850;cause=41;text="The SBC is taken out of service"'],
};

function refuseCaller(call: CallState, end: CallEnd, reject: CallEffect, reasons: readonly string[]): CallStep {
  if (call.phase === 'Ended' || call.phase === 'Connected') return ignore(call);
  return endCall(call, end, [reject, ...openCallee(call, reasons)]);
}

/** What ends the callee's side of a call that is still being set up. */
function openCallee(call: CallState, reasons: readonly string[]): readonly CallEffect[] {
  switch (call.phase) {
    case 'Inviting':
      return [{ kind: 'cancel-callee', reasons }];
    case 'Answering':
      return [{ kind: 'bye', leg: 'callee', reasons }];
    case 'Offering':
    case 'Connected':
    case 'Ended':
      return [];
  }
}

/** A re-INVITE that waits for the other side gets its final response (RFC 3261 §15.1.2: 487), unless its own leg is the one that is over. */
function closeExchange(call: CallState, endedLeg: LegName): readonly CallEffect[] {
  const exchange = call.exchange;
  return exchange && exchange.from !== endedLeg ? [{ kind: 'reject-reinvite', leg: exchange.from, status: 487 }] : [];
}
