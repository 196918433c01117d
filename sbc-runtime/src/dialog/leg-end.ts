/** Which outcomes of a re-INVITE end the call (RFC 3261 §12.2.1.2, RFC 5057 §5.1 and §5.2); after our BYE it is over anyway. Pure. */
import type { LegEnd, RequestResult } from './invite-user.ts';

export type Verdict =
  | { readonly kind: 'goes-on' }
  /** `sayBye`: the peer may still believe in the dialog. */
  | { readonly kind: 'ends'; readonly end: LegEnd; readonly sayBye: boolean };

const goesOn: Verdict = { kind: 'goes-on' };

export function verdict(result: RequestResult): Verdict {
  switch (result.kind) {
    case 'too-large':
    case 'transport':
      // RFC 3261 §8.1.3.1: counts as 503, which ends nothing: the next request may find another way.
      return goesOn;
    case 'timeout':
      return { kind: 'ends', end: { kind: 'gone' }, sayBye: true };
    case 'response': {
      const { status } = result.response;
      if (status === 481) return { kind: 'ends', end: { kind: 'gone', status }, sayBye: false };
      return status === 408 ? { kind: 'ends', end: { kind: 'gone', status }, sayBye: true } : goesOn;
    }
  }
}
