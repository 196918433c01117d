/** One leg of a call as the dialog room's user: turns what happens on it into the call's events and remembers the SDP on both sides. */
import type { DialogLayer } from '../dialog/dialog-layer.ts';
import type {
  IncomingReinvite,
  InviteFailure,
  InviteUser,
  Leg,
  LegEnd,
  Parts,
  ServerTransaction,
} from '../dialog/invite-user.ts';
import type { Facts } from '../kernel/log.ts';
import type { Peer } from '../peers/peer.ts';
import { sendablePhrase, sendableReasons } from '../peers/sendable.ts';
import type { Hop } from '../sip/hop.ts';
import { fittingAnswer } from '../sdp/fitting-answer.ts';
import { sameButOrigin, withOrigin } from '../sdp/origin.ts';
import { direction, sameMedia } from '../sdp/sdp.ts';
import { detached } from '../sip/detached.ts';
import type { Request, Response } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type { SideSnapshot } from './call-snapshot.ts';
import type { AttemptFailure, CallEvent, LegName } from './call-state.ts';
import { isUsableAnswer } from './disagreement.ts';
import { answerInDialog, answerToUpdateWithoutSdp } from './in-dialog-requests.ts';
import { readableReason } from './peer-words.ts';
import { sdpBody } from './sdp-body.ts';

export interface SideUser {
  /** Digits: what tells this call's descriptions from others (RFC 8866 §5.2). */
  readonly sessionId: string;
  /** `side` tells a stale attempt from the current one. */
  onEvent(side: CallSide, event: CallEvent): void;
  onResponse(side: CallSide, response: Response): void;
  onFailure(side: CallSide, failure: InviteFailure): void;
  /** Connected, and no offer is on its way through the call. */
  readonly isSettled: boolean;
  /** The peer has answered a refresh of ours with other media than before. */
  onNewAnswer(side: CallSide, sdp: string): void;
  /** Its dialog or its session timer is not what it was, and the call need not do anything about it. */
  onChanged(): void;
}

const SDP_TYPE = 'application/sdp';

export const withSdp = (content: string): Parts => ({ body: { type: SDP_TYPE, content } });

export class CallSide implements InviteUser {
  readonly name: LegName;
  readonly peer: Peer;
  /** Where the callee's INVITE went. */
  readonly hop: Hop | undefined;
  /** Set right after construction by whoever made the leg. */
  leg: Leg | undefined;
  /** What we said last and what the peer said last: a refresh repeats the one and is recognised by the other. */
  localSdp = '';
  remoteSdp = '';
  reinvite: IncomingReinvite | undefined;
  /** Said in a re-INVITE that is not accepted yet (RFC 3261 §14.1): by the peer, or by us. */
  offeredSdp = '';
  /** Its own offers say hold: it needs no telling. */
  holds = false;
  /** CSeq number of its newest INVITE, and of the one whose ACK must hold the answer to our offer. */
  inviteSequence = 0;
  #awaitedAck: number | undefined;
  /** What our descriptions to this peer say of themselves in their o= lines (RFC 3264 §8: the version grows with every change). */
  readonly #sessionId: string;
  #described = '';
  #version = 0;
  /** Undefined once the call is over: transactions outlive it by 32 s and must not hold all of it. */
  #user: SideUser | undefined;

  constructor(name: LegName, peer: Peer, user: SideUser, hop?: Hop) {
    this.name = name;
    this.peer = peer;
    this.#user = user;
    this.#sessionId = user.sessionId;
    this.hop = hop;
  }

  /** Undefined until the dialog is confirmed and acknowledged. */
  snapshot(): SideSnapshot | undefined {
    const leg = this.leg?.snapshot();
    if (leg === undefined) return undefined;
    const { listener, trunk, sentBy, protocol } = this.peer.identity;
    const { localSdp, remoteSdp, holds } = this;
    const described = this.#described === localSdp ? undefined : this.#described;
    return {
      us: { listener, trunk, sentBy, protocol },
      ...{ leg, localSdp, remoteSdp, described, holds },
      version: this.#version,
    };
  }

  /** Goes on where an earlier process has left off. */
  resume(from: SideSnapshot, dialogs: DialogLayer, passedMs: number): void {
    this.localSdp = from.localSdp;
    this.remoteSdp = from.remoteSdp;
    this.holds = from.holds;
    this.#described = from.described ?? from.localSdp;
    this.#version = from.version;
    this.leg = dialogs.restore(from.leg, this.peer.identity, this, passedMs);
  }

  release(): void {
    this.#user = undefined;
    this.leg = undefined;
    this.reinvite = undefined;
    this.localSdp = '';
    this.remoteSdp = '';
    this.offeredSdp = '';
    this.#described = '';
    this.#awaitedAck = undefined;
  }

