/** What a UAS refuses before anybody looks at the method's meaning (RFC 3261 §8.2, §16.3 item 3). Pure. */
import type { Request } from '../sip/message.ts';
import { isSipUri, parseUri } from '../sip/uri.ts';
import { isTooShort, MIN_SE_SECONDS } from './session-interval.ts';

export interface Refusal {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** As metrics name it. */
  readonly counted: string;
}

/** Checks of every request: `supported` are the option tags that may stand in Require. */
export function refusalOf(request: Request, supported: readonly string[]): Refusal | undefined {
  if (!request.headers.has('Require')) return undefined;
  const unsupported = request.headers.list('Require').filter((tag) => !supported.includes(tag.toLowerCase()));
  // RFC 3261 §8.2.2.3: all of them are named.
  return unsupported.length === 0
    ? undefined
    : { status: 420, headers: [['Unsupported', unsupported.join(', ')]], counted: 'unknown-extension' };
}

/** Checks of an INVITE outside dialogs, after those of every request. */
export function refusalOfInvite(invite: Request, supported: readonly string[]): Refusal | undefined {
  // RFC 3261 §16.3 item 3: a B2BUA sends the call on, so that it must stop loops like a proxy.
  if (invite.maxForwards === 0) return { status: 483, counted: 'too-many-hops' };
  const contact = invite.contact;
  // RFC 3261 §12.1.1: without it no request of ours could ever reach the caller.
  if (contact === undefined) return { status: 400, reason: 'Missing Contact Header', counted: 'no-contact' };
  if (!isSipUri(parseUri(contact.uri))) return { status: 400, reason: 'Unusable Contact URI', counted: 'no-contact' };
  return supported.includes('timer') && isTooShort(invite)
    ? { status: 422, headers: [['Min-SE', String(MIN_SE_SECONDS)]], counted: 'short-session' }
    : undefined;
}
