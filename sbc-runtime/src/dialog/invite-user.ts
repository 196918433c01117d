/**
 * The door between the dialog room and whoever uses it: INVITE usages as legs (RFC 3261 §12–§15).
 * Types only. "User" is the one above: the B2BUA.
 */
import type { Hop, Source } from '../sip/hop.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import type { Request, Response } from '../sip/message.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';
import type { LegSnapshot } from './leg-snapshot.ts';

export type { LocalIdentity } from '../sip/local-identity.ts';
export type { ServerTransaction } from '../transaction/transaction-user.ts';

/** What the user adds to a message: the room writes everything that RFC 3261 §12 fixes. */
export interface Parts {
  /** Reason phrase of a response. @default the phrase of the status */
  readonly reason?: string;
  /** Added after the identity's headers, in this order; a name that the identity sets too replaces its value, `Max-Forwards` our 70. */
  readonly headers?: readonly (readonly [string, string])[];
  /** `type` is the Content-Type value. @default no body */
  readonly body?: { readonly type: string; readonly content: string };
}

export interface OutgoingInviteParams {
  readonly hop: Hop;
  readonly identity: LocalIdentity;
  readonly requestUri: string;
  /** Header value without tag: the room adds its own. */
  readonly from: string;
  /** Header value without tag. */
  readonly to: string;
  readonly parts: Parts;
}

/** How a request inside a dialog came out: a final response, or none. */
export type RequestResult =
  | { readonly kind: 'response'; readonly response: Response }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'transport'; readonly reason: string }
  /** Never sent: it does not fit into a datagram, which says nothing about the peer. */
  | { readonly kind: 'too-large' };

/**
 * How an INVITE that was not answered came out. `cancelled`: whatever came after our `cancel()`, also a 2xx. `no-room`:
 * never sent, too many legs of ours are alive; it says nothing about the target.
 */
export type InviteFailure = RequestResult | { readonly kind: 'cancelled' } | { readonly kind: 'no-room' };

/** The leg ended by itself, without a BYE of the peer. */
export type LegEnd =
  /** The ACK of our 2xx, or the PRACK of our reliable provisional response, never came. */
  | { readonly kind: 'ack-timeout' }
  /** The peer does not know the dialog, or does not answer: 481 or 408 (RFC 5057 §5.1), `status` absent where it was silent. */
  | { readonly kind: 'gone'; readonly status?: number }
  /** The peer has cancelled while our 2xx waited for a PRACK (RFC 3262 §3): 487 was sent. */
  | { readonly kind: 'cancelled' }
  /** Nobody has refreshed the session in time (RFC 4028 §10); BYE was sent. */
  | { readonly kind: 'session-expired' };

/** One INVITE usage. After the answer, legs of both directions are the same thing. */
export interface Leg {
  readonly callId: string;
  readonly localTag: string;
  /** Undefined until the first response with a To tag (UAC). With several early dialogs: the latest; after the answer: the answered one. */
  readonly remoteTag: string | undefined;
  readonly state: 'Early' | 'Confirmed' | 'Terminated';
  /** For a process that is started after this one. Undefined before the dialog is confirmed and acknowledged, and once it is over. */
  snapshot(): LegSnapshot | undefined;
  /** UAC: the ACK of the 2xx just reported; remembered and repeated when the 2xx is repeated. Must be called exactly once a 2xx. */
  ack(parts?: Parts): void;
  /** Glare is reported like any refusal: `{kind: 'response'}` with 491; the user decides about a second try. A 2xx wants `ack()`. */
  reinvite(parts: Parts, onResult: (result: RequestResult) => void): void;
  /** CANCEL for our re-INVITE that has no final response; nothing without one. Its result comes as usual, at the latest 64*T1 after; a 2xx that crosses it wants `ack()`. */
  cancelReinvite(): void;
  /** Fire and forget: retransmission, 481 and timeout all end the leg. Nothing is reported for the leg afterwards, except results of requests still in progress. */
  bye(parts?: Parts): void;
}

