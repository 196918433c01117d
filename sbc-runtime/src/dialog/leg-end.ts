/** Which outcomes of a request inside a dialog end the INVITE usage (RFC 3261 §12.2.1.2, RFC 5057 §5.1 and §5.2). Pure. */
import type { LegEnd, RequestResult } from './invite-user.ts';

export type Verdict =
  | { readonly kind: 'goes-on' }
  /** `sayBye`: the peer may still believe in the dialog. */
  | { readonly kind: 'ends'; readonly end: LegEnd; readonly sayBye: boolean };

const goesOn: Verdict = { kind: 'goes-on' };

export function verdict(method: string, result: RequestResult): Verdict {
  switch (result.kind) {
    case 'transport':
      // RFC 3261 §8.1.3.1: counts as 503, which ends nothing: the next request may find another way.
      return goesOn;
    case 'timeout':
      return refreshes(method) ? { kind: 'ends', end: { kind: 'gone' }, sayBye: true } : goesOn;
    case 'response': {
      const { status } = result.response;
      if (status === 481 && (refreshes(method) || method === 'INFO' || method === 'PRACK')) {
        return { kind: 'ends', end: { kind: 'gone', status }, sayBye: false };
      }
      if (status === 408 && refreshes(method)) return { kind: 'ends', end: { kind: 'gone', status }, sayBye: true };
      return goesOn;
    }
  }
}

// NOTIFY, REFER and SUBSCRIBE belong to a subscription, OPTIONS and MESSAGE to no usage at all: a 481 to them says
// nothing about the call (RFC 5057 §5.1).
const refreshes = (method: string) => method === 'INVITE' || method === 'UPDATE';
