/** How one side of a call wants its media: chosen by the peer, translated into the relay's words by the media room. */

export interface MediaProfile {
  /** The relay's interface for this side: `teams` or `pbx`. */
  readonly interface: string;
  readonly transport: 'RTP/AVP' | 'RTP/SAVP';
  /** What to say about rtcp-mux when we offer to this side. */
  readonly rtcpMux: 'offer' | 'demux' | 'accept';
  /** The codecs this side may see, in order, by their SDP names; empty: all. `telephone-event` is always kept. */
  readonly codecs: readonly string[];
  /** Written into SDP for this side instead of the bound address: the public address of a pod behind 1:1 NAT. */
  readonly advertisedAddress?: string;
}
