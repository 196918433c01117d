/** How a call ended: one vocabulary for log, metrics and call records. "Are we healthy?" is the share of `our-error`. */

export type CallResult = 'success' | 'caller-error' | 'callee-error' | 'upstream-error' | 'our-error' | 'unattributed';

/** Closed list; each is explained in docs/errors.md. */
export type CallEndReason =
  | 'normal-clearing'
  | 'busy'
  | 'declined'
  | 'no-answer'
  | 'cancelled'
  | 'refused'
  | 'too-large'
  | 'unauthorized'
  | 'not-found'
  | 'no-route'
  | 'unrouted-number'
  | 'rejected-by-route'
  | 'unknown-trunk'
  | 'bad-offer'
  | 'bad-answer'
  | 'no-common-codec'
  | 'trunk-unreachable'
  | 'ring-timeout'
  | 'ack-timeout'
  | 'dialog-gone'
  | 'session-expired'
  | 'relay-unavailable'
  | 'media-lost'
  | 'not-taken-over'
  | 'overload'
  | 'draining'
  | 'drain-deadline'
  | 'bug';

export interface CallEnd {
  readonly result: CallResult;
  readonly by: 'caller' | 'callee' | 'sbc';
  readonly reason: CallEndReason;
  /** The final status that the caller saw, where the call was not answered. */
  readonly status?: number;
}

/** A call that the callee refused with `status`. */
export function refusedBy(status: number): CallEnd {
  return {
    result: status >= 500 && status < 600 ? 'upstream-error' : 'callee-error',
    by: 'callee',
    reason: refusalReason(status),
    status,
  };
}

function refusalReason(status: number): CallEndReason {
  switch (status) {
    case 401:
    case 407:
      return 'unauthorized';
    case 486:
    case 600:
      return 'busy';
    case 603:
      return 'declined';
    case 404:
    case 410:
    case 484:
    case 604:
      return 'not-found';
    case 408:
    case 480:
      return 'no-answer';
    case 488:
    case 606:
      return 'no-common-codec';
    default:
      return 'refused';
  }
}
