/** A leg that we call: the UAC of its INVITE, with its forks and its races (RFC 3261 §13.2, §9.1). */
import type { Request, Response } from '../sip/message.ts';
import type { TransactionFailure } from '../transaction/transaction-user.ts';
import { FIRST_SEQUENCE, initialInvite, requestInDialog, withHeaders, type Addressed } from './dialog-message.ts';
import { confirmedBy, dialogOfUac, type DialogState, type InviteOrigin } from './dialog-state.ts';
import type { InviteFailure, InviteUser, OutgoingInvite, OutgoingInviteParams, Parts } from './invite-user.ts';
import { InviteLeg } from './invite-leg.ts';
import type { Refused } from './leg-credentials.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import { destination } from './next-hop.ts';
import { hasSdp, offersSdp } from './offer-answer.ts';
import { SentInvite, type SentInviteOwner } from './sent-invite.ts';
import { SentRequest } from './sent-request.ts';

/** Early dialogs kept beside the latest one; a response of yet another fork is still reported. */
const MAX_FORKS = 64;

/** RFC 3326: another phone was faster; no phone shall show a missed call. */
const byeToLateFork: Parts = { headers: [['Reason', 'SIP;cause=200;text="Call completed elsewhere"']] };

export class OutgoingInviteLeg extends InviteLeg implements OutgoingInvite, SentInviteOwner {
  readonly callId: string;
  readonly ownsCallId = true;
  #origin: InviteOrigin;
  /** Until the answer: for another try (RFC 4028 §7.3). */
  #params: OutgoingInviteParams | undefined;
  /** Early dialogs other than the latest one, by remote tag. */
  #forks: Map<string, DialogState> | undefined;
  /** What the user said on cancelling. */
  #cancelParts: Parts | undefined;
  /** The user has ended the leg before the answer, and wants to hear no more. */
  #isSilent = false;
  /** Answered or failed: further 2xx are of late forks. */
  #isDecided = false;

