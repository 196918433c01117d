/**
 * The last SIP messages, as they went over the wire, for ladders. Written with every message, so it copies the octets
 * into one buffer outside the heap and does nothing else: kept as strings, they cost the garbage collector a third of a call.
 */
import { callIdIn } from './call-id-scan.ts';

export interface TracedMessage {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Participants by the names that a ladder shows: `sbc`, a trunk, a host. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

export interface TraceLimits {
  /** @default 8192 */
  readonly maxMessages?: number;
  /** Octets of all texts. @default 16 MiB */
  readonly maxBytes?: number;
}

const MAX_MESSAGES = 8192;
const MAX_BYTES = 16 * 1024 * 1024;

export class TraceRing {
  readonly #maxMessages: number;
  readonly #octets: Buffer;
  readonly #atMs: Float64Array;
  readonly #start: Uint32Array;
  readonly #length: Uint32Array;
  readonly #from: string[] = [];
  readonly #to: string[] = [];
  #oldest = 0;
  /** Messages that are no longer kept, since the start. */
  #dropped = 0;
  #size = 0;
  #bytes = 0;
  /** Where the next text goes. */
  #end = 0;

  constructor(limits: TraceLimits = {}) {
    this.#maxMessages = limits.maxMessages ?? MAX_MESSAGES;
    this.#octets = Buffer.allocUnsafeSlow(limits.maxBytes ?? MAX_BYTES);
    this.#atMs = new Float64Array(this.#maxMessages);
    this.#start = new Uint32Array(this.#maxMessages);
    this.#length = new Uint32Array(this.#maxMessages);
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Drops the oldest messages where there is no room; a text that is longer than the whole ring is not kept. */
  push(atMs: number, from: string, to: string, text: string): void {
    if (text.length > this.#octets.length) return;
    if (this.#size === this.#maxMessages) this.#dropOldest();
    const start = this.#makeRoom(text.length);
    const index = (this.#oldest + this.#size) % this.#maxMessages;
    this.#octets.write(text, start, 'latin1');
    this.#atMs[index] = atMs;
    this.#start[index] = start;
    this.#length[index] = text.length;
    this.#from[index] = from;
    this.#to[index] = to;
    this.#end = start + text.length;
    this.#size += 1;
    this.#bytes += text.length;
  }

  /** Messages are numbered as they come: kept are those from here to in front of `next`. */
  get first(): number {
    return this.#dropped;
  }

  get next(): number {
    return this.#dropped + this.#size;
  }

  /** Octets of its text; 0 where it is not kept. */
  lengthOf(number: number): number {
    const index = this.#indexOf(number);
    return index === undefined ? 0 : (this.#length[index] ?? 0);
  }

  /**
   * Looked for in the text now, so that no message pays for ladders that nobody reads. Undefined where there is none, or the
   * message is not kept.
   */
  callIdOf(number: number): string | undefined {
    const index = this.#indexOf(number);
    if (index === undefined) return undefined;
    const start = this.#start[index] ?? 0;
    return callIdIn(this.#octets, start, start + (this.#length[index] ?? 0));
  }

  /** A copy; undefined where it is not kept. */
  messageOf(number: number): TracedMessage | undefined {
    const index = this.#indexOf(number);
    if (index === undefined) return undefined;
    const start = this.#start[index] ?? 0;
    return {
      atMs: this.#atMs[index] ?? 0,
      from: this.#from[index] ?? '',
      to: this.#to[index] ?? '',
      text: this.#octets.toString('latin1', start, start + (this.#length[index] ?? 0)),
    };
  }

  #indexOf(number: number): number | undefined {
    const age = number - this.#dropped;
    return age >= 0 && age < this.#size ? (this.#oldest + age) % this.#maxMessages : undefined;
  }

  /** A stretch that no kept text lies in; a text is never cut in two, so the rest behind the last one may stay empty. */
  #makeRoom(length: number): number {
    while (this.#size > 0) {
      const first = this.#start[this.#oldest] ?? 0;
      const isWrapped = this.#end <= first;
      if (length <= (isWrapped ? first : this.#octets.length) - this.#end) return this.#end;
      if (!isWrapped && length <= first) return 0;
      this.#dropOldest();
    }
    return 0;
  }

  #dropOldest(): void {
    this.#bytes -= this.#length[this.#oldest] ?? 0;
    this.#oldest = (this.#oldest + 1) % this.#maxMessages;
    this.#size -= 1;
    this.#dropped += 1;
  }
}
