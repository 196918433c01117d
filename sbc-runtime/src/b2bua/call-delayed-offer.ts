/** Carries out what `delayed-offer.ts` and `settling.ts` decide: our offer in a 2xx, the answer in its ACK. */
import { voiceCodecs, withFormatsOf, withOneVoiceCodec } from '../sdp/formats.ts';
import { direction, withDirection } from '../sdp/sdp.ts';
import type { CallMedia } from './call-media.ts';
import { withSdp, type CallSide } from './call-side.ts';
import { otherLeg, type CallEffect, type CallEvent, type LegName } from './call-state.ts';
import { disagreement } from './disagreement.ts';

/** The call, as far as its offers need it. */
export interface OfferingCall {
  readonly media: CallMedia;
  side(leg: LegName): CallSide | undefined;
  dispatch(event: CallEvent): void;
}

export type DelayedOfferEffect = Extract<
  CallEffect,
  { kind: 'compose-offer' | 'accept-with-offer' | 'await-answer' | 'hear-answer' | 'compare' }
>;

export function carryOutDelayedOffer(call: OfferingCall, effect: DelayedOfferEffect): void {
  const side = call.side(effect.leg);
  const other = call.side(otherLeg(effect.leg));
  if (!side || !other) return;
  switch (effect.kind) {
    case 'compose-offer':
      return compose(call, side, other, effect.exchange);
    case 'accept-with-offer':
      return accept(side, effect.sdp);
    case 'await-answer':
      return side.awaitAnswer();
    case 'hear-answer':
      return hear(call, side, other, effect);
    case 'compare':
      return compare(call, side, other, effect.exchange);
  }
}

/**
 * RFC 6337 §5.1: all that can be had, and never a hold that is over: what the other side agreed to, what it was offered
 * besides, both ways.
 */
function compose(call: OfferingCall, side: CallSide, other: CallSide, exchange: number): void {
  const agreed = withDirection(other.peer.sdpFrom(other.remoteSdp), 'sendrecv');
  const sdp = withFormatsOf(agreed, other.localSdp);
  call.media.offerBack(other, side, sdp, (result) => ({ kind: 'offer-composed', exchange, result }));
}

function accept(side: CallSide, sdp: string): void {
  const content = side.describe(sdp);
  side.offeredSdp = content;
  side.reinvite?.accept(withSdp(content));
  side.reinvite = undefined;
  side.awaitAnswer();
}

function hear(
  call: OfferingCall,
  side: CallSide,
  other: CallSide,
  { exchange, sdp }: { readonly exchange: number; readonly sdp: string },
): void {
  call.media.answer(side, other, sdp, (result) => {
    // An answer that the relay cannot read was never given: everything stays as it was.
    if (result.kind === 'sdp') side.agreed(sdp);
    return { kind: 'answer-heard', exchange, result };
  });
}

function compare(call: OfferingCall, side: CallSide, other: CallSide, exchange: number): void {
  const answer = side.peer.sdpFrom(side.remoteSdp);
  const over = disagreement({
    answer,
    wouldHear: direction(other.peer.sdpTowards(answer, 'offer')),
    heard: direction(other.localSdp),
    agreed: other.remoteSdp,
    otherHolds: other.holds,
  });
  // One voice codec: an answer with several would leave open again what this side sends. RTPEngine could translate
  // instead, for the whole length of the call; a re-INVITE costs one message.
  const sdp = over === 'Codec' ? withOneVoiceCodec(side.remoteSdp, voiceCodecs(answer)[0] ?? '') : side.remoteSdp;
  call.dispatch({ kind: 'compared', exchange, over, sdp });
}
