/** The two ends of a call's media, read from the descriptions of both sides. */
import { readMedia, type MediaAddress } from '../../teams-simulator/media.ts';
import type { Leg } from './media-words.ts';

/** What a side said of itself, and what the SBC said to it. */
export interface Descriptions {
  readonly local: string;
  readonly remote: string;
}

const SUITE = 'AES_CM_128_HMAC_SHA1_80';

/** @throws Error where the descriptions do not fit together */
export function legOf(id: number, hears: number, { local, remote }: Descriptions): Leg {
  const [own, theirs] = [readMedia(local), readMedia(remote)];
  if (!own || !theirs) throw new Error('Cannot send: a description has no audio');
  const at: MediaAddress = { address: own.address, port: own.port };
  const to: MediaAddress = { address: theirs.address, port: theirs.port };
  if (!own.profile.includes('SAVP')) return { id, hears, at, to };
  return { id, hears, at, to, keys: keysOf(own.keys, theirs.keys) };
}

/** The answer chose a tag; of two offers of the same suite the one with that tag counts (RFC 4568 §5.1.2). */
function keysOf(own: readonly string[], theirs: readonly string[]): { own: string; peers: string } {
  for (const mine of own.filter((line) => line.includes(` ${SUITE} `))) {
    const tag = mine.slice(0, mine.indexOf(' ') + 1);
    const other = theirs.find((line) => line.startsWith(`${tag}${SUITE} `));
    if (other !== undefined) return { own: inline(mine), peers: inline(other) };
  }
  throw new Error(`Cannot send: no key of ${SUITE} in both descriptions`);
}

const inline = (line: string): string => /inline:([A-Za-z0-9+/=]+)/.exec(line)?.[1] ?? '';
