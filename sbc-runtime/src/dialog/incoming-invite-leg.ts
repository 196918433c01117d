/** A leg that the peer called: the UAS of its INVITE (RFC 3261 §13.3). */
import { SbcError } from '../kernel/error.ts';
import type { Source } from '../sip/hop.ts';
import type { Request } from '../sip/message.ts';
import { detached } from '../sip/detached.ts';
import { hasOptionTag } from '../sip/option-tag.ts';
import { responseTo } from '../sip/response-to.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';
import { inviteResponse } from './dialog-message.ts';
import { dialogOfUas } from './dialog-state.ts';
import type { IncomingInvite, InviteUser, LocalIdentity, Parts } from './invite-user.ts';
import { InviteLeg } from './invite-leg.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import { hasSdp, offersSdp } from './offer-answer.ts';
import { ReliableProvisionals } from './reliable-provisionals.ts';

export class IncomingInviteLeg extends InviteLeg implements IncomingInvite {
  readonly callId: string;
  readonly ownsCallId = false;
  readonly source: Source;
  /** Until the ACK: what the user may still ask for. */
  #invite: Request | undefined;
  /** Where the INVITE requires `100rel`. */
  readonly #reliable: ReliableProvisionals | undefined;
  /** A 2xx that waits for a PRACK (RFC 3262 §3). */
  #heldBack: { readonly identity: LocalIdentity; readonly parts: Parts } | undefined;

  constructor(dependencies: LegDependencies, transaction: ServerTransaction) {
    super(dependencies, dependencies.random.token());
    const { request, flow } = transaction;
    const { protocol, address, port, listener, trunks } = flow;
    // A copy: the flow would keep a connection alive that is closed long before the call.
    this.source = { protocol, address, port, listener, trunks };
    this.hears(flow);
    this.callId = detached(request.callId);
    this.#invite = request;
    this.theirs = transaction;
    this.exchanged('peer', 'INVITE', hasSdp(request));
    // Only what is required is done; with `Supported` alone the unreliable way holds (RFC 3262 §3 leaves it to us).
    if (hasOptionTag(request.headers, 'Require', '100rel')) {
      this.#reliable = new ReliableProvisionals(dependencies, transaction, () => {
        this.#prackMissing();
      });
    }
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
    if (invite === undefined) return;
    const response = inviteResponse(invite.request, status, this.localTag, identity, parts);
    if (this.#reliable === undefined) invite.respond(response);
    // RFC 3262 §5: after an INVITE without an offer the first reliable response must hold ours. Rather none at all.
    else if (this.offerAnswer !== 'PeerEmptyInvite') this.#reliable.send(response, offersSdp(parts));
  }

  accept(identity: LocalIdentity, parts: Parts): void {
    const invite = this.#unanswered(identity);
    if (invite === undefined) return;
    if (this.#reliable?.holdsBack2xx === true) this.#heldBack = { identity, parts };
    else this.answer(invite, 200, parts);
  }

  override answer(invite: ServerTransaction, status: number, parts: Parts | undefined): void {
    this.#reliable?.stop();
    super.answer(invite, status, parts);
  }

  override pracked(prack: ServerTransaction): void {
    const reliable = this.#reliable;
    if (reliable?.acknowledged(prack.request) !== true) {
      super.pracked(prack);
      return;
    }
    // An offer in a PRACK wants an answer in its 200 (RFC 3262 §5), which is not ours to give.
    prack.respond(responseTo(prack.request, hasSdp(prack.request) ? 488 : 200));
    if (this.current !== 'Early') return;
    reliable.sendNext();
    const held = this.#heldBack;
    if (held !== undefined) this.accept(held.identity, held.parts);
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
    // RFC 3261 §9.2: no final response was sent yet, so that 487 it is. To the user the call is answered: it hears of an end.
    if (this.#heldBack !== undefined) {
      this.reject(487);
      this.tellEnd({ kind: 'cancelled' });
      return;
    }
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

  /** RFC 3262 §3: a caller that asked for it and acknowledges nothing gets 5xx. */
  #prackMissing(): void {
    this.reject(504, { reason: 'PRACK Missing' });
    this.tellEnd({ kind: 'ack-timeout' });
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
