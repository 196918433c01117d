/** The messages of a dialog as we write them (RFC 3261 §12.2.1.1, §12.1.1, §8.1.1). Pure. */
import { Headers } from '../sip/headers.ts';
import type { Hop } from '../sip/hop.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import { Request, type Response } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type { DialogState, InviteOrigin } from './dialog-state.ts';
import type { OutgoingInviteParams, Parts } from './invite-user.ts';

type Pair = readonly [string, string];

const MAX_FORWARDS: Pair = ['Max-Forwards', '70'];
const none: readonly Pair[] = [];

/** RFC 3261 §8.1.1.5: any number below 2^31 may be the first. */
export const FIRST_SEQUENCE = 1;

/** The INVITE that may create dialogs. */
export function initialInvite(params: OutgoingInviteParams, origin: InviteOrigin): Request {
  const { identity, parts } = params;
  const pairs: Pair[] = [
    ['From', origin.localParty],
    ['To', params.to],
    ['Call-ID', origin.callId],
    ['CSeq', `${origin.sequence} INVITE`],
  ];
  appendParts(pairs, [MAX_FORWARDS, ['Contact', identity.contact], ...identity.headers], parts);
  return new Request('INVITE', origin.requestUri, Headers.from(pairs), parts.body?.content);
}

export interface InDialogParams {
  readonly requestUri: string;
  readonly routes: readonly string[];
  /** The CSeq number. */
  readonly sequence: number;
  readonly parts: Parts;
}

/** A request that is ready, and its way. */
export interface Addressed {
  readonly request: Request;
  readonly hop: Hop;
  readonly sequence: number;
  /** Those of its headers that the ACK of its 2xx repeats (RFC 3261 §22.1). */
  readonly credentials: readonly Pair[];
}

/** The same request once more, with the next CSeq number and with credentials (RFC 3261 §8.1.3.5). */
export function withCredentials(refused: Request, sequence: number, credentials: readonly Pair[]): Request {
  const headers = refused.headers.clone();
  headers.set('CSeq', `${sequence} ${refused.method}`).delete('Authorization').delete('Proxy-Authorization');
  for (const [name, value] of credentials) headers.append(name, value);
  return new Request(refused.method, refused.uri, headers, refused.body);
}

/** A request inside a dialog, with Contact and the identity's headers except where they mean nothing: ACK, BYE. */
export function requestInDialog(
  method: string,
  dialog: DialogState,
  identity: LocalIdentity,
  params: InDialogParams,
): Request {
  const pairs: Pair[] = [];
  for (const route of params.routes) pairs.push(['Route', route]);
  pairs.push(
    ['From', dialog.localParty],
    ['To', dialog.remoteParty],
    ['Call-ID', dialog.callId],
    ['CSeq', `${params.sequence} ${method}`],
  );
  const isBare = method === 'ACK' || method === 'BYE';
  appendParts(
    pairs,
    isBare ? [MAX_FORWARDS] : [MAX_FORWARDS, ['Contact', identity.contact], ...identity.headers],
    params.parts,
  );
  return new Request(method, params.requestUri, Headers.from(pairs), params.parts.body?.content);
}

/** A response to an INVITE, a re-INVITE or an UPDATE. `identity` is absent where the INVITE is refused before anybody knows the leg. */
export function inviteResponse(
  invite: Request,
  status: number,
  localTag: string,
  identity: LocalIdentity | undefined,
  parts: Parts | undefined,
): Response {
  const pairs: Pair[] = [];
  const own: Pair[] = [];
  // Contact in 3xx to 6xx would name other places to try (RFC 3261 §20.10).
  if (identity !== undefined && status < 300) own.push(['Contact', identity.contact]);
  if (identity !== undefined) own.push(...identity.headers);
  appendParts(pairs, own, parts);
  return responseTo(invite, status, {
    toTag: localTag,
    headers: pairs,
    ...(parts?.reason === undefined ? {} : { reason: parts.reason }),
    ...(parts?.body === undefined ? {} : { body: parts.body.content }),
  });
}

/** A response that never was on the wire: how a request that could not be sent is reported. */
export function localResponse(
  method: string,
  status: number,
  leg: { callId: string; localTag: string; remoteTag: string | undefined },
): Response {
  const to = leg.remoteTag === undefined ? '<sip:anonymous.invalid>' : `<sip:anonymous.invalid>;tag=${leg.remoteTag}`;
  const pairs: Pair[] = [
    ['Via', 'SIP/2.0/TLS anonymous.invalid;branch=z9hG4bK0'],
    ['From', `<sip:anonymous.invalid>;tag=${leg.localTag}`],
    ['To', to],
    ['Call-ID', leg.callId],
    ['CSeq', `${FIRST_SEQUENCE} ${method}`],
  ];
  return responseTo(new Request(method, 'sip:anonymous.invalid', Headers.from(pairs)), status);
}

/** The same parts with further headers. */
export function withHeaders(parts: Parts, headers: readonly Pair[]): Parts {
  if (headers.length === 0) return parts;
  return { ...parts, headers: parts.headers === undefined ? headers : [...parts.headers, ...headers] };
}

function appendParts(pairs: Pair[], own: readonly Pair[], parts: Parts | undefined): void {
  const added = parts?.headers ?? none;
  for (const pair of own) if (!names(added, pair[0])) pairs.push(pair);
  for (const pair of added) pairs.push(pair);
  if (parts?.body !== undefined) pairs.push(['Content-Type', parts.body.type]);
}

function names(pairs: readonly Pair[], name: string): boolean {
  for (const [other] of pairs) {
    if (other.length === name.length && (other === name || other.toLowerCase() === name.toLowerCase())) return true;
  }
  return false;
}
