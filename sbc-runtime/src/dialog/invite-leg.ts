/**
 * One INVITE usage and its dialog (RFC 3261 §12–§15): what both directions share. A shell: what is legal is decided in
 * `dialog-state.ts`, `offer-answer.ts`, `reinvite-gate.ts`, `ack-schedule.ts` and `leg-end.ts`.
 *
 *   Early ──2xx──► Confirmed ──BYE either way, no ACK, 481 or 408──► Terminated
 *     └──refused, cancelled, failed, BYE of the caller───────────────────▲
 */
import type { Request, Response } from '../sip/message.ts';
import type { HeaderPair, ServerTransaction } from '../transaction/transaction-user.ts';
import { responseTo } from '../sip/response-to.ts';
import { inviteResponse, withHeaders } from './dialog-message.ts';
import type { InviteUser, Leg, Parts } from './invite-user.ts';
import { hasSdp, offersSdp } from './offer-answer.ts';
import { RequestingLeg } from './requesting-leg.ts';

/** RFC 3326: what a peer reads in its trace where we give up. */
const byeWithoutAck: Parts = { headers: [['Reason', 'SIP;cause=408;text="ACK missing"']] };
const byeAfterExpiry: Parts = { headers: [['Reason', 'SIP;cause=408;text="Session expired"']] };

export abstract class InviteLeg extends RequestingLeg implements Leg {
  /** A BYE that must wait for the ACK of the 2xx (RFC 3261 §15). */
  #waitingBye: Parts | undefined;

  /** The trunk whose flows may speak in this dialog; undefined before anybody can know the dialog. */
  get trunk(): string | undefined {
    return this.identity?.trunk;
  }

  /** The trunks that this leg needs to be let in: while it is nobody's yet, all that its source may speak for. */
  get trunks(): readonly string[] {
    return this.trunk === undefined ? [] : [this.trunk];
  }

  get inviteUser(): InviteUser | undefined {
    return this.user;
  }

  bye(parts: Parts = {}): void {
    if (this.current === 'Terminated') return;
    if (this.current === 'Early') {
      this.endEarly(parts);
      return;
    }
    if (!this.ackWaits.hasInitial) {
      this.sayBye(parts);
      return;
    }
    // RFC 3261 §15: the callee waits for its ACK, or for the end of the wait.
    this.#waitingBye = parts;
    this.current = 'Terminated';
    this.session.stop();
    this.#answerOpenRequests();
  }

  sessionExpired(): void {
    if (this.current !== 'Confirmed') return;
    this.bye(byeAfterExpiry);
    this.tellEnd({ kind: 'session-expired' });
  }

  /** RFC 4028 §9: what refuses an INVITE, re-INVITE or UPDATE that asks for too short a session. */
  refusalOfSession(request: Request): { readonly status: number; readonly headers: readonly HeaderPair[] } | undefined {
    return this.session.refusalOf(request);
  }

  /** The final response of an INVITE of the peer; a 2xx is repeated until its ACK comes. */
  answer(invite: ServerTransaction, status: number, parts: Parts | undefined): void {
    const isInitial = this.current === 'Early';
    const response = this.#response(invite, status, parts);
    if (this.theirs === invite) this.theirs = undefined;
    invite.respond(response);
    this.dependencies.answered(invite);
    this.exchanged('us', status < 300 ? 'INVITE-2xx' : 'INVITE-refused', offersSdp(parts));
    if (status >= 300) return;
    this.current = 'Confirmed';
    this.ackWaits.start(this.dependencies, { transaction: invite, response, isInitial }, () => {
      this.#ackMissing();
    });
  }

  /** The final response of an UPDATE of the peer (RFC 3311 §5.2). */
  answerUpdate(update: ServerTransaction, status: number, parts: Parts | undefined): void {
    update.respond(this.#response(update, status, parts));
    this.openRequests.dropAnswered();
  }

  /** A PRACK: only who sends reliable provisional responses can expect one (RFC 3262 §3). */
  pracked(prack: ServerTransaction): void {
    prack.respond(responseTo(prack.request, 481));
  }

  /** A re-INVITE that passed the gate. */
  began(reinvite: ServerTransaction): void {
    this.theirs = reinvite;
    this.exchanged('peer', 'INVITE', hasSdp(reinvite.request));
  }

  /** Remembers a request of the peer until the user answers it. False where too many wait. */
  opened(transaction: ServerTransaction, isOffer: boolean): boolean {
    if (!this.openRequests.add(transaction, isOffer)) return false;
    if (isOffer) this.exchanged('peer', 'UPDATE', true);
    return true;
  }

  /** The user was told of it, and mostly has answered. */
  offered(): void {
    this.openRequests.dropAnswered();
  }

  /** The ACK of a 2xx. A repeated one finds nothing to do. */
  acknowledged(ack: Request): void {
    const wait = this.ackWaits.acknowledged(ack.cseq.number);
    if (wait === undefined) return;
    if (this.#waitingBye !== undefined) {
      this.sayBye(this.#waitingBye);
      return;
    }
    this.exchanged('peer', 'ACK', hasSdp(ack));
    this.user?.onAck?.(ack);
  }

  /** A BYE of the peer, already answered. Where we have ended the leg ourselves, nobody waits for the news. */
  hungUp(bye: Request): void {
    const isNews = this.current !== 'Terminated';
    this.end();
    if (isNews) this.user?.onBye(bye);
  }

  /** RFC 3261 §9.2: a re-INVITE that is cancelled in time leaves everything as it was. */
  reinviteCancelled(reinvite: ServerTransaction): void {
    if (this.current !== 'Confirmed' || reinvite !== this.theirs) return;
    this.answer(reinvite, 487, undefined);
    this.user?.onReinviteCancelled?.();
  }

  protected abstract endEarly(parts: Parts): void;

  protected override end(): void {
    this.#finish();
    this.dependencies.forget(this);
  }

  /** The leg stays in the table until the BYE is answered, for the peer's own BYE may cross it (RFC 5407 §3.2.2). */
  protected override sayBye(parts: Parts): void {
    this.#finish();
    this.sendBye(parts, () => {
      this.dependencies.forget(this);
    });
  }

  /** A 2xx says what holds for the session from now on. */
  #response({ request }: ServerTransaction, status: number, parts: Parts | undefined): Response {
    const said = status < 300 ? withHeaders(parts ?? {}, this.session.accepts(request)) : parts;
    return inviteResponse(request, status, this.localTag, this.identity, said);
  }

  /** Everything in progress is answered, acknowledged or cancelled. */
  #finish(): void {
    this.current = 'Terminated';
    this.#waitingBye = undefined;
    this.session.stop();
    this.ackWaits.stopAll();
    this.#answerOpenRequests();
    if (this.ours?.isAccepted === true) this.ack();
    // A re-INVITE that a peer never answers would live for ever.
    else this.ours?.cancel();
    this.ours = undefined;
  }

  /** RFC 3261 §15.1.2: 487 for whatever is still unanswered. */
  #answerOpenRequests(): void {
    const { theirs } = this;
    if (theirs?.isOver === false) this.answer(theirs, 487, undefined);
    this.theirs = undefined;
    this.openRequests.answerAll(487);
  }

  #ackMissing(): void {
    const waiting = this.#waitingBye;
    this.sayBye(waiting ?? byeWithoutAck);
    if (waiting === undefined) this.tellEnd({ kind: 'ack-timeout' });
  }
}
