/** Deterministic damage to SIP messages: the same seed, the same octets. One character is one octet. */

/** mulberry32: small, fast, the same everywhere. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

type Mutation = (text: string, dice: Dice, other: string) => string;

const insert = (text: string, at: number, what: string, replaced = 0) =>
  text.slice(0, at) + what + text.slice(at + replaced);

const numbers = [
  ...['0', '-1', '1', '00000000001', '255', '256', '65535', '65536', '2147483647', '2147483648', '4294967295'],
  ...['4294967296', '9007199254740991', '9007199254740993', '18446744073709551616', '1e9', '0x10', '1.5', '٣', 'NaN'],
  '9'.repeat(400),
];

const oddTexts = [
  ...['\0', '\x01', '\x7f', '\xff', '\xc3\x28', '\xe2\x98\x8e', '\r', '\n', '\r\n', '\r\n\r\n', '\r\n ', '\t'],
  ...[' ', '"', '\\', '\\"', '<', '>', '<>', ',', ',,', ';', ';;', ';=', '=', ':', '::', '@', '@@', '?', '&', '#', '/'],
  ...['[', ']', '[::1', '[::]', '%00', '%', '%s%n', '*', '.', '..', '$(id)', '${x}', '{{', '__proto__', 'constructor'],
  ...[
    'SIP/2.0',
    'sip:',
    'sips:',
    'tel:',
    'urn:service:sos',
    ';tag=',
    ';branch=',
    ';lr',
    ';maddr=127.0.0.1',
    ';received=1',
  ],
  ...[
    'Via: ',
    'Content-Length: 5\r\n',
    'l: 99999\r\n',
    'To: <sip:x@y>;tag=z\r\n',
    'Require: 100rel\r\n',
    'Route: <sip:z;lr>\r\n',
  ],
];

const endOfHead = (text: string): number => {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? text.length : end;
};

/** Where one of the header lines begins. */
function lineStart(text: string, dice: Dice): number {
  const end = endOfHead(text);
  const found = text.indexOf('\r\n', dice.below(Math.max(1, end)));
  return found < 0 || found >= end ? Math.min(end, text.length) : found + 2;
}

const lineEnd = (text: string, from: number): number => {
  const end = text.indexOf('\r\n', from);
  return end < 0 ? text.length : end;
};

const digits = /\d+/g;

