/** One event of a call, decided: which room of the call's life it belongs to. Pure. */
import {
  answered,
  attemptFailed,
  attemptTimedOut,
  earlyMediaAnswered,
  mediaAnswered,
  mediaOffered,
  provisional,
  ringTimedOut,
  trying,
} from './call-setup.ts';
import type { CallEvent, CallState, CallStep } from './call-state.ts';
import { cancelled, endedByUs, hungUp, legEnded } from './hang-up.ts';
import {
  reinviteAnswered,
  reinviteCancelled,
  reinvited,
  reinviteOffered,
  reinviteOutcome,
  reinviteTimedOut,
} from './reinvite.ts';

export function step(call: CallState, event: CallEvent): CallStep {
  switch (event.kind) {
    case 'media-offered':
      return mediaOffered(call, event.result);
    case 'trying':
      return trying(call);
    case 'provisional':
      return provisional(call, event.status, event.sdp);
    case 'early-media-answered':
      return earlyMediaAnswered(call, event.status, event.result);
    case 'answered':
      return answered(call, event.sdp);
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
    case 'end':
      return endedByUs(call, event.end);
  }
}
