/** The response to a request (RFC 3261 §8.2.6). */
import { Headers } from './headers.ts';
import { Response } from './message.ts';
import type { Request } from './message.ts';
import { parseNameAddr } from './name-addr.ts';
import { reasonPhrase } from './status.ts';

export interface ResponseOptions {
  /** @default the registered phrase of the status */
  readonly reason?: string;
  /** Put on a To that has no tag yet; 100 never gets one. */
  readonly toTag?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  /** Without it a body has no Content-Type unless `headers` brings one. */
  readonly contentType?: string;
}

/** Copies what RFC 3261 §8.2.6.2 names, also of a request that `parse` refused but could recover. */
export function responseTo(request: Request, status: number, options?: ResponseOptions): Response {
  const asked = request.headers;
  const headers = Headers.from([]).appendAllOf('Via', asked);
  // RFC 3261 §12.1.1 and RFC 3262: the route set goes back in whatever makes a dialog.
  if (request.method === 'INVITE' && status > 100 && status < 300) headers.appendAllOf('Record-Route', asked);
  headers.append('From', asked.get('From') ?? '');
  headers.append('To', toWithTag(asked.get('To') ?? '', request, status, options?.toTag));
  headers.append('Call-ID', asked.get('Call-ID') ?? '');
  headers.append('CSeq', asked.get('CSeq') ?? '');
  // RFC 3261 §8.2.6.1: the caller measures the round trip with it.
  if (status === 100) headers.appendAllOf('Timestamp', asked);
  if (options?.headers !== undefined) for (const [name, value] of options.headers) headers.append(name, value);
  if (options?.contentType !== undefined) headers.append('Content-Type', options.contentType);
  return new Response(status, options?.reason ?? reasonPhrase(status), headers, options?.body ?? '');
}

function toWithTag(to: string, request: Request, status: number, tag: string | undefined): string {
  if (tag === undefined || status === 100) return to;
  // A request that was refused may hold a To that cannot be read: then the tag goes at its end.
  const hasTag = parseNameAddr(to)?.tag !== undefined;
  return hasTag ? to : `${to};tag=${tag}`;
}