  /** The relay's words as this peer gets them: a copy of its own. `offer`: what they answer, in this peer's words. */
  describe(sdp: string, offer = ''): string {
    const towards = fittingAnswer(offer, this.peer.sdpTowards(sdp, offer === '' ? 'offer' : 'answer'));
    if (!sameButOrigin(towards, this.#described)) this.#version += 1;
    this.#described = detached(withOrigin(towards, this.#sessionId, this.#version));
    return this.#described;
  }

  /** Our 2xx held an offer. */
  awaitAnswer(): void {
    this.#awaitedAck = this.inviteSequence;
    if (this.offeredSdp === '') this.offeredSdp = this.localSdp;
  }

  /** Another answer to what we said last; it holds where it makes less of that than it was offered. */
  saysAnew(answer: string): void {
    this.remoteSdp = detached(answer);
    if (direction(this.localSdp) === 'sendrecv') this.holds = direction(this.peer.sdpFrom(answer)) !== 'sendrecv';
  }

  /** It has answered our offer: this is what holds from now on. */
  agreed(answer: string): void {
    this.localSdp = this.offeredSdp;
    this.offeredSdp = '';
    this.remoteSdp = detached(answer);
    this.holds = direction(this.peer.sdpFrom(answer)) !== 'sendrecv';
  }

  onTrying(): void {
    this.#user?.onEvent(this, { kind: 'trying' });
  }

  onSentAgain(): void {
    this.#user?.onEvent(this, { kind: 'sent-again' });
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
    this.#user?.onEvent(this, { kind: 'cancelled', reasons: sendableReasons(cancel.headers.getAll('Reason')) });
  }

  onReinvite(reinvite: IncomingReinvite): void {
    const sdp = sdpBody(reinvite.request);
    this.inviteSequence = reinvite.request.cseq.number;
    if (sdp === undefined) {
      this.reinvite = reinvite;
      this.#user?.onEvent(this, { kind: 'reinvite-without-offer', from: this.name });
      return;
    }
    this.#offered(reinvite, sdp);
  }

  /** RFC 3311: to the other side it is a re-INVITE, where it changes anything at all. */
  onUpdate(update: IncomingReinvite): void {
    const sdp = sdpBody(update.request);
    if (sdp !== undefined) {
      this.#offered(update, sdp);
      return;
    }
    const { status, headers } = answerToUpdateWithoutSdp(update.request);
    if (status === 200) update.accept({});
    else update.reject(status, { headers });
    this.#user?.onChanged();
  }

  #offered(request: IncomingReinvite, sdp: string): void {
    this.reinvite = request;
    const unchanged = this.#saysAgain(sdp);
    this.#user?.onEvent(this, { kind: 'reinvite', from: this.name, sdp, unchanged });
  }

  onRefreshDue(): Parts | undefined {
    if (this.localSdp === '' || this.#user?.isSettled !== true) return undefined;
    return withSdp(this.localSdp);
  }

  onRefreshed(response: Response): void {
    const sdp = sdpBody(response);
    if (sdp !== undefined && !this.#saysAgain(sdp)) this.#user?.onNewAnswer(this, sdp);
    this.#user?.onChanged();
  }

  /** Interop: carriers count o= up with every refresh, also where nothing else has changed. */
  #saysAgain(sdp: string): boolean {
    const last = this.remoteSdp;
    return last !== '' && (sameMedia(last, sdp) || sameButOrigin(last, sdp));
  }

  onReinviteCancelled(): void {
    this.reinvite = undefined;
    this.#user?.onEvent(this, { kind: 'reinvite-cancelled', from: this.name });
  }

  /** RFC 3261 §13.2.1: where the 2xx held our offer, its ACK holds the answer. Any other ACK says nothing new. */
  onAck(ack: Request): void {
    this.#user?.onChanged();
    if (this.#awaitedAck === undefined || ack.cseq.number !== this.#awaitedAck) return;
    this.#awaitedAck = undefined;
    const answer = sdpBody(ack);
    const isUsable = answer !== undefined && isUsableAnswer(this.offeredSdp, answer);
    this.#user?.onEvent(this, { kind: 'offer-answered', from: this.name, sdp: isUsable ? answer : undefined });
  }

  onRequest(transaction: ServerTransaction): void {
    const { status, headers } = answerInDialog(transaction.request, this.peer.identity);
    transaction.respond(responseTo(transaction.request, status, { headers }));
  }

  onBye(bye: Request): void {
    const reasons = sendableReasons(bye.headers.getAll('Reason'));
    this.#user?.onEvent(this, { kind: 'bye', from: this.name, reasons });
  }

  onEnded(end: LegEnd): void {
    this.#user?.onEvent(this, { kind: 'leg-ended', leg: this.name, why: end.kind });
  }
}

/** What a failed INVITE means to the call: a status with its words, nobody there, or nothing that could be sent there. */
export function attemptFailure(failure: InviteFailure): AttemptFailure {
  if (failure.kind === 'too-large') return { status: 513, phrase: undefined, reasons: [], isOurs: true };
  if (failure.kind !== 'response') return { status: undefined, phrase: undefined, reasons: [] };
  const { status, reason, headers } = failure.response;
  return { status, phrase: sendablePhrase(reason), reasons: sendableReasons(headers.getAll('Reason')) };
}

/** What a peer said about its no, in its own words: the first thing that its support asks for. */
export function legFacts(call: string, side: CallSide, reasons: readonly string[], status?: number): Facts {
  return {
    call,
    leg: side.name,
    callId: side.leg?.callId,
    trunk: side.peer.trunk,
    host: side.hop?.host,
    status,
    reason: reasons[0] === undefined ? undefined : readableReason(reasons[0]),
  };
}
