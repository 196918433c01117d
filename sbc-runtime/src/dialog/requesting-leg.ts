/** The requesting half of a leg: what we send inside the dialog, and what its answers mean (RFC 3261 §12.2.1, §14.1). */
import { SbcError } from '../kernel/error.ts';
import { heard, isFrom, type Heard, type Hop } from '../sip/hop.ts';
import type { Response } from '../sip/message.ts';
import type { HeaderPair, ServerTransaction } from '../transaction/transaction-user.ts';
import { AckWaits } from './ack-waits.ts';
import { localResponse, requestInDialog, withCredentials, withHeaders, type Addressed } from './dialog-message.ts';
import { refreshed, withNextSequence, type DialogState } from './dialog-state.ts';
import type { InviteUser, Leg, LegEnd, LocalIdentity, Parts, RequestResult } from './invite-user.ts';
import { LegCredentials, sameWay, type Refused } from './leg-credentials.ts';
import { verdict } from './leg-end.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import { LegSession, type SessionOwner } from './leg-session.ts';
import type { LegSnapshot } from './leg-snapshot.ts';
import { destination } from './next-hop.ts';
import { afterMessage, hasSdp, offersSdp, type Carrier, type OfferAnswer } from './offer-answer.ts';
import { OpenRequests } from './open-requests.ts';
import { mayInvite, type InvitesInProgress } from './reinvite-gate.ts';
import { SentInvite } from './sent-invite.ts';
import { SentRequest } from './sent-request.ts';

const none: readonly HeaderPair[] = [];

type OnResult = (result: RequestResult) => void;

/** Of T1: a BYE that finds no connection is tried again with doubling pauses up to this one, all together as long as a transaction lasts. */
const LAST_BYE_AFTER_T1 = 32;

export abstract class RequestingLeg implements SessionOwner {
  abstract readonly callId: string;
  abstract readonly ownsCallId: boolean;
  readonly localTag: string;
  /** On the clock. */
  readonly startedMs: number;
  protected readonly dependencies: LegDependencies;
  protected user: InviteUser | undefined;
  protected identity: LocalIdentity | undefined;
  protected dialog: DialogState | undefined;
  /** Where the peer was heard from last in this dialog. */
  protected heardFrom: Heard | undefined;
  protected current: Leg['state'] = 'Early';
  /** An INVITE of ours without final response, or whose 2xx is not acknowledged. */
  protected ours: SentInvite | undefined;
  /** An INVITE of the peer without final response. */
  protected theirs: ServerTransaction | undefined;
  protected readonly ackWaits = new AckWaits();
  protected readonly openRequests = new OpenRequests();
  protected readonly session: LegSession;
  #offerAnswer: OfferAnswer = 'Stable';
  /** From the first challenge on. */
  #credentials: LegCredentials | undefined;

  protected constructor(dependencies: LegDependencies, localTag: string) {
    this.dependencies = dependencies;
    this.localTag = localTag;
    this.startedMs = dependencies.clock.nowMs();
    this.session = new LegSession(dependencies, this);
  }

  get state(): Leg['state'] {
    return this.current;
  }

  get remoteTag(): string | undefined {
    const tag = this.dialog?.remoteTag;
    return tag === '' ? undefined : tag;
  }

  snapshot(): LegSnapshot | undefined {
    const { dialog, heardFrom, ownsCallId } = this;
    if (this.current !== 'Confirmed' || dialog === undefined || this.ackWaits.hasInitial) return undefined;
    return { ownsCallId, dialog, heardFrom, session: this.session.snapshot() };
  }

  ack(parts: Parts = {}): void {
    const { ours } = this;
    if (ours?.isAccepted !== true) return;
    this.ours = undefined;
    this.#acknowledge(ours, parts);
  }

