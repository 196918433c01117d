/** A call: carries out what `call-step.ts` decides, over two legs of the dialog room and one session of the relay. */
import type { InviteFailure, OutgoingInvite, Parts } from '../dialog/invite-user.ts';
import { shapeProvisional } from '../peers/early-media.ts';
import { detached } from '../sip/detached.ts';
import type { Response } from '../sip/message.ts';
import type { CallEnd } from './call-end.ts';
import { CallMedia } from './call-media.ts';
import type { CallDeps, CallSetup } from './call-ports.ts';
import { carryOutReinvite, takeNewAnswer, type ReinviteCall } from './call-reinvites.ts';
import { attemptFailure, CallSide, legFacts, withSdp, type SideUser } from './call-side.ts';
import type { CallSnapshot } from './call-snapshot.ts';
import {
  connectedCall,
  newCall,
  type CallEffect,
  type CallEvent,
  type CallState,
  type CallTimer,
  type LegName,
} from './call-state.ts';
import { step } from './call-step.ts';
import { CallTimers, durationMs } from './call-timers.ts';
import { FirstWord } from './first-word.ts';
import { reasonHeaders } from './reason-headers.ts';
import { sdpBody } from './sdp-body.ts';
import type { TakenOverCall } from './take-over.ts';
import { reportFailure } from './target-report.ts';

export interface CallUser {
  onOver(call: Call): void;
}

export class Call implements SideUser, ReinviteCall {
  readonly id: string;
  readonly #deps: CallDeps;
  readonly #user: CallUser;
  readonly #caller: CallSide;
  readonly media: CallMedia;
  #setup: CallSetup | undefined;
  #callee: CallSide | undefined;
  #calleeInvite: OutgoingInvite | undefined;
  #state: CallState;
  readonly #timers: CallTimers;
  readonly #firstWord: FirstWord;
  #answeredMs: number | undefined;
  #isDispatching = false;
  readonly #waiting: CallEvent[] = [];
  readonly record;

