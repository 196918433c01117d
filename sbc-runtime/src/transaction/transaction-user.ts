/** The only door upward from the transaction room (RFC 3261 §17), and what it offers to the rooms above. */
import type { Hop } from '../sip/hop.ts';
import type { Request, Response } from '../sip/message.ts';
import type { Flow } from '../transport/transport-user.ts';

export type { Flow } from '../transport/transport-user.ts';

/** One header as name and value. */
export type HeaderPair = readonly [name: string, value: string];

/** A request that came in and the one place where its responses leave. */
export interface ServerTransaction {
  readonly request: Request;
  /** Where the request came from. */
  readonly flow: Flow;
  /** True once a final response was sent or the transaction ended: `respond` does nothing any more, but for further 2xx of an INVITE (RFC 6026 §7.1). */
  readonly isOver: boolean;
  /** Provisional responses as often as wanted, one final response; a 2xx of an INVITE may be repeated until its ACK came (RFC 3261 §13.3.1.4). */
  respond(response: Response): void;
}

/** A request on its way to the next hop. */
export interface ClientTransaction {
  readonly request: Request;
  /** Where the request went last; undefined while its way is looked for. */
  readonly flow: Flow | undefined;
  /**
   * RFC 3261 §9.1: sends a CANCEL as soon as a provisional response is there; nothing where a final one is.
   * `headers` go into the CANCEL, such as Reason (RFC 3326). Only an INVITE can be cancelled; a second call does nothing.
   * Where no final response follows within 64*T1 of the CANCEL, the user gets the failure `timeout`.
   */
  cancel(headers?: readonly HeaderPair[]): void;
}

export type TransactionFailure =
  | { readonly kind: 'timeout' }
  | { readonly kind: 'transport'; readonly reason: string }
  /** It does not fit into a datagram, which says nothing about whom it was for. */
  | { readonly kind: 'too-large' };

/** Who started a client transaction. After a failure or a non-2xx final response nothing more is called. */
export interface ClientTransactionUser {
  /** Every provisional (100 too) and final response once; each 2xx of an INVITE, also repeated ones, for 64*T1 (RFC 6026 §7.2). */
  onResponse(response: Response, flow: Flow): void;
  onFailure(failure: TransactionFailure): void;
}

/** The room above, told about every request that begins something. An exception in a callback ends there: it is counted, logged and answered 500. */
export interface TransactionUser {
  /** A new request other than ACK and CANCEL. */
  onRequest(transaction: ServerTransaction): void;
  /** An ACK that matches no INVITE server transaction in Completed: the ACK of a 2xx. */
  onAck(ack: Request, flow: Flow): void;
  /** An INVITE that has no final response yet shall end. The CANCEL itself is answered already. */
  onCancel(invite: ServerTransaction, cancel: Request): void;
  /** A response that belongs to no client transaction; it is counted before. */
  onStrayResponse?(response: Response): void;
  /** Whether the To tag of the request is one that we gave and that lives. @default every tag is */
  knowsDialogOf?(request: Request): boolean;
  /** Whether a request is cheap enough to be answered anew each time it comes: nothing is kept for it then. @default none is */
  isAnsweredAnew?(request: Request): boolean;
}

/** Asked once about each INVITE outside dialogs, before anything is kept for it. */
export interface InviteGate {
  /** False: it is answered 503 with Retry-After and forgotten. */
  admits(invite: Request): boolean;
}

/** What the dialog room needs of the transaction room; a scripted fake serves in its tests. */
export interface Transactions {
  deliverTo(user: TransactionUser): void;
  /** Puts a Via on top of `request` (branch, sent-by of `hop`, `;rport` on UDP), sends it and retransmits it until it is answered. */
  request(request: Request, hop: Hop, user: ClientTransactionUser): ClientTransaction;
  /** Outside transactions: the ACK of a 2xx, with a new Via on top each time (RFC 3261 §13.2.2.4). `failed` is called at most once. */
  send(request: Request, hop: Hop, failed?: (reason: string) => void): void;
  /** Live transactions, both kinds. */
  readonly size: number;
}

/** T1, T2 and T4 of RFC 3261 table 4, in milliseconds. */
export interface RequestTimers {
  readonly T1: number;
  readonly T2: number;
  readonly T4: number;
}

export const rfc3261Timers: RequestTimers = { T1: 500, T2: 4000, T4: 5000 };
