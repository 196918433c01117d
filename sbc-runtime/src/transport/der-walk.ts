/** A step over one DER element at a time (ITU-T X.690 §8.1): no object is made, no octet is copied. */

export const SEQUENCE = 0x30;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OBJECT_IDENTIFIER = 0x06;

/** Reads what `octets` hold in `at…end`; `undefined` from any question means: not to be read. */
export class DerWalk {
  readonly octets: Buffer;
  /** Of the element that `next` has found: its content is `start…end`. */
  start = 0;
  end = 0;
  #at: number;
  readonly #limit: number;

  constructor(octets: Buffer, at = 0, limit = octets.length) {
    this.octets = octets;
    this.#at = at;
    this.#limit = limit;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#limit;
  }

  /** The tag of the next element, without a step. */
  get tag(): number | undefined {
    return this.#at < this.#limit ? this.octets[this.#at] : undefined;
  }

  /** Steps over the next element, whose tag must be `tag`. False: another tag, a length that is indefinite or leads beyond the end. */
  next(tag: number): boolean {
    if (this.tag !== tag) return false;
    const first = this.octets[this.#at + 1] ?? INDEFINITE;
    const more = first < INDEFINITE ? 0 : first - INDEFINITE;
    if (first === INDEFINITE || more > MAX_LENGTH_OCTETS || this.#at + 2 + more > this.#limit) return false;
    this.start = this.#at + 2 + more;
    this.end = this.start + (more === 0 ? first : this.octets.readUIntBE(this.#at + 2, more));
    if (this.end > this.#limit) return false;
    this.#at = this.end;
    return true;
  }

  /** Into the element that `next` has found. `skip`: octets of it that are passed over. */
  inside(skip = 0): DerWalk {
    return new DerWalk(this.octets, Math.min(this.start + skip, this.end), this.end);
  }

  /** Whether the content of the element is exactly this. */
  is(content: Buffer): boolean {
    return this.octets.compare(content, 0, content.length, this.start, this.end) === 0;
  }

  /** Of the unsigned number that the element is. */
  get bits(): number {
    let at = this.start;
    while (at < this.end && this.octets[at] === 0) at += 1;
    const first = this.octets[at];
    return at >= this.end || first === undefined ? 0 : (this.end - at) * 8 - Math.clz32(first) + 24;
  }
}

/** As the first octet of a length: BER without an end, which DER has not. */
const INDEFINITE = 0x80;
const MAX_LENGTH_OCTETS = 4;
