/**
 * Bencode, the notation of RTPEngine's NG protocol (its docs/ng_control_protocol.md). Pure. Texts are latin1 strings, one
 * character per octet, so that any byte of an SDP comes out as it went in and `length` counts octets.
 */

export type BencodeValue = string | number | readonly BencodeValue[] | BencodeDictionary;

export interface BencodeDictionary {
  readonly [key: string]: BencodeValue | undefined;
}

/** Lists and dictionaries inside each other; NG's statistics need 7. */
const MAX_DEPTH = 32;
/** A UDP datagram cannot be longer. */
const MAX_LENGTH = 65_535;

/** Keys stand in the order given: RTPEngine does not ask for sorted ones. `undefined` members are left out. */
export function encodeBencode(value: BencodeValue): string {
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (typeof value === 'number') return `i${Math.trunc(value)}e`;
  let text = '';
  if (isList(value)) {
    for (const element of value) text += encodeBencode(element);
    return `l${text}e`;
  }
  for (const key in value) {
    const member = value[key];
    if (member !== undefined) text += `${key.length}:${key}${encodeBencode(member)}`;
  }
  return `d${text}e`;
}

/** The value that is the whole of `text`; undefined where it is malformed, too long or too deep. Linear in its length. */
export function decodeBencode(text: string, maxLength = MAX_LENGTH): BencodeValue | undefined {
  if (text.length > maxLength) return undefined;
  const reader = new Reader(text);
  const value = reader.value(0);
  return reader.isAtEnd ? value : undefined;
}

export function isDictionary(value: BencodeValue | undefined): value is BencodeDictionary {
  return typeof value === 'object' && !isList(value);
}

export function isList(value: BencodeValue | undefined): value is readonly BencodeValue[] {
  return Array.isArray(value);
}

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LETTER_D = 0x64;
const LETTER_E = 0x65;
const LETTER_I = 0x69;
const LETTER_L = 0x6c;
const MINUS = 0x2d;
const COLON = 0x3a;

/** A cursor over one text; every method gives undefined, and stays so, once the text has proved malformed. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  value(depth: number): BencodeValue | undefined {
    if (depth > MAX_DEPTH) return undefined;
    switch (this.#text.charCodeAt(this.#at)) {
      case LETTER_I:
        this.#at += 1;
        return this.#number(LETTER_E);
      case LETTER_L:
        this.#at += 1;
        return this.#list(depth);
      case LETTER_D:
        this.#at += 1;
        return this.#dictionary(depth);
      default:
        return this.#string();
    }
  }

  #list(depth: number): BencodeValue | undefined {
    const list: BencodeValue[] = [];
    while (!this.#endsHere()) {
      const element = this.value(depth + 1);
      if (element === undefined) return undefined;
      list.push(element);
    }
    return list;
  }

  #dictionary(depth: number): BencodeDictionary | undefined {
    const members: [string, BencodeValue][] = [];
    while (!this.#endsHere()) {
      const key = this.#string();
      const member = key === undefined ? undefined : this.value(depth + 1);
      if (key === undefined || member === undefined) return undefined;
      members.push([key, member]);
    }
    // Own properties whatever they are called: `__proto__` is a key like any other here.
    return Object.fromEntries(members);
  }

  #endsHere(): boolean {
    if (this.#text.charCodeAt(this.#at) !== LETTER_E) return false;
    this.#at += 1;
    return true;
  }

  #string(): string | undefined {
    if (this.#text.charCodeAt(this.#at) === MINUS) return undefined;
    const length = this.#number(COLON);
    if (length === undefined || this.#at + length > this.#text.length) return undefined;
    this.#at += length;
    return this.#text.slice(this.#at - length, this.#at);
  }

  /** Decimal digits up to `end`, which is consumed; integers beyond 2^53 come out rounded, as JavaScript's do. */
  #number(end: number): number | undefined {
    const isNegative = this.#text.charCodeAt(this.#at) === MINUS;
    if (isNegative) this.#at += 1;
    const start = this.#at;
    let number = 0;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (!(code >= DIGIT_0 && code <= DIGIT_9)) break;
      number = number * 10 + (code - DIGIT_0);
      this.#at += 1;
    }
    // 20 digits: the longest 64-bit integer.
    if (this.#at === start || this.#at - start > 20 || this.#text.charCodeAt(this.#at) !== end) return undefined;
    this.#at += 1;
    return isNegative ? -number : number;
  }
}