  reinvite(parts: Parts, onResult: OnResult): void {
    if (this.current !== 'Confirmed' || !mayInvite(this.invites)) {
      const response = localResponse('INVITE', this.current === 'Terminated' ? 481 : 491, this);
      this.#later(onResult, { kind: 'response', response });
      return;
    }
    const addressed = this.#address('INVITE', withHeaders(parts, this.session.asks), (result) => {
      this.session.refused(result);
      onResult(result);
    });
    if (addressed === undefined) return;
    this.exchanged('us', 'INVITE', offersSdp(parts));
    const invite = new SentInvite(this.dependencies, {
      again: (refused) => this.again(refused),
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
    invite.send(addressed);
  }

  /** RFC 4028 §7.4: a re-INVITE that changes nothing. Teams: it knows no UPDATE, so nobody gets one. */
  refreshSession(): void {
    const parts = this.user?.onRefreshDue?.();
    if (parts === undefined || !mayInvite(this.invites)) {
      this.session.busy();
      return;
    }
    this.reinvite(parts, (result) => {
      if (result.kind !== 'response' || result.response.status >= 300) return;
      this.ack();
      this.user?.onRefreshed?.(result.response);
    });
  }

  abstract sessionExpired(): void;

  cancelReinvite(): void {
    // The INVITE that makes the dialog has its own way: `OutgoingInvite.cancel`.
    if (this.current === 'Confirmed' && this.ours?.isAccepted === false) this.ours.cancel();
  }

  /** The dialog with this remote tag, empty for a peer without tags; undefined where we have none. */
  dialogWith(remoteTag: string): DialogState | undefined {
    return this.dialog?.remoteTag === remoteTag ? this.dialog : undefined;
  }

  /** The peer has spoken, from there. */
  hears(source: Heard | undefined): void {
    if (source !== undefined && !isFrom(source, this.heardFrom)) this.heardFrom = heard(source);
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
  protected sendBye(parts: Parts, over: () => void, againAfterMs = this.dependencies.timers.T1): void {
    const addressed = this.#address('BYE', parts, over);
    if (addressed === undefined) return;
    const { clock, timers } = this.dependencies;
    this.#send(addressed, (result) => {
      // Without BYE its user would stay in a dead call; without a reason nobody does.
      if (result.kind === 'too-large' && parts.headers !== undefined) this.sendBye({}, over);
      // Teams: a node that restarts refuses connections for a moment.
      else if (result.kind === 'transport' && againAfterMs <= LAST_BYE_AFTER_T1 * timers.T1)
        clock.after(againAfterMs, () => this.sendBye(parts, over, 2 * againAfterMs));
      else {
        if (result.kind === 'too-large')
          this.dependencies.log.warn('BYE is too large to be sent', { callId: this.callId });
        over();
      }
    });
  }

  /** RFC 3261 §22.2: a request that was answered 401 or 407 once more; undefined where the refusal stands. */
  protected again(refused: Refused): Addressed | undefined {
    const { request } = refused.transaction;
    if (this.current === 'Terminated' && request.method !== 'BYE') return undefined;
    return this.withAnswer(refused, () => {
      const { dialog } = this;
      if (dialog === undefined) return request.cseq.number + 1;
      const next = withNextSequence(dialog);
      this.keep(next);
      return next.localSequence;
    });
  }

  protected withAnswer(refused: Refused, nextSequence: () => number): Addressed | undefined {
    const { identity } = this;
    if (identity === undefined) return undefined;
    this.#credentials ??= new LegCredentials(this.dependencies, identity.trunk);
    if (!this.#credentials.learn(refused)) return undefined;
    const { request } = refused.transaction;
    const sequence = nextSequence();
    const credentials = this.#credentials.answer(refused, sequence);
    return { request: withCredentials(request, sequence, credentials), hop: sameWay(refused), sequence, credentials };
  }

  /** What a new request carries unasked. */
  protected unasked(method: string, uri: string, sequence: number, hop: Hop): readonly HeaderPair[] {
    return this.#credentials?.unasked({ method, uri, sequence }, hop) ?? none;
  }

  protected tellEnd(end: LegEnd): void {
    this.user?.onEnded(end);
  }

  #acknowledge(invite: SentInvite, parts: Parts): void {
    const { dialog, identity } = this;
    if (dialog === undefined || identity === undefined) return;
    this.exchanged('us', 'ACK', offersSdp(parts));
    const to = destination(dialog, identity, this.heardFrom);
    if (to.kind === 'unreachable') {
      this.dependencies.log.warn('ACK could not be sent', { callId: this.callId, reason: to.reason });
      return;
    }
    const { sequence, credentials } = invite;
    const ack = requestInDialog('ACK', dialog, identity, { ...to, sequence, parts: withHeaders(parts, credentials) });
    invite.acknowledge(dialog.remoteTag, ack, to.hop);
  }

  /** The next request of the dialog and its way; undefined where there is none: then that was reported. */
  #address(method: string, parts: Parts, onResult: OnResult): Addressed | undefined {
    const { dialog, identity } = this;
    if (dialog === undefined || identity === undefined) {
      throw new SbcError('SBC_INVARIANT', `Cannot send ${method}: there is no dialog`);
    }
    const to = destination(dialog, identity, this.heardFrom);
    if (to.kind === 'unreachable') {
      this.#later(onResult, { kind: 'transport', reason: to.reason });
      return undefined;
    }
    const sequence = dialog.localSequence + 1;
    this.keep(withNextSequence(dialog));
    const credentials = this.unasked(method, to.requestUri, sequence, to.hop);
    const params = { ...to, sequence, parts: withHeaders(parts, credentials) };
    return { request: requestInDialog(method, dialog, identity, params), hop: to.hop, sequence, credentials };
  }

  #send(addressed: Addressed, onResult: OnResult): void {
    new SentRequest(this.dependencies.transactions, { again: (refused) => this.again(refused), onResult }).send(
      addressed,
    );
  }

  #reinviteAccepted(invite: SentInvite, response: Response, onResult: OnResult): void {
    this.#refreshTarget(response);
    this.hears(invite.heardFrom);
    this.exchanged('peer', 'INVITE-2xx', hasSdp(response));
    if (this.current === 'Confirmed') this.session.accepted(response);
    // RFC 3261 §13.2.2.4 knows no exception: the leg is over, but the peer repeats its 2xx until somebody acknowledges it.
    if (this.current === 'Terminated') this.#acknowledge(invite, {});
    onResult({ kind: 'response', response });
  }

  #reinviteRefused(result: RequestResult, onResult: OnResult): void {
    this.ours = undefined;
    this.exchanged('peer', 'INVITE-refused', false);
    this.session.refused(result);
    const decided = verdict(result);
    onResult(result);
    // The user may have ended the leg on hearing of it.
    if (decided.kind === 'goes-on' || this.current !== 'Confirmed') return;
    if (decided.sayBye) this.sayBye({});
    else this.end();
    this.tellEnd(decided.end);
  }

  /** RFC 3261 §12.2.1.2: the Contact of the 2xx is where the peer is from now on. */
  #refreshTarget(response: Response): void {
    if (this.current === 'Terminated') return;
    const dialog = this.dialogWith(response.to.tag ?? '');
    if (dialog !== undefined) this.keep(refreshed(dialog, response));
  }

  /** Nobody expects to hear of a request that is still being sent. */
  #later(onResult: OnResult, result: RequestResult): void {
    this.dependencies.clock.after(0, () => {
      onResult(result);
    });
  }
}