/** As the UAS, until accepted or rejected. */
export interface IncomingInvite extends Leg {
  /** Let go when the 2xx is acknowledged: reading it later throws `SBC_INVARIANT`. */
  readonly request: Request;
  readonly source: Source;
  /** 101..199 with our To tag, the same one throughout. */
  provisional(identity: LocalIdentity, status: number, parts?: Parts): void;
  /** 200, retransmitted until the ACK (RFC 3261 §13.3.1.4); after 64*T1 without ACK a BYE is sent and `onEnded` tells. */
  accept(identity: LocalIdentity, parts: Parts): void;
  /** 300..699. */
  reject(status: number, parts?: Parts): void;
  deliverTo(user: InviteUser): void;
}

/** As the UAC. */
export interface OutgoingInvite extends Leg {
  /** A 2xx that crosses the CANCEL is acknowledged and ended with BYE here; then and without an answer the user hears `onFailure({kind: 'cancelled'})`. */
  cancel(parts?: Parts): void;
}

/** A re-INVITE or UPDATE of the peer. Exactly one of accept and reject. */
export interface IncomingReinvite {
  readonly request: Request;
  /** True once it was answered, also by the room: 487 after a CANCEL or where the leg ended. Then accept and reject do nothing. */
  readonly isOver: boolean;
  accept(parts: Parts): void;
  reject(status: number, parts?: Parts): void;
}

export interface InviteUser {
  /** UAC: a 100 came: the next hop lives, and nobody has been asked yet. */
  onTrying?(): void;
  /** UAC: the INVITE goes out once more, with a password (401, 407) or for a longer session (422): to that one nobody has said anything yet. */
  onSentAgain?(): void;
  /** UAC: 101..199 of any fork; the To tag tells the fork. */
  onProvisional?(response: Response): void;
  /** UAC: the first 2xx. 2xx of other forks are acknowledged and ended with BYE by the room. */
  onAnswered?(response: Response): void;
  /** UAC: exactly one of onAnswered and onFailure. */
  onFailure?(failure: InviteFailure): void;
  /** UAS: no 487 was sent yet, the user calls `reject(487)`. Not called after `accept`. */
  onCancel?(cancel: Request): void;
  /** UAS of INVITE and re-INVITE: the 2xx is acknowledged; the body may hold the SDP answer. */
  onAck?(ack: Request): void;
  /** CSeq is legal and no other (re-)INVITE is pending: else 491 or 500 with Retry-After was sent here. */
  onReinvite(reinvite: IncomingReinvite): void;
  /** The peer has cancelled its re-INVITE before it was answered: 487 was sent, everything is as before (RFC 3261 §9.2). */
  onReinviteCancelled?(): void;
  /** CSeq is legal and an offer in it stands in no other's way: else 491 or 500 with Retry-After was sent here (RFC 3311 §5.2). */
  onUpdate(update: IncomingReinvite): void;
  /** RFC 4028 §7.4: the session must be refreshed; what a re-INVITE that changes nothing says. Undefined: not now. */
  onRefreshDue?(): Parts | undefined;
  /** The peer's 2xx to that re-INVITE; it is acknowledged. */
  onRefreshed?(response: Response): void;
  /** Other in-dialog requests with legal CSeq: INFO, REFER, NOTIFY, OPTIONS, MESSAGE, … */
  onRequest(transaction: ServerTransaction): void;
  /** 200 was sent. */
  onBye(bye: Request): void;
  onEnded(end: LegEnd): void;
}

export interface DialogLayerUser {
  /** An INVITE outside dialogs that is no merged request (482), asks for no unknown extension (420) and has hops left (483). */
  onInvite(invite: IncomingInvite): void;
  /** Any other request outside dialogs: OPTIONS, REGISTER, … Those that name an unknown dialog were answered 481. */
  onRequest(transaction: ServerTransaction): void;
}
