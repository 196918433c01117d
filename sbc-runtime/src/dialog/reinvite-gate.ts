/** Which INVITE may start inside a dialog while others are in progress (RFC 3261 §14, RFC 5407 §3.1.4 and §3.1.5). Pure. */
import { mayOffer, refusalOfOffer, type OfferAnswer } from './offer-answer.ts';

export interface InvitesInProgress {
  /** An INVITE of ours has no final response, or its 2xx has no ACK yet. */
  readonly ours: boolean;
  /** An INVITE of the peer has no final response. */
  readonly theirs: boolean;
  /** 2xx responses of ours whose ACK has not come. */
  readonly unacknowledged: number;
  readonly offerAnswer: OfferAnswer;
}

/** 2xx responses that may wait for their ACK at once: one whose ACK was overtaken by the next re-INVITE, and that one's. */
const MAX_UNACKNOWLEDGED = 2;

/** `undefined`: the INVITE may pass. 491: glare. 500: sent with Retry-After. */
export function refusalOfTheirs(invites: InvitesInProgress): 491 | 500 | undefined {
  // RFC 3261 §14.2: ours is pending: 491. A second one of theirs: 500.
  if (invites.ours) return 491;
  if (invites.theirs) return 500;
  // RFC 5407 §3.1.4: the ACK was lost or overtaken (Teams: requests of one dialog come over several connections); only
  // an answer that the ACK should have brought stands in the way.
  if (invites.unacknowledged >= MAX_UNACKNOWLEDGED) return 500;
  return refusalOfOffer(invites.offerAnswer);
}

/** RFC 3261 §14.1: no INVITE of ours while another one is in progress in either direction. */
export function mayInvite(invites: InvitesInProgress): boolean {
  return !invites.ours && !invites.theirs && invites.unacknowledged === 0 && mayOffer(invites.offerAnswer);
}
