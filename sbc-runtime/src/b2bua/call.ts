/** A call: carries out what `call-step.ts` decides, over two legs of the dialog room and one session of the relay. */
import type { Timer } from '../kernel/clock.ts';
import type { InviteFailure, OutgoingInvite, Parts } from '../dialog/invite-user.ts';
import { shapeProvisional } from '../peers/early-media.ts';
import { detached } from '../sip/detached.ts';
import type { Response } from '../sip/message.ts';
import type { CallEnd } from './call-end.ts';
import { CallMedia } from './call-media.ts';
import type { CallDeps, CallSetup } from './call-ports.ts';
import { carryOutReinvite, type ReinviteCall } from './call-reinvites.ts';
import { attemptFailure, CallSide, retryAfterSeconds, SDP_TYPE, type SideUser } from './call-side.ts';
import { newCall, type CallEffect, type CallEvent, type CallState, type LegName } from './call-state.ts';
import { step } from './call-step.ts';
import { sdpBody } from './sdp-body.ts';

/** No response of any kind, not even 100, for this long: the next target is tried (teams-direct-routing I-12). */
const ATTEMPT_TIMEOUT_MS = 4000;

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
  #ringTimer: Timer | undefined;
  #attemptTimer: Timer | undefined;
  #isDispatching = false;
  readonly #waiting: CallEvent[] = [];
  readonly record;

  constructor(deps: CallDeps, setup: CallSetup, user: CallUser) {
    this.id = setup.id;
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

  start(): void {
    this.#offerMedia();
  }

  /** Our own decision to end it, whatever it is doing. */
  end(end: CallEnd): void {
    this.dispatch({ kind: 'end', end });
  }

  onEvent(side: CallSide, event: CallEvent): void {
    if (side === this.#caller || side === this.#callee) this.dispatch(event);
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
    this.dispatch({ kind: 'failed', failure: attemptFailure(failure) });
  }

  #report(side: CallSide, failure: InviteFailure): void {
    const { targets } = this.#deps;
    if (!side.hop) return;
    if (failure.kind === 'response')
      targets.answered(side.hop, failure.response.status, retryAfterSeconds(failure.response));
    else if (failure.kind === 'transport') targets.unreachable(side.hop, failure.reason);
    else if (failure.kind === 'timeout') targets.silent(side.hop);
  }

  /** One event after the other, also where carrying out one of them raises the next. */
  dispatch(event: CallEvent): void {
    this.#waiting.push(event);
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const { next: state, effects } = step(this.#state, next);
        this.#state = state;
        for (const effect of effects) this.#carryOut(effect);
      }
    } catch (error) {
      this.#failInside(error);
    } finally {
      this.#isDispatching = false;
    }
  }

  /** A bug ends this call, and only this call. */
  #failInside(error: unknown): void {
    const { log } = this.#deps;
    log.error('A call was ended by a bug', {
      call: this.id,
      phase: this.#state.phase,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    this.#waiting.length = 0;
    const effects = step(this.#state, {
      kind: 'end',
      end: { result: 'our-error', by: 'sbc', reason: 'bug', status: 500 },
    });
    this.#state = effects.next;
    for (const effect of effects.effects) {
      try {
        this.#carryOut(effect);
      } catch (cause) {
        log.error('A step of ending a call failed', { call: this.id, effect: effect.kind, error: String(cause) });
      }
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
        return this.#stopTimer(effect.timer);
      case 'delete-media':
        return this.media.delete();
      case 'over':
        return this.#over(effect.end);
      case 'offer-reinvite':
      case 'send-reinvite':
      case 'ack-reinvite':
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
    this.#deps.metrics.callRang(this.record.direction, this.#deps.clock.nowMs() - this.record.startedAtMs);
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
    this.record.answeredAtMs = this.#deps.clock.nowMs();
    // Who called and what else could have been tried is settled; a long call need not carry it.
    this.#setup = undefined;
  }

  #reject(effect: Extract<CallEffect, { kind: 'reject' }>): void {
    const headers: [string, string][] = reasonHeaders(effect.reasons ?? []);
    if (effect.retryAfterSeconds !== undefined) headers.push(['Retry-After', String(effect.retryAfterSeconds)]);
    this.#setup?.invite.reject(effect.status, {
      headers,
      ...(effect.phrase === undefined ? {} : { reason: effect.phrase }),
    });
  }

  #startTimer(timer: 'ring' | 'attempt'): void {
    if (timer === 'ring') {
      // The caller's patience covers all targets together.
      this.#ringTimer ??= this.#deps.clock.after(this.#setup?.ringTimeoutMs ?? 0, () =>
        this.dispatch({ kind: 'ring-timeout' }),
      );
      return;
    }
    this.#attemptTimer = this.#deps.clock.after(ATTEMPT_TIMEOUT_MS, () => this.#onAttemptTimeout());
  }

  #onAttemptTimeout(): void {
    if (this.#callee?.hop) this.#deps.targets.silent(this.#callee.hop);
    this.dispatch({ kind: 'attempt-timeout' });
  }

  #stopTimer(timer: 'ring' | 'attempt'): void {
    const running = timer === 'ring' ? this.#ringTimer : this.#attemptTimer;
    if (running) this.#deps.clock.cancel(running);
    if (timer === 'ring') this.#ringTimer = undefined;
    else this.#attemptTimer = undefined;
  }

  #over(end: CallEnd): void {
    this.record.end = end;
    this.record.endedAtMs = this.#deps.clock.nowMs();
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