const mutations: Readonly<Record<string, Mutation>> = {
  'flips a bit': (text, dice) => {
    const at = dice.below(text.length);
    return insert(text, at, String.fromCharCode((text.charCodeAt(at) ^ (1 << dice.below(8))) & 0xff), 1);
  },
  'overwrites octets': (text, dice) =>
    insert(
      text,
      dice.below(text.length),
      String.fromCharCode(dice.below(256)).repeat(1 + dice.below(8)),
      1 + dice.below(8),
    ),
  truncates: (text, dice) => text.slice(0, 1 + dice.below(text.length)),
  'cuts out': (text, dice) => insert(text, dice.below(text.length), '', 1 + dice.below(60)),
  'doubles a piece': (text, dice) => {
    const at = dice.below(text.length);
    return insert(text, at, text.slice(at, at + 1 + dice.below(200)).repeat(1 + dice.below(5)));
  },
  splices: (text, dice, other) => text.slice(0, dice.below(text.length)) + other.slice(dice.below(other.length)),
  'splices a line': (text, dice, other) => {
    const from = lineStart(other, dice);
    return insert(text, lineStart(text, dice), `${other.slice(from, lineEnd(other, from))}\r\n`);
  },
  'changes a number': (text, dice) => {
    const found = [...text.matchAll(digits)];
    const match = found[dice.below(Math.max(1, found.length))];
    return match === undefined ? text : insert(text, match.index, dice.pick(numbers), match[0].length);
  },
  'repeats a line': (text, dice) => {
    const at = lineStart(text, dice);
    const line = `${text.slice(at, lineEnd(text, at))}\r\n`;
    return insert(text, at, line.repeat(1 + dice.pick([1, 2, 20, 300])));
  },
  'leaves a line out': (text, dice) => {
    const at = lineStart(text, dice);
    return insert(text, at, '', lineEnd(text, at) + 2 - at);
  },
  'moves a line to the top': (text, dice) => {
    const at = lineStart(text, dice);
    const line = `${text.slice(at, lineEnd(text, at))}\r\n`;
    return insert(insert(text, at, '', line.length), lineEnd(text, 0) + 2, line);
  },
  'inserts an odd text': (text, dice) => insert(text, dice.below(text.length), dice.pick(oddTexts)),
  'puts an odd text for a value': (text, dice) => {
    const at = lineStart(text, dice);
    const colon = text.indexOf(':', at);
    const end = lineEnd(text, at);
    return colon < 0 || colon > end ? text : insert(text, colon + 1, dice.pick([...oddTexts, '']), end - colon - 1);
  },
  'appends parameters': (text, dice) => {
    const one = dice.pick([
      ';a',
      ';a=b',
      ';a="b"',
      ';tag=x',
      ';branch=z9hG4bKy',
      ';;',
      ',<sip:a@b>',
      ',SIP/2.0/UDP x',
      ' "',
    ]);
    return insert(text, lineEnd(text, lineStart(text, dice)), one.repeat(dice.pick([1, 3, 50, 2000])));
  },
  'makes a value long': (text, dice) =>
    insert(
      text,
      lineEnd(text, lineStart(text, dice)),
      dice.pick(['a', ' ', '"', '\\', '<', '(', '%', '\r\n ']).repeat(dice.pick([100, 5000, 30_000])),
    ),
  'wraps the body in parts': (text, dice) => {
    const depth = dice.pick([1, 2, 20]);
    const end = endOfHead(text);
    let body = text.slice(end + 4);
    let type = 'application/sdp';
    for (let level = 0; level < depth; level++) {
      const boundary = dice.pick(['b', 'x'.repeat(70), '"q q"', '', 'b1']);
      body = `--${boundary}\r\nContent-Type: ${type}\r\n\r\n${body}\r\n--${boundary}${dice.pick(['--', '', '-'])}\r\n`;
      type = `multipart/mixed;boundary=${boundary}`;
    }
    const lines = text
      .slice(0, end)
      .split('\r\n')
      .filter((line) => !/^(content-type|content-length|c|l)[ \t]*:/i.test(line));
    return `${lines.join('\r\n')}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  },
  'hurts the description': (text, dice) => {
    const end = endOfHead(text) + 4;
    const line = dice.pick([
      ...[
        'm=audio 0 RTP/AVP 0',
        'm=audio 99999 RTP/AVP 0',
        'm=video 4000 RTP/SAVP 96',
        'm=audio 4000 UDP/TLS/RTP/SAVPF 0',
      ],
      ...[
        'c=IN IP4 0.0.0.0',
        'c=IN IP6 ::',
        'c=IN IP4 example.com',
        'c=',
        'o=- 0 0 IN IP4',
        'a=rtpmap:',
        'a=rtpmap:0 x',
        'a=',
      ],
      ...[
        'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:',
        'a=fingerprint:sha-256 00',
        'a=setup:actpass',
        'a=sendonly',
        'a=inactive',
      ],
      ...[
        'a=candidate:1 1 UDP 1 1.2.3.4 5 typ host',
        'a=fmtp:101 0-16',
        'a=ptime:-1',
        'v=1',
        't=',
        'b=AS:-5',
        'x',
        '\0',
      ],
      `m=audio 4000 RTP/AVP${' 0'.repeat(300)}`,
    ]);
    const at = text.indexOf('\r\n', end + dice.below(Math.max(1, text.length - end)));
    const hurt = insert(text, at < end ? text.length : at + 2, `${line}\r\n`.repeat(dice.pick([1, 1, 2, 100])));
    // Mostly with the right length: else nobody looks further.
    return dice.below(4) === 0 ? hurt : withLength(hurt);
  },
};

const mutationNames: readonly string[] = Object.keys(mutations);

/** With the Content-Length that the body has, so that a stream can be followed. */
export function withLength(text: string): string {
  const end = endOfHead(text);
  return (
    text
      .slice(0, end)
      .replace(/^(content-length|l)[ \t]*:.*$/im, `Content-Length: ${Math.max(0, text.length - end - 4)}`) +
    text.slice(end)
  );
}

/** One to four mutations, never longer than `maxOctets`. */
export function mutate(text: string, dice: Dice, other: string, maxOctets: number): string {
  let mutated = text;
  for (let left = dice.pick([1, 1, 1, 2, 3, 4]); left > 0 && mutated !== ''; left--)
    mutated = mutations[dice.pick(mutationNames)]!(mutated, dice, other);
  return mutated.slice(0, maxOctets);
}
