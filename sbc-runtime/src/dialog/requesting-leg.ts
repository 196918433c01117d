/** The requesting half of a leg: what we send inside the dialog, and what its answers mean (RFC 3261 §12.2.1, §14.1). */
import { SbcError } from '../kernel/error.ts';
import type { Hop } from '../sip/hop.ts';
import type { Request, Response } from '../sip/message.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';
import { AckWaits } from './ack-waits.ts';
import { localResponse, requestInDialog } from './dialog-message.ts';
import { refreshed, refreshesTarget, withNextSequence, type DialogState } from './dialog-state.ts';
import type { InviteUser, Leg, LegEnd, LocalIdentity, Parts, RequestResult } from './invite-user.ts';
import { verdict } from './leg-end.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import { destination } from './next-hop.ts';
import { afterMessage, hasSdp, mayOffer, offersSdp, type Carrier, type OfferAnswer } from './offer-answer.ts';
import { OpenRequests } from './open-requests.ts';
import { mayInvite, type InvitesInProgress } from './reinvite-gate.ts';
import { SentInvite } from './sent-invite.ts';
import { SentRequest } from './sent-request.ts';

type OnResult = (result: RequestResult) => void;

interface Addressed {
  readonly request: Request;
  readonly hop: Hop;
  readonly sequence: number;
}

export abstract class RequestingLeg {
  abstract readonly callId: string;
  readonly localTag: string;
  /** On the clock. */
  readonly startedMs: number;
  protected readonly dependencies: LegDependencies;
  protected user: InviteUser | undefined;
  protected identity: LocalIdentity | undefined;
  protected dialog: DialogState | undefined;
  protected current: Leg['state'] = 'Early';
  /** An INVITE of ours without final response, or whose 2xx is not acknowledged. */
  protected ours: SentInvite | undefined;
  /** An INVITE of the peer without final response. */
  protected theirs: ServerTransaction | undefined;
  protected readonly ackWaits = new AckWaits();
  protected readonly openRequests = new OpenRequests();
  #offerAnswer: OfferAnswer = 'Stable';

  protected constructor(dependencies: LegDependencies, localTag: string) {
    this.dependencies = dependencies;
    this.localTag = localTag;
    this.startedMs = dependencies.clock.nowMs();
  }

  get state(): Leg['state'] {
    return this.current;
  }

  get remoteTag(): string | undefined {
    const tag = this.dialog?.remoteTag;
    return tag === '' ? undefined : tag;
  }

  ack(parts: Parts = {}): void {
    const { ours } = this;
    if (ours?.isAccepted !== true) return;
    this.ours = undefined;
    this.#acknowledge(ours, parts);
  }

  reinvite(parts: Parts, onResult: OnResult): void {
    if (this.current !== 'Confirmed' || !mayInvite(this.invites)) {
      this.#refuseLocally('INVITE', this.current === 'Terminated' ? 481 : 491, onResult);
      return;
    }
    const addressed = this.#address('INVITE', parts, onResult);
    if (addressed === undefined) return;
    this.exchanged('us', 'INVITE', offersSdp(parts));
    const invite = new SentInvite(this.dependencies, addressed.sequence, {
      provisional: () => undefined,
      accepted: (response, invite) => {
        this.#reinviteAccepted(invite, response, onResult);
      },
      refused: (response) => {
        this.#reinviteRefused({ kind: 'response', response }, onResult);
      },
      failed: (failure) => {
        this.#reinviteRefused(failure, onResult);
      },
    });
    this.ours = invite;
    invite.send(addressed.request, addressed.hop);
  }

  cancelReinvite(): void {
    // The INVITE that makes the dialog has its own way: `OutgoingInvite.cancel`.
    if (this.current === 'Confirmed' && this.ours?.isAccepted === false) this.ours.cancel();
  }

  sendRequest(method: string, parts: Parts, onResult: OnResult): void {
    const offers = method === 'UPDATE' && offersSdp(parts);
    if (this.current === 'Terminated' || this.dialog === undefined) {
      this.#refuseLocally(method, 481, onResult);
      return;
    }
    if (offers && !mayOffer(this.offerAnswer)) {
      this.#refuseLocally(method, 491, onResult);
      return;
    }
    const addressed = this.#address(method, parts, onResult);
    if (addressed === undefined) return;
    if (offers) this.exchanged('us', 'UPDATE', true);
    const sent = new SentRequest((result) => {
      if (offers) this.#updateAnswered(result);
      this.#settle(method, result, onResult);
    });
    this.dependencies.transactions.request(addressed.request, addressed.hop, sent);
  }

  /** The dialog with this remote tag, empty for a peer without tags; undefined where we have none. */
  dialogWith(remoteTag: string): DialogState | undefined {
    return this.dialog?.remoteTag === remoteTag ? this.dialog : undefined;
  }

