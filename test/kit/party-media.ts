/** Session descriptions of scripted parties: short, with what scenarios are about. */
import type { Direction } from '../teams-simulator/media.ts';

export type MediaKind = 'rtp-avp' | 'srtp-sdes';

/** Writes one party's descriptions: the o= version grows exactly when the text changes (RFC 3264 §8). */
export class PartyMedia {
  readonly #address: string;
  readonly #port: number;
  #version = 0;
  #last = '';

  constructor(address: string, port: number) {
    this.#address = address;
    this.#port = port;
  }

  describe(kind: MediaKind, direction: Direction = 'sendrecv', formats = '8 0 101'): string {
    const isSecure = kind === 'srtp-sdes';
    const rest = [
      's=-',
      `c=IN IP4 ${this.#address}`,
      't=0 0',
      `m=audio ${this.#port} ${isSecure ? 'RTP/SAVP' : 'RTP/AVP'} ${formats}`,
      ...(isSecure
        ? ['a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ', 'a=rtcp-mux']
        : []),
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      `a=${direction}`,
      '',
    ].join('\r\n');
    if (rest !== this.#last) this.#version += 1;
    this.#last = rest;
    return `v=0\r\no=- 1000 ${this.#version} IN IP4 ${this.#address}\r\n${rest}`;
  }
}

/** What a description is: `none` where there is no audio. */
export function mediaKindOf(sdp: string): MediaKind | 'none' {
  const profile = /^m=audio \d+ (\S+)/m.exec(sdp)?.[1];
  if (profile === undefined) return 'none';
  return profile.includes('SAVP') ? 'srtp-sdes' : 'rtp-avp';
}
