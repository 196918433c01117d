/** The only door upward from the transport room (RFC 3261 §18), and what it offers downward. */
import type { Request, Response } from '../sip/message.ts';
import type { Hop, Source } from '../sip/hop.ts';

/** A bidirectional path to a peer: a UDP socket with one remote address, or a TCP/TLS connection. */
export interface Flow extends Source {
  /** False once the connection is gone. Always true on UDP. */
  readonly isOpen: boolean;
  /** True on TCP and TLS: retransmission timers are off (RFC 3261 §17). */
  readonly isReliable: boolean;
}

export type SendResult =
  | { readonly kind: 'sent'; readonly flow: Flow }
  /** RFC 3263 §4.3 has run out of addresses: refused, unreachable, certificate refused, timed out, no such name. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** It does not fit into a datagram (`reason` says so): that is the message's fault, not the hop's. */
      readonly isTooLarge?: true;
    };

export interface TransportUser {
  /** `received` and `rport` are in the top Via already (RFC 3261 §18.2.1, RFC 3581 §4). */
  onRequest(request: Request, flow: Flow): void;
  onResponse(response: Response, flow: Flow): void;
}

/** What the transaction room needs of the transport room; the scenarios' in-memory network implements it as well. */
export interface Transports {
  deliverTo(user: TransportUser): void;
  /** Resolves and dials as needed. `done` is called once, possibly at once. `text` holds one character per octet. */
  send(hop: Hop, text: string, done: (result: SendResult) => void): void;
  /** Sends on a known flow. False where it is gone: then the caller resolves anew. */
  sendOn(flow: Flow, text: string): boolean;
  /** The next request to that hop goes over a new connection; the one that stands closes once no request on it is unanswered. */
  retire(hop: Hop): void;
  /** RFC 3261 §18.2.2 and RFC 3581 §4: back on the flow, else to a new connection at the Via's address. `failed`: nobody took that one. */
  respond(
    flow: Flow,
    via: { readonly host: string; readonly port: number | undefined; readonly received: string | undefined },
    text: string,
    failed?: () => void,
  ): void;
}