  /** Stores what became of one of our dialogs. */
  keep(dialog: DialogState): void {
    this.dialog = dialog;
  }

  get invites(): InvitesInProgress {
    return {
      ours: this.ours !== undefined,
      theirs: this.theirs?.isOver === false,
      unacknowledged: this.ackWaits.size,
      offerAnswer: this.offerAnswer,
    };
  }

  get offerAnswer(): OfferAnswer {
    // The user answers an UPDATE behind our back.
    if (this.#offerAnswer === 'PeerUpdateOffer' && !this.openRequests.hasOffer) this.#offerAnswer = 'Stable';
    return this.#offerAnswer;
  }

  exchanged(by: 'us' | 'peer', carrier: Carrier, withSdp: boolean): void {
    this.#offerAnswer = afterMessage(this.offerAnswer, by, carrier, withSdp);
  }

  /** Over, without BYE. */
  protected abstract end(): void;

  protected abstract sayBye(parts: Parts): void;

  /** Sends BYE; `over` is called once it is answered, or can not be. */
  protected sendBye(parts: Parts, over: () => void): void {
    const addressed = this.#address('BYE', parts, over);
    if (addressed === undefined) return;
    this.dependencies.transactions.request(addressed.request, addressed.hop, new SentRequest(over));
  }

  protected tellEnd(end: LegEnd): void {
    this.user?.onEnded(end);
  }

  #acknowledge(invite: SentInvite, parts: Parts): void {
    const { dialog, identity } = this;
    if (dialog === undefined || identity === undefined) return;
    this.exchanged('us', 'ACK', offersSdp(parts));
    const to = destination(dialog, identity);
    if (to.kind === 'unreachable') {
      this.dependencies.log.warn('ACK could not be sent', { callId: this.callId, reason: to.reason });
      return;
    }
    const ack = requestInDialog('ACK', dialog, identity, { ...to, sequence: invite.sequence, parts });
    invite.acknowledge(dialog.remoteTag, ack, to.hop);
  }

  /** The next request of the dialog and its way; undefined where there is none: then that was reported. */
  #address(method: string, parts: Parts, onResult: OnResult): Addressed | undefined {
    const { dialog, identity } = this;
    if (dialog === undefined || identity === undefined) {
      throw new SbcError('SBC_INVARIANT', `Cannot send ${method}: there is no dialog`);
    }
    const to = destination(dialog, identity);
    if (to.kind === 'unreachable') {
      this.#later(onResult, { kind: 'transport', reason: to.reason });
      return undefined;
    }
    const next = withNextSequence(dialog);
    this.keep(next);
    const sequence = next.localSequence;
    return { request: requestInDialog(method, next, identity, { ...to, sequence, parts }), hop: to.hop, sequence };
  }

  #reinviteAccepted(invite: SentInvite, response: Response, onResult: OnResult): void {
    this.#refresh('INVITE', response);
    this.exchanged('peer', 'INVITE-2xx', hasSdp(response));
    // RFC 3261 §13.2.2.4 knows no exception: the leg is over, but the peer repeats its 2xx until somebody acknowledges it.
    if (this.current === 'Terminated') this.#acknowledge(invite, {});
    onResult({ kind: 'response', response });
  }

  #reinviteRefused(result: RequestResult, onResult: OnResult): void {
    this.ours = undefined;
    this.exchanged('peer', 'INVITE-refused', false);
    this.#settle('INVITE', result, onResult);
  }

  #updateAnswered(result: RequestResult): void {
    const isAccepted = result.kind === 'response' && result.response.status < 300;
    this.exchanged('peer', isAccepted ? 'UPDATE-2xx' : 'UPDATE-refused', isAccepted && hasSdp(result.response));
  }

  #settle(method: string, result: RequestResult, onResult: OnResult): void {
    if (result.kind === 'response' && result.response.status < 300) this.#refresh(method, result.response);
    const decided = verdict(method, result);
    onResult(result);
    // The user may have ended the leg on hearing of it.
    if (decided.kind === 'goes-on' || this.current !== 'Confirmed') return;
    if (decided.sayBye) this.sayBye({});
    else this.end();
    this.tellEnd(decided.end);
  }

  #refresh(method: string, response: Response): void {
    if (!refreshesTarget(method) || this.current === 'Terminated') return;
    const dialog = this.dialogWith(response.to.tag ?? '');
    if (dialog !== undefined) this.keep(refreshed(dialog, response));
  }

  #refuseLocally(method: string, status: number, onResult: OnResult): void {
    this.#later(onResult, { kind: 'response', response: localResponse(method, status, this) });
  }

  /** Nobody expects to hear of a request that is still being sent. */
  #later(onResult: OnResult, result: RequestResult): void {
    this.dependencies.clock.after(0, () => {
      onResult(result);
    });
  }
}
