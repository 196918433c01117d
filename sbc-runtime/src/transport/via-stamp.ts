/** What a server adds to the topmost Via of a request it received: `received` (RFC 3261 §18.2.1) and `rport` (RFC 3581 §4). */
import type { Request } from '../sip/message.ts';
import { Via, replaceTopVia } from '../sip/via.ts';

export const DEFAULT_PORT = { UDP: 5060, TCP: 5060, TLS: 5061 } as const;

/** Returns the port that a response over UDP goes to: the source port where the peer asked for it, else that of sent-by. */
export function stampVia(request: Request, address: string, port: number): number {
  const { via } = request;
  const isRportAsked = via.rport === true;
  // RFC 3581 §4: with rport, `received` is set even where it repeats sent-by. A `received` that the peer wrote itself is void.
  if (isRportAsked || via.host !== address || via.params.has('received')) {
    const params = via.params.clone();
    params.set('received', address);
    if (isRportAsked) params.set('rport', String(port));
    replaceTopVia(request.headers, new Via(via.protocol, via.host, via.port, params));
  }
  return isRportAsked ? port : (via.port ?? DEFAULT_PORT.UDP);
}
