/** One leg of a call as the dialog room's user: turns what happens on it into the call's events and remembers the SDP on both sides. */
import type {
  IncomingReinvite,
  InviteFailure,
  InviteUser,
  Leg,
  LegEnd,
  ServerTransaction,
} from '../dialog/invite-user.ts';
import type { Peer } from '../peers/peer.ts';
import type { Hop } from '../sip/hop.ts';
import { direction, sameMedia } from '../sdp/sdp.ts';
import type { Request, Response } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type { AttemptFailure, CallEvent, LegName } from './call-state.ts';
import { sdpBody } from './sdp-body.ts';

export interface SideUser {
  /** `side` tells a stale attempt from the current one. */
  onEvent(side: CallSide, event: CallEvent): void;
  onResponse(side: CallSide, response: Response): void;
  onFailure(side: CallSide, failure: InviteFailure): void;
}

export const SDP_TYPE = 'application/sdp';

export class CallSide implements InviteUser {
  readonly name: LegName;
  readonly peer: Peer;
  /** Where the callee's INVITE went. */
  readonly hop: Hop | undefined;
  /** Set right after construction by whoever made the leg. */
  leg: Leg | undefined;
  /** The relay's name for this side. */
  relayTag: string;
  /** What we said last and what the peer said last: a refresh repeats the one and is recognised by the other. */
  localSdp = '';
  remoteSdp = '';
  reinvite: IncomingReinvite | undefined;
  /** Said in a re-INVITE that is not accepted yet (RFC 3261 §14.1): by the peer, or by us. */
  offeredSdp = '';
  /** Undefined once the call is over: transactions outlive it by 32 s and must not hold all of it. */
  #user: SideUser | undefined;

  constructor(name: LegName, peer: Peer, user: SideUser, hop?: Hop) {
    this.name = name;
    this.peer = peer;
    this.relayTag = name;
    this.#user = user;
    this.hop = hop;
  }

  release(): void {
    this.#user = undefined;
    this.leg = undefined;
    this.reinvite = undefined;
    this.localSdp = '';
    this.remoteSdp = '';
    this.offeredSdp = '';
  }

  onTrying(): void {
    this.#user?.onEvent(this, { kind: 'trying' });
  }

  onProvisional(response: Response): void {
    this.#user?.onResponse(this, response);
  }

  onAnswered(response: Response): void {
    this.#user?.onResponse(this, response);
  }

  onFailure(failure: InviteFailure): void {
    this.#user?.onFailure(this, failure);
  }

  onCancel(cancel: Request): void {
    this.#user?.onEvent(this, { kind: 'cancelled', reasons: cancel.headers.getAll('Reason') });
  }

  onReinvite(reinvite: IncomingReinvite): void {
    const sdp = sdpBody(reinvite.request);
    if (sdp === undefined) {
      this.#offerAgain(reinvite);
      return;
    }
    this.reinvite = reinvite;
    const unchanged = this.remoteSdp !== '' && sameMedia(this.remoteSdp, sdp);
    this.#user?.onEvent(this, { kind: 'reinvite', from: this.name, sdp, unchanged });
  }

  onReinviteCancelled(): void {
    this.reinvite = undefined;
    this.#user?.onEvent(this, { kind: 'reinvite-cancelled', from: this.name });
  }

  /**
   * RFC 3261 §14.2: a re-INVITE without an offer asks for ours. The last one still describes what we do, as long as
   * nobody is on hold: then it would keep both sides there, and a new one is not ours to make without the other side.
   */
  #offerAgain(reinvite: IncomingReinvite): void {
    if (direction(this.localSdp) !== 'sendrecv') reinvite.reject(488);
    else reinvite.accept({ body: { type: SDP_TYPE, content: this.localSdp } });
  }

  onRequest(transaction: ServerTransaction): void {
    const allow = this.peer.identity.headers.filter(([name]) => name === 'Allow');
    switch (transaction.request.method) {
      case 'OPTIONS':
        transaction.respond(
          responseTo(transaction.request, 200, { headers: [['Contact', this.peer.identity.contact], ...allow] }),
        );
        return;
      case 'NOTIFY':
        // RFC 6665 §4.1.3: there is no subscription that it could belong to.
        transaction.respond(responseTo(transaction.request, 481));
        return;
      default:
        transaction.respond(responseTo(transaction.request, 405, { headers: allow }));
    }
  }

  onBye(bye: Request): void {
    this.#user?.onEvent(this, { kind: 'bye', from: this.name, reasons: bye.headers.getAll('Reason') });
  }

  onEnded(end: LegEnd): void {
    this.#user?.onEvent(this, { kind: 'leg-ended', leg: this.name, why: end.kind });
  }
}

/** What a failed INVITE means to the call: a status with its words, or nobody there. */
export function attemptFailure(failure: InviteFailure): AttemptFailure {
  if (failure.kind !== 'response') return { status: undefined, phrase: undefined, reasons: [] };
  const { status, reason, headers } = failure.response;
  return { status, phrase: reason === '' ? undefined : reason, reasons: headers.getAll('Reason') };
}
