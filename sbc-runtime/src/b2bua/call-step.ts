/** One event of a call, decided: which room of the call's life it belongs to. Pure. */
import {
  answered,
  attemptFailed,
  attemptTimedOut,
  earlyMediaAnswered,
  earlySdpHeard,
  mediaAnswered,
  mediaOffered,
  offerComposed,
  provisional,
  ringTimedOut,
  sentAgain,
  trying,
} from './call-setup.ts';
import type { CallEvent, CallState, CallStep } from './call-state.ts';
import { answerHeard, offerAnswered, reinvitedWithoutOffer, reofferComposed } from './delayed-offer.ts';
import { cancelled, endedByUs, hungUp, legEnded } from './hang-up.ts';
import {
  reinviteAnswered,
  reinviteCancelled,
  reinvited,
  reinviteOffered,
  reinviteOutcome,
  reinviteTimedOut,
} from './reinvite.ts';
import { compared, glareOver, lateAnswerTaken } from './settling.ts';

export function step(call: CallState, event: CallEvent): CallStep {
  switch (event.kind) {
    case 'media-offered':
      return mediaOffered(call, event.result);
    case 'trying':
      return trying(call);
    case 'sent-again':
      return sentAgain(call);
    case 'provisional':
      return provisional(call, event.status, event.sdp, event.tag);
    case 'early-media-answered':
      return earlyMediaAnswered(call, event.status, event.result);
    case 'early-sdp':
      return earlySdpHeard(call, { tag: event.tag, sdp: event.sdp });
    case 'answered':
      return answered(call, event.sdp, event.tag);
    case 'media-answered':
      return mediaAnswered(call, event.result);
    case 'failed':
      return attemptFailed(call, event.failure);
    case 'attempt-timeout':
      return attemptTimedOut(call);
    case 'ring-timeout':
      return ringTimedOut(call);
    case 'cancelled':
      return cancelled(call, event.reasons);
    case 'bye':
      return hungUp(call, event.from, event.reasons);
    case 'leg-ended':
      return legEnded(call, event.leg, event.why);
    case 'offer-composed':
      return call.phase === 'Answering'
        ? offerComposed(call, event.exchange, event.result)
        : reofferComposed(call, event.exchange, event.result);
    case 'end':
      return endedByUs(call, event.end);
    case 'reinvite':
    case 'reinvite-offered':
    case 'reinvite-outcome':
    case 'reinvite-answered':
    case 'reinvite-timeout':
    case 'reinvite-cancelled':
    case 'reinvite-without-offer':
    case 'offer-answered':
    case 'answer-heard':
    case 'late-answer-taken':
    case 'compared':
    case 'glare-timeout':
      return stepOfExchange(call, event);
  }
}

type ExchangeEvent = Extract<
  CallEvent,
  {
    kind:
      | `${string}reinvite${string}`
      | 'offer-answered'
      | 'answer-heard'
      | 'late-answer-taken'
      | 'compared'
      | 'glare-timeout';
  }
>;

function stepOfExchange(call: CallState, event: ExchangeEvent): CallStep {
  switch (event.kind) {
    case 'reinvite':
      return reinvited(call, event.from, event.sdp, event.unchanged);
    case 'reinvite-offered':
      return reinviteOffered(call, event.exchange, event.result);
    case 'reinvite-outcome':
      return reinviteOutcome(call, event.exchange, event.by, event.outcome);
    case 'reinvite-answered':
      return reinviteAnswered(call, event.exchange, event.result);
    case 'reinvite-timeout':
      return reinviteTimedOut(call);
    case 'reinvite-cancelled':
      return reinviteCancelled(call, event.from);
    case 'reinvite-without-offer':
      return reinvitedWithoutOffer(call, event.from);
    case 'offer-answered':
      return offerAnswered(call, event.from, event.sdp);
    case 'answer-heard':
      return answerHeard(call, event.exchange, event.result);
    case 'late-answer-taken':
      return lateAnswerTaken(call, event.exchange);
    case 'compared':
      return compared(call, event.exchange, event.over, event.sdp);
    case 'glare-timeout':
      return glareOver(call);
  }
}
