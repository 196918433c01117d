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

/** One side's descriptions through a call: the address and the keys stay, the version grows when the text changes. */
export class TeamsMedia {
  readonly #at: MediaAddress;
  readonly #keys = [masterKey(), masterKey()];
  #version = 0;
  #last = '';

  constructor(at: MediaAddress) {
    this.#at = at;
  }

  offer(direction: Direction = 'sendrecv'): string {
    return this.#write(
      direction,
      ['104', '9', '0', '8', '13', '101'],
      [
        `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${this.#keys[0]}|2^31`,
        `a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:${this.#keys[1]}|2^31`,
      ],
    );
  }

  /** Takes the codecs that both know, in the offer's order. Microsoft answers with a crypto tag of its own choice. */
  answer(offer: string): string {
    const offered = (/^m=audio \d+ \S+ (.*?)\r?$/m.exec(offer)?.[1] ?? '0 8 101').split(' ');
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
      `a=rtcp:${port}`,
      'a=rtcp-mux',
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
