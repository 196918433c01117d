/** What the main thread and the media thread say to each other. */
import type { MediaAddress } from '../../teams-simulator/media.ts';
import type { StreamReport, Stretch } from './stream-record.ts';

/** One end of a call: it sends from `at` to `to`, and hears what the other end of the call sends. */
export interface Leg {
  readonly id: number;
  readonly at: MediaAddress;
  readonly to: MediaAddress;
  /** The other end's `id`: ids are the SSRCs of what is sent. */
  readonly hears: number;
  /** Base64 of master key and salt (RFC 4568 §6.1), AES_CM_128_HMAC_SHA1_80; absent: plain RTP. */
  readonly keys?: { readonly own: string; readonly peers: string };
}

export interface Ask {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ids: readonly number[];
}

export interface LegReport extends StreamReport {
  readonly id: number;
  /** Of the other end, since the beginning. */
  readonly sentTo: number;
  /** Of those that came, since the beginning. */
  readonly heard: number;
  /** Since the beginning: sent by the other end, older than what may still be on its way, and not here. */
  readonly missing: number;
  /** Before the first packet that came. */
  readonly missedAtStart: number;
  /** Packets whose check failed (SRTP), or that hold something else than was sent. */
  readonly garbled: number;
}

export interface MediaReport {
  readonly legs: readonly LegReport[];
  /** The longest that the media thread itself came late in the stretch: shorter gaps may be its own. */
  readonly ownLatenessMs: number;
  /** Packets that belong to no leg. */
  readonly strays: number;
}

export type Order =
  | { readonly kind: 'bind'; readonly at: MediaAddress }
  /** A new leg, or new keys or a new destination of one. */
  | { readonly kind: 'set'; readonly leg: Leg }
  | { readonly kind: 'end'; readonly ids: readonly number[]; readonly atMs: number }
  | { readonly kind: 'forget'; readonly ids: readonly number[] }
  | ({ readonly kind: 'ask' } & Ask)
  | { readonly kind: 'close' };

export interface Numbered {
  readonly number: number;
  readonly order: Order;
}

export interface Answer {
  readonly number: number;
  readonly report?: MediaReport;
  readonly error?: string;
}

/** Milliseconds since 1970 that never step: the same in every thread. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

export type { Stretch };
