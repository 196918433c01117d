/**
 * A peer is one trunk as the calls see it: who we are towards it, where it is, and what its side demands of messages and
 * SDP. `teams.ts` and `pbx.ts` build peers from the routing-state document; the b2bua knows only this interface.
 */
import type { Hop } from '../sip/hop.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import type { Request } from '../sip/message.ts';
import type { MediaProfile } from '../sdp/media-profile.ts';

/** Who calls whom, freed of the caller's side: what the other side's INVITE is built from. */
export interface CallParties {
  /** The user part of the request URI as written: `+4930123456`, `+4930123456;ext=7`, `112`; empty for a URI without one. */
  readonly called: string;
  /** The user part of From; `anonymous` where the caller hides (RFC 3323 §4.1). */
  readonly caller: string;
  /** Without quotes and escapes. */
  readonly displayName: string | undefined;
  /** Headers that cross to the other side unchanged. */
  readonly headers: readonly (readonly [string, string])[];
  /** Max-Forwards of the next leg (RFC 3261 §16.6). */
  readonly maxForwards: number;
}

/** The parts of an INVITE towards a peer that its side decides. */
export interface PeerInvite {
  readonly requestUri: string;
  readonly from: string;
  readonly to: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** What happens to an 18x of this peer on its way to the caller. */
export type EarlyMediaPolicy = 'Pass' | 'FirstOnly' | 'Strip';

export interface Peer {
  readonly trunk: string;
  /** For logs and metrics: `teams` or `pbx`. */
  readonly side: string;
  readonly identity: LocalIdentity;
  readonly media: MediaProfile;
  /** In the order in which they are tried. */
  readonly targets: readonly Hop[];
  readonly earlyMedia: EarlyMediaPolicy;
  /** A caller of this side gets a word beyond 100 within so many milliseconds; absent: it waits. */
  readonly firstWordWithinMs?: number;
  /** Seconds between OPTIONS to each target; 0 sends none. */
  readonly optionsPeriodSeconds: number;
  /** Whether a request with this request URI is meant for this trunk; several trunks may share a source. */
  isAddressedBy(requestUri: string): boolean;
  /** A user part as this peer writes it, in E.164 where that can be told; otherwise as it is. */
  numberFrom(user: string): string;
  invite(parties: CallParties, target: Hop): PeerInvite;
  /** The last word on SDP before this peer sees it, as an offer of ours or an answer to its own. */
  sdpTowards(sdp: string, role: 'offer' | 'answer'): string;
  /** SDP of this peer, put into words that the other side and the relay understand. */
  sdpFrom(sdp: string): string;
  /** The OPTIONS that probes one target. */
  options(target: Hop): Request;
}
