/**
 * Who has offered a session description and who must answer it (RFC 3264 §4, RFC 3261 §13.2.1, RFC 3311 §5, RFC 6337 §2). Pure.
 * Reliable provisional responses (RFC 3262) announce the answer of the 2xx here, as unreliable ones do: only these exchanges exist.
 *
 *   offer in     answer in           state between them
 *   INVITE       2xx of INVITE       OurInviteOffer     PeerInviteOffer
 *   2xx          ACK                 OurOfferIn2xx      PeerOfferIn2xx     (before the 2xx: OurEmptyInvite, PeerEmptyInvite)
 *   UPDATE       2xx of UPDATE       -                  PeerUpdateOffer    (until it is answered: `openRequests` knows)
 *
 * A refusal of the request that holds the offer leaves everything as it was: Stable.
 */
import type { Request, Response } from '../sip/message.ts';
import type { Parts } from './invite-user.ts';

export type OfferAnswer =
  | 'Stable'
  | 'OurInviteOffer'
  | 'PeerInviteOffer'
  | 'OurEmptyInvite'
  | 'PeerEmptyInvite'
  | 'OurOfferIn2xx'
  | 'PeerOfferIn2xx'
  | 'PeerUpdateOffer';

/** Provisional responses are no input: SDP in an unreliable one only announces the answer (RFC 3261 §13.2.1). */
export type Carrier = 'INVITE' | 'INVITE-2xx' | 'INVITE-refused' | 'ACK' | 'UPDATE';

/** `by` sends `carrier`. A message that cannot stand in this state changes nothing: refusing it is the gate's work. */
export function afterMessage(state: OfferAnswer, by: 'us' | 'peer', carrier: Carrier, hasSdp: boolean): OfferAnswer {
  const ours = by === 'us';
  switch (carrier) {
    case 'INVITE':
      if (state !== 'Stable') return state;
      if (hasSdp) return ours ? 'OurInviteOffer' : 'PeerInviteOffer';
      return ours ? 'OurEmptyInvite' : 'PeerEmptyInvite';
    case 'INVITE-2xx':
      return after2xx(state, ours, hasSdp);
    case 'INVITE-refused':
      return state === (ours ? 'PeerInviteOffer' : 'OurInviteOffer') ||
        state === (ours ? 'PeerEmptyInvite' : 'OurEmptyInvite')
        ? 'Stable'
        : state;
    case 'ACK':
      return state === (ours ? 'PeerOfferIn2xx' : 'OurOfferIn2xx') ? 'Stable' : state;
    case 'UPDATE':
      return state === 'Stable' && hasSdp && !ours ? 'PeerUpdateOffer' : state;
  }
}

function after2xx(state: OfferAnswer, ours: boolean, hasSdp: boolean): OfferAnswer {
  if (state === (ours ? 'PeerInviteOffer' : 'OurInviteOffer')) return 'Stable';
  if (state !== (ours ? 'PeerEmptyInvite' : 'OurEmptyInvite')) return state;
  // RFC 3261 §13.2.1 demands the offer here; without one there is nothing left to answer.
  if (!hasSdp) return 'Stable';
  return ours ? 'OurOfferIn2xx' : 'PeerOfferIn2xx';
}

/** RFC 3264 §4: no offer while another one, of either side, waits for its answer. */
export function mayOffer(state: OfferAnswer): boolean {
  return state === 'Stable';
}

/** Who has the next word: the side that owes an answer or, after an INVITE without offer, the side that owes the offer. */
export function whoIsNext(state: OfferAnswer): 'us' | 'peer' | undefined {
  switch (state) {
    case 'Stable':
      return undefined;
    case 'PeerInviteOffer':
    case 'PeerEmptyInvite':
    case 'PeerOfferIn2xx':
    case 'PeerUpdateOffer':
      return 'us';
    case 'OurInviteOffer':
    case 'OurEmptyInvite':
    case 'OurOfferIn2xx':
      return 'peer';
  }
}

/** RFC 3311 §5.2, RFC 6337 §4.3: an offer that meets ours is refused with 491, one that follows the peer's own with 500 and Retry-After. */
export function refusalOfOffer(state: OfferAnswer): 491 | 500 | undefined {
  const next = whoIsNext(state);
  if (next === undefined) return undefined;
  return next === 'peer' ? 491 : 500;
}

/** Whether a message holds a session description, alone or as a part (RFC 5621: PIDF-LO of emergency calls stands beside it). */
export function hasSdp(message: Request | Response): boolean {
  return message.body !== '' && isSdp(message.contentType, message.body);
}

/** The same question about what the user wants to send. */
export function offersSdp(parts: Parts | undefined): boolean {
  return parts?.body !== undefined && isSdp(parts.body.type.toLowerCase(), parts.body.content);
}

function isSdp(type: string | undefined, content: string): boolean {
  if (type === undefined) return false;
  if (type.startsWith('application/sdp')) return true;
  return type.startsWith('multipart/') && content.toLowerCase().includes('application/sdp');
}
