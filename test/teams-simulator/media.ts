/** Session descriptions as Teams writes them with media bypass off: RTP/SAVP, SDES, rtcp-mux. No sound of its own. */
import { randomBytes } from 'node:crypto';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface MediaAddress {
  readonly address: string;
  readonly port: number;
}

const CODECS = [
  'a=rtpmap:104 SILK/16000',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:13 CN/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=ptime:20',
];

const masterKey = () => randomBytes(30).toString('base64');

/** How a description differs from the one before. */
export interface OfferChange {
  readonly direction?: Direction;
  /** A new port of the media processor: Teams moves the call elsewhere, for music on hold or a conference. */
  readonly moved?: boolean;
  /** New SRTP keys. */
  readonly rekeyed?: boolean;
  /** What no Teams does, to see what the SBC does: `a=rtcp-mux` is left out. */
  readonly unmuxed?: boolean;
}

/** One side's descriptions through a call: the address and the keys stay, the version grows when the text changes. */
export class TeamsMedia {
  #at: MediaAddress;
  #keys = [masterKey(), masterKey()];
  #version = 0;
  #last = '';
  #isMuxed = true;

  constructor(at: MediaAddress) {
    this.#at = at;
  }

  offer(change: Direction | OfferChange = {}): string {
    const wanted = typeof change === 'string' ? { direction: change } : change;
    if (wanted.moved === true) this.#at = { ...this.#at, port: this.#at.port + 2 };
    if (wanted.rekeyed === true) this.#keys = [masterKey(), masterKey()];
    this.#isMuxed = wanted.unmuxed !== true;
    return this.#write(
      wanted.direction ?? 'sendrecv',
      ['104', '9', '0', '8', '13', '101'],
      [
        `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${this.#keys[0]}|2^31`,
        `a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:${this.#keys[1]}|2^31`,
      ],
    );
  }

  /** Takes the codecs that both know, in the offer's order. Microsoft answers with a crypto tag of its own choice. */
  answer(offer: string): string {
    const offered = readMedia(offer)?.formats ?? ['0', '8', '101'];
    const event = /^a=rtpmap:(\d+) telephone-event\/8000/m.exec(offer)?.[1] ?? '101';
    const formats = offered.filter((format) => ['0', '8', '9', '13', event].includes(format));
    const tag = /^a=crypto:(\d+) AES_CM_128_HMAC_SHA1_80 /m.exec(offer)?.[1] ?? '1';
    // Teams: it understands inactive and sendrecv only.
    const direction = directionOf(offer) === 'sendrecv' ? 'sendrecv' : 'inactive';
    const crypto = `a=crypto:${tag} AES_CM_128_HMAC_SHA1_80 inline:${this.#keys[0]}|2^31`;
    return this.#write(direction, formats.length > 0 ? formats : ['0'], [crypto], event);
  }

  #write(direction: Direction, formats: readonly string[], cryptos: readonly string[], event = '101'): string {
    const { address, port } = this.#at;
    const known = CODECS.map((line) => line.replace(/:101 /, `:${event} `));
    const codecs = known.filter((line) => {
      const format = /:(\d+) /.exec(line)?.[1];
      return format === undefined || formats.includes(format);
    });
    const rest = [
      's=session',
      `c=IN IP4 ${address}`,
      'b=CT:10000000',
      't=0 0',
      `m=audio ${port} RTP/SAVP ${formats.join(' ')}`,
      `a=rtcp:${this.#isMuxed ? port : port + 1}`,
      ...(this.#isMuxed ? ['a=rtcp-mux'] : []),
      ...cryptos,
      ...codecs,
      `a=${direction}`,
      '',
    ].join('\r\n');
    if (rest !== this.#last) this.#version++;
    this.#last = rest;
    return `v=0\r\no=- 4711 ${this.#version} IN IP4 ${address}\r\n${rest}`;
  }
}

export function directionOf(sdp: string): Direction {
  const found = /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(sdp)?.[1] as Direction | undefined;
  return found ?? 'sendrecv';
}

/** The first audio section of a description. */
export interface ReadMedia {
  readonly address: string;
  readonly port: number;
  readonly profile: string;
  readonly formats: readonly string[];
  /** `a=crypto` lines without the prefix. */
  readonly keys: readonly string[];
  readonly isMuxed: boolean;
  /** `a=candidate`, `a=ice-ufrag` and `a=ice-pwd` lines. */
  readonly ice: readonly string[];
}

/** Undefined where there is no audio or no address. */
export function readMedia(sdp: string): ReadMedia | undefined {
  const lines = sdp.split(/\r?\n/);
  const start = lines.findIndex((line) => line.startsWith('m=audio '));
  if (start < 0) return undefined;
  const next = lines.findIndex((line, at) => at > start && line.startsWith('m='));
  const section = lines.slice(start, next < 0 ? undefined : next);
  const [, port = '', profile = '', ...formats] = lines[start]?.trim().split(/ +/) ?? [];
  const session = lines.slice(0, start).find((line) => line.startsWith('c='));
  const connection = section.find((line) => line.startsWith('c=')) ?? session;
  const address = connection?.split(' ')[2];
  if (address === undefined || !/^\d{1,5}$/.test(port)) return undefined;
  return {
    address: address.trim(),
    port: Number(port),
    profile,
    formats,
    keys: section.filter((line) => line.startsWith('a=crypto:')).map((line) => line.slice('a=crypto:'.length)),
    isMuxed: section.some((line) => /^a=rtcp-mux(?:-only)?$/.test(line)),
    ice: section.filter((line) => /^a=(?:candidate|ice-ufrag|ice-pwd):/.test(line)),
  };
}

/** Of the first audio section, those with several rtpmap lines as often as they stand there. */
export function payloadTypes(sdp: string): readonly string[] {
  const { formats = [] } = readMedia(sdp) ?? {};
  const maps = [...sdp.matchAll(/^a=rtpmap:(\d+) ([^\r\n]+)/gm)].map((match) => match[1] ?? '');
  const sections = [...sdp.matchAll(/^m=/gm)].length;
  const twice = sections === 1 ? maps.filter((type, at) => maps.indexOf(type) !== at) : [];
  return [...formats, ...twice];
}