  constructor(deps: CallDeps, from: CallSetup | TakenOverCall, user: CallUser) {
    const isNew = 'invite' in from;
    this.id = from.record.id;
    this.#firstWord = new FirstWord(deps.clock, isNew ? from.callerPeer.firstWordWithinMs : undefined, () =>
      this.#decided({ kind: 'ring', status: 183, sdp: undefined }),
    );
    this.#timers = new CallTimers(deps.clock, (timer) => this.#onTimer(timer));
    this.record = from.record;
    this.#deps = deps;
    this.#user = user;
    this.#state = isNew ? newCall(from.attempts.length, from.isDelayed, from.failover) : connectedCall();
    const session = isNew ? undefined : from.snapshot.media.session;
    this.media = new CallMedia(deps.relay, this.id, (event) => this.dispatch(event), session);
    this.#caller = new CallSide('caller', from.callerPeer, this);
    if (isNew) this.#setUp(from);
    else this.#resume(from);
  }

  #setUp(setup: CallSetup): void {
    this.#setup = setup;
    this.#caller.leg = setup.invite;
    this.#caller.remoteSdp = detached(setup.offer);
    this.#caller.inviteSequence = setup.invite.request.cseq.number;
    setup.invite.deliverTo(this.#caller);
  }

  /** Both legs are there, and nothing is in progress. */
  #resume({ snapshot, record, calleePeer, passedMs }: TakenOverCall): void {
    const { clock, dialogs } = this.#deps;
    const callee = new CallSide('callee', calleePeer, this);
    this.#callee = callee;
    this.#caller.resume(snapshot.caller, dialogs, passedMs);
    callee.resume(snapshot.callee, dialogs, passedMs);
    const nowMs = clock.wallMs();
    this.#answeredMs = clock.nowMs() - (nowMs - (record.answeredAtMs ?? nowMs));
    this.onChanged();
  }

  snapshot(): CallSnapshot | undefined {
    const caller = this.#caller.snapshot();
    const callee = this.#callee?.snapshot();
    if (this.phase !== 'Connected' || caller === undefined || callee === undefined) return undefined;
    return { record: this.record, media: this.media.snapshot(), caller, callee, atMs: this.#deps.clock.wallMs() };
  }

  onChanged(): void {
    if (this.phase === 'Connected') this.#deps.journal.changed(this);
  }

  get phase(): CallState['phase'] {
    return this.#state.phase;
  }

  get sessionId(): string {
    // 52 of the token's bits: numbers in SDP fit 64.
    return String(Number.parseInt(this.id.slice(-13), 16));
  }

  /** Milliseconds from the answer until now; undefined where it was not answered. */
  get talkedMs(): number | undefined {
    return this.#answeredMs === undefined ? undefined : this.#deps.clock.nowMs() - this.#answeredMs;
  }

  start(): void {
    this.#decided({ kind: 'offer-media' });
  }

  /** Our own decision to end it, whatever it is doing. */
  end(end: CallEnd): void {
    this.dispatch({ kind: 'end', end });
  }

  onEvent(side: CallSide, event: CallEvent): void {
    if (side !== this.#caller && side !== this.#callee) return;
    if (event.kind === 'bye' && event.reasons.length > 0)
      this.#deps.log.info('A leg was hung up with a reason', legFacts(this.id, side, event.reasons));
    this.dispatch(event);
  }

  get isSettled(): boolean {
    return this.#state.phase === 'Connected' && this.#state.exchange === undefined;
  }

  onNewAnswer(side: CallSide, sdp: string): void {
    takeNewAnswer(this, side, sdp);
  }

  onResponse(side: CallSide, response: Response): void {
    if (side !== this.#callee) return;
    if (side.hop) this.#deps.targets.answered(side.hop, response.status, undefined);
    const tag = response.to.tag;
    const sdp = sdpBody(response);
    if (response.status >= 200) {
      this.dispatch({ kind: 'answered', sdp, ...(tag === undefined ? {} : { tag }) });
      return;
    }
    // Early media that is still at the relay has been chosen as well.
    const hasRung = this.#state.rang || this.#state.early.length > 0;
    const shaped = shapeProvisional(side.peer.earlyMedia, hasRung, { status: response.status, sdp });
    if (sdp !== undefined) this.dispatch({ kind: 'early-sdp', tag: tag ?? '', sdp });
    if (!shaped) {
      this.dispatch({ kind: 'trying' });
      return;
    }
    this.dispatch({ kind: 'provisional', status: shaped.status, sdp: shaped.sdp, tag: tag ?? '' });
  }

  onFailure(side: CallSide, failure: InviteFailure): void {
    if (side !== this.#callee) return;
    if (side.hop) reportFailure(this.#deps.targets, side.hop, failure);
    if (failure.kind === 'response') {
      const { status, headers } = failure.response;
      this.#deps.log.info('A leg was refused', legFacts(this.id, side, headers.getAll('Reason'), status));
    }
    this.dispatch({ kind: 'failed', failure: attemptFailure(failure) });
  }

  dispatch(event: CallEvent): void {
    this.#waiting.push(event);
    this.#flush();
  }

  /** One event after the other, also where carrying out one of them raises the next. */
  #flush(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const { next, effects } = step(this.#state, event);
      this.#state = next;
      for (const effect of effects) this.#guarded(effect);
    }
    this.#isDispatching = false;
    this.onChanged();
  }

  /** Carries out what no event has asked for. */
  #decided(effect: CallEffect): void {
    this.#guarded(effect);
    this.#flush();
  }

  /** A bug ends this call, and only this call; what else a step has decided is still carried out, the last steps above all. */
  #guarded(effect: CallEffect): void {
    try {
      this.#carryOut(effect);
    } catch (error) {
      const { log } = this.#deps;
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error('A step of a call failed', {
        call: this.id,
        phase: this.#state.phase,
        step: effect.kind,
        error: cause,
      });
      this.#waiting.push({ kind: 'end', end: { result: 'our-error', by: 'sbc', reason: 'bug', status: 500 } });
    }
  }

  #carryOut(effect: CallEffect): void {
    switch (effect.kind) {
      case 'offer-media':
        return this.#offerMedia();
      case 'invite':
        return this.#invite(effect.attempt, effect.sdp);
      case 'ring':
        return this.#ring(effect.status, effect.sdp);
      case 'answer-media':
        return this.#answerMedia(effect.sdp, effect.early);
      case 'ack-callee':
        return this.#calleeInvite?.ack();
      case 'accept':
        return this.#accept(effect.sdp);
      case 'reject':
        return this.#reject(effect);
      case 'cancel-callee':
        return this.#calleeInvite?.cancel({ headers: reasonHeaders(effect.reasons) });
      case 'bye':
        return this.side(effect.leg)?.leg?.bye({ headers: reasonHeaders(effect.reasons) });
      case 'start-timer':
        return this.#startTimer(effect.timer);
      case 'stop-timer':
        return this.#timers.stop(effect.timer);
      case 'delete-media':
        return this.media.delete();
      case 'over':
        return this.#over(effect.end);
      case 'offer-reinvite':
      case 'send-reinvite':
      case 'ack-reinvite':
      case 'cancel-reinvite':
      case 'undo-reinvite':
      case 'take-late-answer':
      case 'answer-reinvite-media':
      case 'accept-reinvite':
      case 'accept-refresh':
      case 'reject-reinvite':
      case 'compose-offer':
      case 'accept-with-offer':
      case 'await-answer':
      case 'hear-answer':
      case 'compare':
        return carryOutReinvite(this, effect);
    }
  }

  side(leg: LegName): CallSide | undefined {
    return leg === 'caller' ? this.#caller : this.#callee;
  }

  #offerMedia(): void {
    const setup = this.#setup;
    const attempt = setup?.attempts[this.#state.attempt];
    if (!setup || !attempt) return;
    this.media.startAttempt(this.#state.attempt);
    this.media.offerTo(attempt.peer, this.#caller, setup.offer, setup.isDelayed);
  }

  #invite(index: number, sdp: string): void {
    const setup = this.#setup;
    const attempt = setup?.attempts[index];
    if (!setup || !attempt) return;
    const { peer, hop } = attempt;
    const callee = new CallSide('callee', peer, this, hop);
    this.#callee = callee;
    const { requestUri, from, to, headers } = peer.invite(setup.parties, hop);
    const content = callee.describe(sdp);
    callee.localSdp = content;
    const hops: readonly [string, string] = ['Max-Forwards', String(setup.parties.maxForwards)];
    const parts: Parts = { headers: [hops, ...headers], ...withSdp(content) };
    const { identity } = peer;
    this.#calleeInvite = this.#deps.dialogs.invite({ hop, identity, requestUri, from, to, parts }, callee);
    callee.leg = this.#calleeInvite;
    this.record.callIds.push(this.#calleeInvite.callId);
    this.record.toTrunk = peer.trunk;
  }

  #ring(status: number, sdp: string | undefined): void {
    const caller = this.#caller;
    const parts = sdp === undefined ? {} : withSdp(caller.describe(sdp, caller.remoteSdp));
    this.#setup?.invite.provisional(caller.peer.identity, status, parts);
    this.#tellCaller();
  }

  #answerMedia(sdp: string, early: number | undefined): void {
    const callee = this.#callee;
    if (!callee) return;
    callee.remoteSdp = detached(sdp);
    this.media.answer(callee, this.#caller, sdp, (result) =>
      early === undefined
        ? { kind: 'media-answered', result }
        : { kind: 'early-media-answered', status: early, result },
    );
  }

  #accept(sdp: string): void {
    const content = this.#caller.describe(sdp, this.#caller.remoteSdp);
    this.#caller.localSdp = content;
    this.#setup?.invite.accept(this.#caller.peer.identity, withSdp(content));
    this.#tellCaller();
    this.#answeredMs = this.#deps.clock.nowMs();
    this.record.answeredAtMs = this.#deps.clock.wallMs();
    // Who called and what else could have been tried is settled; a long call need not carry it.
    this.#setup = undefined;
  }

  #tellCaller(): void {
    const afterMs = this.#firstWord.heard();
    if (afterMs !== undefined) this.#deps.metrics.callRang(this.record.direction, afterMs);
  }

  #reject(effect: Extract<CallEffect, { kind: 'reject' }>): void {
    this.#tellCaller();
    const { status, phrase, reasons = [], retryAfterSeconds } = effect;
    const headers: [string, string][] = reasonHeaders(reasons);
    if (retryAfterSeconds !== undefined) headers.push(['Retry-After', String(retryAfterSeconds)]);
    this.#setup?.invite.reject(status, { headers, ...(phrase === undefined ? {} : { reason: phrase }) });
  }

  #startTimer(timer: CallTimer): void {
    // The caller's patience covers all targets together.
    if (timer === 'ring' && this.#timers.isRunning(timer)) return;
    this.#timers.start(timer, durationMs(timer, this.#setup?.ringTimeoutMs ?? 0, this.#state.unsettled));
  }

  #onTimer(timer: CallTimer): void {
    if (timer === 'attempt' && this.#callee?.hop) this.#deps.targets.silent(this.#callee.hop);
    this.dispatch({ kind: `${timer}-timeout` });
  }

  #over(end: CallEnd): void {
    this.record.end = end;
    this.record.endedAtMs = this.#deps.clock.wallMs();
    this.#setup = undefined;
    this.#firstWord.heard();
    this.#caller.release();
    this.#callee?.release();
    this.#user.onOver(this);
  }
}
