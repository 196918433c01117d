/** A call: carries out what `call-step.ts` decides, over two legs of the dialog room and one session of the relay. */
import type { InviteFailure, OutgoingInvite, Parts } from '../dialog/invite-user.ts';
import { shapeProvisional } from '../peers/early-media.ts';
import { detached } from '../sip/detached.ts';
import type { Response } from '../sip/message.ts';
import { retryAfterSeconds } from '../sip/retry-after.ts';
import type { CallEnd } from './call-end.ts';
import { CallMedia } from './call-media.ts';
import type { CallDeps, CallSetup } from './call-ports.ts';
import { carryOutReinvite, type ReinviteCall } from './call-reinvites.ts';
import { attemptFailure, CallSide, SDP_TYPE, type SideUser } from './call-side.ts';
import {
  newCall,
  type CallEffect,
  type CallEvent,
  type CallState,
  type CallTimer,
  type LegName,
} from './call-state.ts';
import { step } from './call-step.ts';
import { CallTimers } from './call-timers.ts';
import { sdpBody } from './sdp-body.ts';

/** No response of any kind, not even 100, for this long: the next target is tried (teams-direct-routing I-12). */
const ATTEMPT_TIMEOUT_MS = 4000;
/** 64*T1, as long as any transaction waits: a peer that says 100 and nothing more must not block re-INVITEs for ever. */
const REINVITE_TIMEOUT_MS = 32_000;

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
  readonly #startedMs: number;
  #answeredMs: number | undefined;
  #hasToldCaller = false;
  #isDispatching = false;
  readonly #waiting: CallEvent[] = [];
  readonly record;

  constructor(deps: CallDeps, setup: CallSetup, user: CallUser) {
    this.id = setup.id;
    this.#startedMs = deps.clock.nowMs();
    this.#timers = new CallTimers(deps.clock, (timer) => this.#onTimer(timer));
    this.record = setup.record;
    this.#deps = deps;
    this.#setup = setup;
    this.#user = user;
    this.#state = newCall(setup.attempts.length);
    this.media = new CallMedia(deps.relay, setup.id, (event) => this.dispatch(event));
    this.#caller = new CallSide('caller', setup.callerPeer, this);
    this.#caller.leg = setup.invite;
    this.#caller.remoteSdp = detached(setup.offer);
    setup.invite.deliverTo(this.#caller);
  }

  get phase(): CallState['phase'] {
    return this.#state.phase;
  }

  /** Milliseconds from the answer until now; undefined where it was not answered. */
  get talkedMs(): number | undefined {
    return this.#answeredMs === undefined ? undefined : this.#deps.clock.nowMs() - this.#answeredMs;
  }

  start(): void {
    this.#guarded({ kind: 'offer-media' });
    this.#flush();
  }

  /** Our own decision to end it, whatever it is doing. */
  end(end: CallEnd): void {
    this.dispatch({ kind: 'end', end });
  }

  onEvent(side: CallSide, event: CallEvent): void {
    if (side !== this.#caller && side !== this.#callee) return;
    if (event.kind === 'bye' && event.reasons.length > 0)
      this.#note('A leg was hung up with a reason', side, event.reasons);
    this.dispatch(event);
  }

  onResponse(side: CallSide, response: Response): void {
    if (side !== this.#callee) return;
    if (side.hop) this.#deps.targets.answered(side.hop, response.status, undefined);
    const tag = response.to.tag;
    const sdp = sdpBody(response);
    if (response.status >= 200) {
      if (tag !== undefined) side.relayTag = detached(tag);
      this.dispatch({ kind: 'answered', sdp });
      return;
    }
    const shaped = shapeProvisional(side.peer.earlyMedia, this.#state.rang, { status: response.status, sdp });
    if (!shaped) {
      this.dispatch({ kind: 'trying' });
      return;
    }
    if (shaped.sdp !== undefined && tag !== undefined) side.relayTag = detached(tag);
    this.dispatch({ kind: 'provisional', status: shaped.status, sdp: shaped.sdp });
  }

  onFailure(side: CallSide, failure: InviteFailure): void {
    if (side !== this.#callee) return;
    this.#report(side, failure);
    if (failure.kind === 'response') {
      const { status, headers } = failure.response;
      this.#note('A leg was refused', side, headers.getAll('Reason'), status);
    }
    this.dispatch({ kind: 'failed', failure: attemptFailure(failure) });
  }

  #report(side: CallSide, failure: InviteFailure): void {
    const { targets } = this.#deps;
    if (!side.hop) return;
    if (failure.kind === 'response')
      targets.answered(side.hop, failure.response.status, retryAfterSeconds(failure.response));
    else if (failure.kind === 'transport') targets.unreachable(side.hop, failure.reason);
    else if (failure.kind === 'timeout') targets.silent(side.hop);
    // `cancelled` was our wish, `no-room` our own limit: neither says anything about the target.
  }

  /** What a peer said about its no, in its own words: the first thing that its support asks for. */
  #note(message: string, side: CallSide, reasons: readonly string[], status?: number): void {
    this.#deps.log.info(message, {
      call: this.id,
      leg: side.name,
      callId: side.leg?.callId,
      trunk: side.peer.trunk,
      host: side.hop?.host,
      status,
      reason: reasons[0],
    });
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
      case 'answer-reinvite-media':
      case 'accept-reinvite':
      case 'accept-refresh':
      case 'reject-reinvite':
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
    this.media.offerTo(attempt.peer, this.#caller, setup.offer);
  }

  #invite(index: number, sdp: string): void {
    const setup = this.#setup;
    const attempt = setup?.attempts[index];
    if (!setup || !attempt) return;
    const { peer, hop } = attempt;
    const callee = new CallSide('callee', peer, this, hop);
    this.#callee = callee;
    const { requestUri, from, to, headers } = peer.invite(setup.parties, hop);
    const content = peer.sdpTowards(sdp);
    callee.localSdp = detached(content);
    const parts: Parts = {
      headers: [['Max-Forwards', String(setup.parties.maxForwards)], ...headers],
      body: { type: SDP_TYPE, content },
    };
    this.#calleeInvite = this.#deps.dialogs.invite(
      { hop, identity: peer.identity, requestUri, from, to, parts },
      callee,
    );
    callee.leg = this.#calleeInvite;
    this.record.callIds.push(this.#calleeInvite.callId);
    this.record.toTrunk = peer.trunk;
  }

  #ring(status: number, sdp: string | undefined): void {
    const { identity } = this.#caller.peer;
    this.#setup?.invite.provisional(
      identity,
      status,
      sdp === undefined ? {} : { body: { type: SDP_TYPE, content: this.#caller.peer.sdpTowards(sdp) } },
    );
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
    const content = this.#caller.peer.sdpTowards(sdp);
    this.#caller.localSdp = detached(content);
    this.#setup?.invite.accept(this.#caller.peer.identity, { body: { type: SDP_TYPE, content } });
    this.#tellCaller();
    this.#answeredMs = this.#deps.clock.nowMs();
    this.record.answeredAtMs = this.#deps.clock.wallMs();
    // Who called and what else could have been tried is settled; a long call need not carry it.
    this.#setup = undefined;
  }

  /** The first word beyond 100 that the caller hears (teams-direct-routing J-02). */
  #tellCaller(): void {
    if (this.#hasToldCaller) return;
    this.#hasToldCaller = true;
    this.#deps.metrics.callRang(this.record.direction, this.#deps.clock.nowMs() - this.#startedMs);
  }

  #reject(effect: Extract<CallEffect, { kind: 'reject' }>): void {
    this.#tellCaller();
    const headers: [string, string][] = reasonHeaders(effect.reasons ?? []);
    if (effect.retryAfterSeconds !== undefined) headers.push(['Retry-After', String(effect.retryAfterSeconds)]);
    this.#setup?.invite.reject(effect.status, {
      headers,
      ...(effect.phrase === undefined ? {} : { reason: effect.phrase }),
    });
  }

  #startTimer(timer: CallTimer): void {
    // The caller's patience covers all targets together.
    if (timer === 'ring' && this.#timers.isRunning(timer)) return;
    this.#timers.start(timer, this.#timeOf(timer));
  }

  #timeOf(timer: CallTimer): number {
    switch (timer) {
      case 'ring':
        return this.#setup?.ringTimeoutMs ?? 0;
      case 'attempt':
        return ATTEMPT_TIMEOUT_MS;
      case 'reinvite':
        return REINVITE_TIMEOUT_MS;
    }
  }

  #onTimer(timer: CallTimer): void {
    if (timer === 'attempt' && this.#callee?.hop) this.#deps.targets.silent(this.#callee.hop);
    this.dispatch({ kind: `${timer}-timeout` });
  }

  #over(end: CallEnd): void {
    this.record.end = end;
    this.record.endedAtMs = this.#deps.clock.wallMs();
    this.#setup = undefined;
    this.#caller.release();
    this.#callee?.release();
    this.#user.onOver(this);
  }
}

/** `Reason` crosses a B2BUA: it says why, and both sides may know (RFC 3326). */
function reasonHeaders(reasons: readonly string[]): [string, string][] {
  return reasons.map((reason) => ['Reason', reason]);
}
