/** A leg that the peer called: the UAS of its INVITE (RFC 3261 §13.3). */
import { SbcError } from '../kernel/error.ts';
import type { Source } from '../sip/hop.ts';
import type { Request } from '../sip/message.ts';
import { detached } from '../sip/detached.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';
import { inviteResponse } from './dialog-message.ts';
import { dialogOfUas } from './dialog-state.ts';
import type { IncomingInvite, InviteUser, LocalIdentity, Parts } from './invite-user.ts';
import { InviteLeg } from './invite-leg.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import { hasSdp } from './offer-answer.ts';

export class IncomingInviteLeg extends InviteLeg implements IncomingInvite {
  readonly callId: string;
  readonly source: Source;
  /** Until the ACK: what the user may still ask for. */
  #invite: Request | undefined;

  constructor(dependencies: LegDependencies, transaction: ServerTransaction) {
    super(dependencies, dependencies.random.token());
    const { request, flow } = transaction;
    const { protocol, address, port, listener, trunks } = flow;
    // A copy: the flow would keep a connection alive that is closed long before the call.
    this.source = { protocol, address, port, listener, trunks };
    this.callId = detached(request.callId);
    this.#invite = request;
    this.theirs = transaction;
    this.exchanged('peer', 'INVITE', hasSdp(request));
  }

  get request(): Request {
    if (this.#invite !== undefined) return this.#invite;
    throw new SbcError('SBC_INVARIANT', 'Cannot read the INVITE: it was let go of when its 2xx was acknowledged');
  }

  override get trunks(): readonly string[] {
    return this.trunk === undefined ? this.source.trunks : super.trunks;
  }

  deliverTo(user: InviteUser): void {
    this.user = user;
  }

  provisional(identity: LocalIdentity, status: number, parts?: Parts): void {
    const invite = this.#unanswered(identity);
    invite?.respond(inviteResponse(invite.request, status, this.localTag, identity, parts));
  }

  accept(identity: LocalIdentity, parts: Parts): void {
    const invite = this.#unanswered(identity);
    if (invite !== undefined) this.answer(invite, 200, parts);
  }

  reject(status: number, parts?: Parts): void {
    const invite = this.theirs;
    if (this.current !== 'Early' || invite === undefined) return;
    this.answer(invite, status, parts);
    this.end();
  }

  /** The peer does not want to wait any longer. */
  cancelled(cancel: Request): void {
    if (this.current !== 'Early') return;
    if (this.user?.onCancel === undefined) this.reject(487);
    else this.user.onCancel(cancel);
  }

  override acknowledged(ack: Request): void {
    super.acknowledged(ack);
    if (!this.ackWaits.hasInitial) this.#invite = undefined;
  }

  /** RFC 3261 §15: a callee that has not answered has nothing to end but the INVITE. */
  protected override endEarly(parts: Parts): void {
    this.reject(487, parts);
  }

  /** The INVITE while it may still be answered: from the first response on, the peer may know the dialog. */
  #unanswered(identity: LocalIdentity): ServerTransaction | undefined {
    const invite = this.theirs;
    if (this.current !== 'Early' || invite === undefined || invite.isOver) return undefined;
    this.identity = identity;
    this.dialog ??= dialogOfUas(invite.request, this.localTag);
    return invite;
  }
}
