/**
 * What tells transactions apart: RFC 3261 §17.1.3 (client), §17.2.3 (server), §8.2.2.2 (merged requests). Pure.
 * Put together from pieces, a key is copied as soon as a table looks it up: it holds on to no message.
 */
import type { Request } from '../sip/message.ts';

/** RFC 3261 §8.1.1.7: the sign that a branch is unique for ever. */
export const MAGIC_COOKIE = 'z9hG4bK';

/** Our branches are unique; the method keeps a CANCEL apart from its INVITE. */
export function clientKey(branch: string, method: string): string {
  return `${branch} ${method}`;
}

/** An ACK has the key of its INVITE. */
export function serverKey(request: Request): string {
  return keyWithMethod(request, request.method === 'ACK' ? 'INVITE' : request.method);
}

/** The key of the INVITE that a CANCEL is about (RFC 3261 §9.2). */
export function cancelledKey(cancel: Request): string {
  return keyWithMethod(cancel, 'INVITE');
}

function keyWithMethod(request: Request, method: string): string {
  const { via } = request;
  const { branch } = via;
  const sentBy = via.port === undefined ? via.host.toLowerCase() : `${via.host.toLowerCase()}:${via.port}`;
  if (branch?.startsWith(MAGIC_COOKIE) === true) return `${branch} ${sentBy} ${method}`;
  // RFC 3261 §17.2.3, the rules of RFC 2543. The To tag is left out: an ACK has one that its INVITE had not, and
  // From tag, Call-ID and CSeq number are enough to tell two requests of one client apart.
  const { from, cseq, callId } = request;
  return `${branch ?? ''} ${sentBy} ${method} ${request.uri} ${from.tag ?? ''} ${callId} ${cseq.number}`;
}

/**
 * The same for every copy of a request that came on several paths (RFC 3261 §8.2.2.2). Undefined inside dialogs,
 * where a To tag tells that there is one.
 */
export function mergeKey(request: Request): string | undefined {
  if (request.to.tag !== undefined) return undefined;
  const { from, cseq, callId } = request;
  return `${callId} ${from.tag ?? ''} ${cseq.number} ${request.method}`;
}
