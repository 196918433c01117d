/** The media relay as the calls see it. The adapter for RTPEngine is `rtpengine/`; `pass-through.ts` stands in for `media.engine: None`. */

import type { MediaProfile } from '../sdp/media-profile.ts';

export type { MediaProfile } from '../sdp/media-profile.ts';

/** `from` sends the SDP and `to` gets it, in an offer and in an answer. */
export interface MediaOffer {
  /** Names the relay's session; our own, never a Call-ID from the network. */
  readonly session: string;
  readonly fromTag: string;
  /** Present on a re-offer within a dialog. */
  readonly toTag?: string;
  readonly sdp: string;
  readonly from: MediaProfile;
  readonly to: MediaProfile;
}

/** The tags stay those of the offer that is answered, as the relay wants them; `from` is the answerer and `to` the offerer. */
export interface MediaAnswer {
  readonly session: string;
  /** The offerer's. */
  readonly fromTag: string;
  /** The answerer's. */
  readonly toTag: string;
  readonly sdp: string;
  readonly from: MediaProfile;
  readonly to: MediaProfile;
}

export type MediaResult =
  | { readonly kind: 'sdp'; readonly sdp: string }
  /** The relay understood and said no: the SDP is at fault (488) or it has no ports left (503). */
  | { readonly kind: 'refused'; readonly reason: string; readonly status: 488 | 503 }
  /** The relay does not answer: 503 until it does. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** A session that an earlier process of ours has begun. */
export interface AdoptedSession {
  readonly session: string;
  /** The relay's own name for it: what `nameOf` said then. */
  readonly name: string;
}

/** Answers arrive through `done`, exactly once, never from within the call itself. */
export interface MediaRelay {
  /** False while the relay does not answer its health check: new calls get 503. */
  readonly available: boolean;
  offer(offer: MediaOffer, done: (result: MediaResult) => void): void;
  answer(answer: MediaAnswer, done: (result: MediaResult) => void): void;
  /** Ends a session on every way a call can end; repeated by the relay until it is confirmed or the session is unknown. */
  delete(session: string): void;
  /** What the relay itself calls a session: a process that is started again knows it by that. */
  nameOf(session: string): string;
  /** It goes on under its old name, or is told as lost. Before the relay is started: what nobody has adopted by then is ended. */
  adopt(session: AdoptedSession): void;
  /** Told of sessions, not deleted yet, whose media has ended with the relay's own process. The latest one listens. */
  tellLost(onLost: (sessions: readonly string[]) => void): void;
}
