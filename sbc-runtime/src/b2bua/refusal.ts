/** How a call is refused that is never begun: what the caller gets, and how it counts. Pure. */
import type { RouteDecision } from '../routing/route.ts';
import type { CallEndReason, CallResult } from './call-end.ts';

export interface Refusal {
  readonly status: number;
  readonly phrase?: string;
  readonly reason: CallEndReason;
  readonly result: CallResult;
}

/** Where routes say no, or none is for that number, all is as it should be; without any, nobody has said where calls go. */
export function refusalOf({ status, phrase, reason }: Extract<RouteDecision, { kind: 'rejected' }>): Refusal {
  const result = reason === 'no-route' ? 'our-error' : 'caller-error';
  return { status, ...(phrase === undefined ? {} : { phrase }), reason, result };
}
