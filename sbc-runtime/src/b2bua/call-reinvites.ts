/** Carries out what `reinvite.ts` decides: a re-INVITE of one leg through the relay to the other and back. */
import type { RequestResult } from '../dialog/invite-user.ts';
import { direction } from '../sdp/sdp.ts';
import { detached } from '../sip/detached.ts';
import { carryOutDelayedOffer, type DelayedOfferEffect } from './call-delayed-offer.ts';
import type { CallMedia } from './call-media.ts';
import { withSdp, type CallSide } from './call-side.ts';
import { otherLeg, type CallEffect, type CallEvent, type LegName, type ReinviteOutcome } from './call-state.ts';
import { sdpBody } from './sdp-body.ts';

/** The call, as far as its re-INVITEs need it. */
export interface ReinviteCall {
  readonly media: CallMedia;
  side(leg: LegName): CallSide | undefined;
  dispatch(event: CallEvent): void;
}

/**
 * `answering` has said other media than before: the relay hears of it, the other side need not (RFC 3264 §8). An answer
 * that the relay refuses was never given.
 */
export function takeNewAnswer(call: ReinviteCall, answering: CallSide, sdp: string, done = () => {}): void {
  const offering = call.side(otherLeg(answering.name));
  if (!offering) return;
  call.media.restore(offering, answering, sdp, (result) => {
    if (result.kind === 'sdp') answering.saysAnew(sdp);
    else call.media.restore(offering, answering);
    done();
  });
}

export type ReinviteEffect =
  | Extract<CallEffect, { kind: `${string}reinvite${string}` | 'accept-refresh' | 'take-late-answer' }>
  | DelayedOfferEffect;

export function carryOutReinvite(call: ReinviteCall, effect: ReinviteEffect): void {
  switch (effect.kind) {
    case 'offer-reinvite':
      return offerToRelay(call, effect.from, effect.sdp, effect.exchange);
    case 'send-reinvite':
      return send(call, effect.to, effect.sdp, effect.exchange);
    case 'ack-reinvite':
      return call.side(effect.leg)?.leg?.ack();
    case 'cancel-reinvite':
      return call.side(effect.leg)?.leg?.cancelReinvite();
    case 'answer-reinvite-media':
      return answerToRelay(call, effect);
    case 'take-late-answer':
      return takeLateAnswer(call, effect);
    case 'accept-reinvite':
      return accept(call, effect.leg, effect.sdp);
    case 'accept-refresh':
      return accept(call, effect.leg, undefined);
    case 'undo-reinvite':
      return undo(call, effect.from);
    case 'reject-reinvite':
      return reject(call, effect.leg, effect.status, effect.retryAfterSeconds);
    case 'compose-offer':
    case 'accept-with-offer':
    case 'await-answer':
    case 'hear-answer':
    case 'compare':
      return carryOutDelayedOffer(call, effect);
  }
}

function offerToRelay(call: ReinviteCall, from: LegName, sdp: string, exchange: number): void {
  const offering = call.side(from);
  const answering = call.side(otherLeg(from));
  if (!offering || !answering) return;
  offering.offeredSdp = detached(sdp);
  call.media.offerAgain(offering, answering, sdp, (result) => ({ kind: 'reinvite-offered', exchange, result }));
}

function send(call: ReinviteCall, to: LegName, sdp: string, exchange: number): void {
  const side = call.side(to);
  if (!side?.leg) return;
  const content = side.describe(sdp);
  side.offeredSdp = content;
  side.leg.reinvite(withSdp(content), (result) =>
    call.dispatch({ kind: 'reinvite-outcome', exchange, by: to, outcome: outcomeOf(result, content) }),
  );
}

function outcomeOf(result: RequestResult, offer: string): ReinviteOutcome {
  if (result.kind === 'too-large') return { kind: 'refused', status: 513 };
  if (result.kind !== 'response') return { kind: 'silent' };
  const { response } = result;
  if (response.status >= 300) return { kind: 'refused', status: response.status };
  return { kind: 'answered', sdp: sdpBody(response), offer };
}

/** The other leg has accepted: by our offer it lives from now on. */
function answerToRelay(
  call: ReinviteCall,
  { from, offer, sdp, exchange }: Extract<CallEffect, { kind: 'answer-reinvite-media' }>,
): void {
  const answering = call.side(from);
  const offering = call.side(otherLeg(from));
  if (!answering || !offering) return;
  answering.localSdp = offer;
  call.media.answer(answering, offering, sdp, (result) => {
    if (result.kind === 'sdp') answering.remoteSdp = detached(sdp);
    return { kind: 'reinvite-answered', exchange, result };
  });
}

/** Late, but accepted all the same: the next offer is made against it. */
function takeLateAnswer(
  call: ReinviteCall,
  { leg, offer, sdp, exchange }: Extract<CallEffect, { kind: 'take-late-answer' }>,
): void {
  const answering = call.side(leg);
  if (!answering) return;
  answering.localSdp = offer;
  if (exchange === undefined) return;
  const taken = () => call.dispatch({ kind: 'late-answer-taken', exchange });
  if (sdp === undefined) taken();
  else takeNewAnswer(call, answering, sdp, taken);
}

function undo(call: ReinviteCall, from: LegName): void {
  const offering = call.side(from);
  const answering = call.side(otherLeg(from));
  if (!offering || !answering) return;
  offering.offeredSdp = '';
  answering.offeredSdp = '';
  call.media.restore(offering, answering);
}

function accept(call: ReinviteCall, leg: LegName, sdp: string | undefined): void {
  const side = call.side(leg);
  if (!side) return;
  if (sdp !== undefined) {
    side.remoteSdp = side.offeredSdp;
    side.holds = direction(side.peer.sdpFrom(side.remoteSdp)) !== 'sendrecv';
    side.localSdp = side.describe(sdp, side.remoteSdp);
  } else {
    // What we offered and it has answered may be what it offers now, and under another crypto tag.
    side.localSdp = side.describe(side.localSdp, side.remoteSdp);
  }
  side.reinvite?.accept(withSdp(side.localSdp));
  side.reinvite = undefined;
}

function reject(call: ReinviteCall, leg: LegName, status: number, retryAfterSeconds: number | undefined): void {
  const side = call.side(leg);
  if (!side) return;
  const headers: [string, string][] =
    retryAfterSeconds === undefined ? [] : [['Retry-After', String(retryAfterSeconds)]];
  side.reinvite?.reject(status, { headers });
  side.reinvite = undefined;
}