  constructor(dependencies: LegDependencies, params: OutgoingInviteParams, user: InviteUser) {
    super(dependencies, dependencies.random.token());
    this.callId = dependencies.random.token();
    this.identity = params.identity;
    this.user = user;
    this.#origin = {
      callId: this.callId,
      localTag: this.localTag,
      localParty: `${params.from};tag=${this.localTag}`,
      sequence: FIRST_SEQUENCE,
      requestUri: params.requestUri,
    };
  }

  start(params: OutgoingInviteParams): void {
    this.#params = params;
    this.exchanged('us', 'INVITE', offersSdp(params.parts));
    this.#send(params);
  }

  /** Never sent: there is no room for another leg. */
  failWithoutRoom(): void {
    this.dependencies.clock.after(0, () => {
      this.#fail({ kind: 'no-room' });
    });
  }

  cancel(parts: Parts = {}): void {
    if (this.#isDecided || this.#cancelParts !== undefined) return;
    this.#cancelParts = parts;
    this.ours?.cancel(parts);
  }

  override dialogWith(remoteTag: string): DialogState | undefined {
    return super.dialogWith(remoteTag) ?? this.#forks?.get(remoteTag);
  }

  override keep(dialog: DialogState): void {
    if (this.#forks?.has(dialog.remoteTag) === true) this.#forks.set(dialog.remoteTag, dialog);
    else super.keep(dialog);
  }

  trying(): void {
    if (!this.#isDecided) this.user?.onTrying?.();
  }

  provisional(response: Response): void {
    if (this.#isDecided || this.#cancelParts !== undefined) return;
    const tag = response.to.tag;
    this.hears(this.ours?.heardFrom);
    if (tag !== undefined) this.#ring(tag, response);
    this.user?.onProvisional?.(response);
  }

  accepted(response: Response, invite: SentInvite): void {
    if (this.#isDecided) {
      this.#endLateFork(response, invite);
      return;
    }
    this.#isDecided = true;
    this.#params = undefined;
    this.hears(invite.heardFrom);
    this.#confirm(response);
    if (this.#cancelParts === undefined) {
      this.session.accepted(response);
      this.user?.onAnswered?.(response);
      return;
    }
    // RFC 3261 §9.1: the CANCEL came too late, so that the call is ended like any other.
    this.sayBye(this.#cancelParts);
    this.#report({ kind: 'cancelled' });
  }

  refused(response: Response): void {
    const params = this.#params;
    if (params !== undefined && this.#cancelParts === undefined && this.session.raisedBy(response)) {
      this.#beginAgain();
      this.#send(params);
      return;
    }
    this.#fail({ kind: 'response', response });
  }

  override again(refused: Refused): Addressed | undefined {
    if (refused.transaction.request.method !== 'INVITE' || this.#isDecided) return super.again(refused);
    return this.withAnswer(refused, () => this.#beginAgain());
  }

  failed(failure: TransactionFailure): void {
    this.#fail(failure);
  }

  /** Interop: a callee must not end an early dialog with BYE (RFC 3261 §15); one that does so ends its fork, the INVITE goes on. */
  override hungUp(bye: Request): void {
    if (this.#isDecided) {
      super.hungUp(bye);
      return;
    }
    const tag = bye.from.tag ?? '';
    this.#forks?.delete(tag);
    if (this.dialog?.remoteTag === tag) this.dialog = undefined;
  }

  protected override endEarly(parts: Parts): void {
    this.#isSilent = true;
    this.current = 'Terminated';
    this.cancel(parts);
  }

  #send(params: OutgoingInviteParams): void {
    const invite = new SentInvite(this.dependencies, this);
    this.ours = invite;
    const { hop, requestUri } = params;
    const { sequence } = this.#origin;
    const credentials = this.unasked('INVITE', requestUri, sequence, hop);
    const parts = withHeaders(withHeaders(params.parts, this.session.asksInitially), credentials);
    invite.send({ request: initialInvite({ ...params, parts }, this.#origin), hop, sequence, credentials });
  }

  /** RFC 4028 §7.3, RFC 3261 §22.2: the same call, the next CSeq; what rang before is over (RFC 3261 §13.2.2.3). */
  #beginAgain(): number {
    const sequence = this.#origin.sequence + 1;
    this.#origin = { ...this.#origin, sequence };
    this.dialog = undefined;
    this.#forks = undefined;
    this.user?.onSentAgain?.();
    return sequence;
  }

  #ring(tag: string, response: Response): void {
    const latest = this.dialog;
    if (latest?.remoteTag === tag) return;
    const known = this.#forks?.get(tag);
    if (known === undefined && (this.#forks?.size ?? 0) >= MAX_FORKS) return;
    this.#forks?.delete(tag);
    if (latest !== undefined) (this.#forks ??= new Map<string, DialogState>()).set(latest.remoteTag, latest);
    this.dialog = known ?? dialogOfUac(this.#origin, response);
  }

  #confirm(response: Response): void {
    const early = this.dialogWith(response.to.tag ?? '');
    this.#forks = undefined;
    this.dialog = confirmedBy(early, this.#origin, response);
    this.current = 'Confirmed';
    this.exchanged('peer', 'INVITE-2xx', hasSdp(response));
  }

  #endLateFork(response: Response, invite: SentInvite): void {
    const { identity } = this;
    const dialog = dialogOfUac(this.#origin, response);
    if (identity === undefined) return;
    const to = destination(dialog, identity, invite.heardFrom);
    if (to.kind === 'unreachable') return;
    const { sequence, credentials } = invite;
    const ack = requestInDialog('ACK', dialog, identity, { ...to, sequence, parts: { headers: credentials } });
    invite.acknowledge(dialog.remoteTag, ack, to.hop);
    let last = dialog.localSequence + 1;
    const bye = requestInDialog('BYE', dialog, identity, { ...to, sequence: last, parts: byeToLateFork });
    const again = (refused: Refused) => this.withAnswer(refused, () => (last += 1));
    const sent = new SentRequest(this.dependencies.transactions, { again, onResult: () => undefined });
    sent.send({ request: bye, hop: to.hop, sequence: last, credentials: [] });
  }

  #fail(failure: InviteFailure): void {
    if (this.#isDecided) return;
    this.#isDecided = true;
    this.#params = undefined;
    this.ours = undefined;
    this.end();
    this.#report(this.#cancelParts === undefined ? failure : { kind: 'cancelled' });
  }

  #report(failure: InviteFailure): void {
    if (!this.#isSilent) this.user?.onFailure?.(failure);
  }
}
