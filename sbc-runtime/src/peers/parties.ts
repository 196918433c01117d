/** Reads who calls whom from an INVITE, and decides which headers cross. Pure. */
import { quote } from '../sip/characters.ts';
import { detached } from '../sip/detached.ts';
import type { Request } from '../sip/message.ts';
import { isSipUri, isTelUri, parseUri } from '../sip/uri.ts';
import type { CallParties, Peer } from './peer.ts';
import { MAX_USER_PART, sendableHeaders, sendableName } from './sendable.ts';

/**
 * Headers that a B2BUA may carry to the other leg: they say something about the people, not about the hop
 * (RFC 7092 §3). All others are ours to write.
 */
const crossing = ['Privacy', 'Reason', 'Subject', 'Priority', 'Alert-Info', 'User-to-User'] as const;

const MAX_FORWARDS = 70;
const ANONYMOUS = 'anonymous';

/** `caller` is the peer that the INVITE came from: it knows how its side writes numbers. */
export function callParties(request: Request, caller: Pick<Peer, 'numberFrom'>): CallParties {
  const from = request.from;
  return {
    // They stay for as long as the call does, in URIs and in its record.
    called: detached(caller.numberFrom(userPart(request.uri))),
    caller: isAnonymous(from.uri) ? ANONYMOUS : detached(caller.numberFrom(userPart(from.uri))),
    displayName: from.displayName === undefined ? undefined : sendableName(from.displayName),
    headers: sendableHeaders(request.headers, crossing),
    // RFC 3261 §16.6: a B2BUA that restarted the count would let a loop through two of them run for ever.
    maxForwards: (request.maxForwards ?? MAX_FORWARDS) - 1,
  };
}

/** What a call is refused with whose numbers are too long for the messages to the other side; undefined: it may be placed. */
export function refusalOfParties(
  parties: CallParties,
): { readonly status: number; readonly phrase?: string } | undefined {
  if (parties.called.length > MAX_USER_PART) return { status: 414 };
  // A number that is cut would be another one.
  return parties.caller.length > MAX_USER_PART ? { status: 400, phrase: 'From Too Long' } : undefined;
}

/**
 * RFC 3323 §4.1.1.3: `sip:anonymous@anonymous.invalid`, which peers write in many ways: in capitals, on their own host, with
 * another user on that host (or on 3GPP's `unknown.invalid`), or without any user.
 */
function isAnonymous(uri: string): boolean {
  const user = userPart(uri);
  if (user === '' || user.toLowerCase() === ANONYMOUS) return true;
  const host = hostPart(uri);
  return host === 'anonymous.invalid' || host === 'unknown.invalid';
}

/** The user part, whatever the scheme: `tel:` numbers are one (RFC 3966). Empty where there is none. */
function userPart(uri: string): string {
  const parsed = parseUri(uri);
  if (isSipUri(parsed)) return parsed.user ?? '';
  return isTelUri(parsed) ? parsed.number : '';
}

/** The host of a `sip:` URI in lower case; undefined for other schemes. */
export function hostPart(uri: string): string | undefined {
  const parsed = parseUri(uri);
  return isSipUri(parsed) ? parsed.host.toLowerCase() : undefined;
}

/** `"Name" <uri>`: the name always quoted, which holds for any name (RFC 3261 §25.1). */
export function nameAddr(displayName: string | undefined, uri: string): string {
  if (displayName === undefined || displayName === '') return `<${uri}>`;
  return `${quote(displayName)} <${uri}>`;
}
