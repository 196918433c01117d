/** Carries out what `reinvite.ts` decides: a re-INVITE of one leg through the relay to the other and back. */
import type { RequestResult } from '../dialog/invite-user.ts';
import { detached } from '../sip/detached.ts';
import type { CallMedia } from './call-media.ts';
import { SDP_TYPE, type CallSide } from './call-side.ts';
import { otherLeg, type CallEffect, type CallEvent, type LegName, type ReinviteOutcome } from './call-state.ts';
import { sdpBody } from './sdp-body.ts';

/** The call, as far as its re-INVITEs need it. */
export interface ReinviteCall {
  readonly media: CallMedia;
  side(leg: LegName): CallSide | undefined;
  dispatch(event: CallEvent): void;
}

export type ReinviteEffect = Extract<CallEffect, { kind: `${string}reinvite${string}` | 'accept-refresh' }>;

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
      return answerToRelay(call, effect.from, effect.sdp, effect.exchange);
    case 'accept-reinvite':
      return accept(call, effect.leg, effect.sdp);
    case 'accept-refresh':
      return accept(call, effect.leg, undefined);
    case 'undo-reinvite':
      return undo(call, effect.from);
    case 'reject-reinvite':
      return reject(call, effect.leg, effect.status, effect.retryAfterSeconds);
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
  const content = side.peer.sdpTowards(sdp);
  side.offeredSdp = detached(content);
  side.leg.reinvite({ body: { type: SDP_TYPE, content } }, (result) =>
    call.dispatch({ kind: 'reinvite-outcome', exchange, by: to, outcome: outcomeOf(result) }),
  );
}

function outcomeOf(result: RequestResult): ReinviteOutcome {
  if (result.kind !== 'response') return { kind: 'silent' };
  const { response } = result;
  if (response.status >= 300) return { kind: 'refused', status: response.status };
  return { kind: 'answered', sdp: sdpBody(response) };
}

/** The other leg has accepted: for it, this is what holds from now on. */
function answerToRelay(call: ReinviteCall, from: LegName, sdp: string, exchange: number): void {
  const answering = call.side(from);
  const offering = call.side(otherLeg(from));
  if (!answering || !offering) return;
  answering.localSdp = answering.offeredSdp;
  answering.remoteSdp = detached(sdp);
  call.media.answer(answering, offering, sdp, (result) => ({ kind: 'reinvite-answered', exchange, result }));
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
    side.localSdp = detached(side.peer.sdpTowards(sdp));
  }
  side.reinvite?.accept({ body: { type: SDP_TYPE, content: side.localSdp } });
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
