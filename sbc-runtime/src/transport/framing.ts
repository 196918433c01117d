/**
 * Cuts a byte stream into SIP messages (RFC 3261 §18.3, keep-alives: RFC 5626 §3.5.1). Pure, and linear in the octets
 * received however they are split: what was scanned is not scanned again, what is held is copied an amortised once.
 */

/** Why a stream cannot be followed any further. `head` is empty where the head itself is the problem. */
export interface BrokenStream {
  readonly status: 400 | 413 | 513;
  readonly reason: string;
  readonly head: string;
}

export interface FramerUser {
  /** `head` without the final empty line; `body` is as long as Content-Length said. */
  onMessage(head: string, body: string): void;
  /** RFC 5626 §4.4.1: a double CRLF between messages wants one CRLF back. At most once a chunk. */
  onPing(): void;
  /** Called once; the framer ignores everything after it. */
  onBroken(problem: BrokenStream): void;
}

export interface FramerLimits {
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
}

const CR = 0x0d;
const LF = 0x0a;
const STOPPED = -1;
const EMPTY = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const FIRST_HOLD_BYTES = 2048;
/** A held buffer that has grown beyond this is given back once it is empty. */
const KEPT_HOLD_BYTES = 16 * 1024;

export class StreamFramer {
  readonly #user: FramerUser;
  readonly #limits: FramerLimits;
  /** What is held over from earlier chunks: octets `#start` to `#end` of `#held`. */
  #held: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** Octets behind `#start` that hold no end of a head. */
  #scanned = 0;
  /** The head whose body is awaited. */
  #head: string | undefined;
  #bodyLength = 0;
  /** Octets of CRLFCRLF seen since the last message. */
  #keepAlive = 0;
  #isPinged = false;
  #isStopped = false;
  #isPaused = false;
  #messages = 0;

  constructor(user: FramerUser, limits: FramerLimits) {
    this.#user = user;
    this.#limits = limits;
  }

  /** True while a message has begun and not ended. */
  get isMidMessage(): boolean {
    return this.#head !== undefined || this.#start !== this.#end;
  }

  /** Whole messages handed out so far. */
  get messages(): number {
    return this.#messages;
  }

  /** Nothing more comes out; for a connection that closes while a chunk is worked off. */
  stop(): void {
    this.#isStopped = true;
    this.#isPaused = false;
    this.#held = EMPTY;
    this.#start = 0;
    this.#end = 0;
    this.#head = undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Until `goOn` messages stay here, also those that are pushed: who pauses sees to it that little more comes. */
  pause(): void {
    this.#isPaused = !this.#isStopped;
  }

  goOn(): void {
    this.#isPaused = false;
    if (!this.#isStopped && this.#start !== this.#end) this.#cutHeld();
    this.#pong();
  }

  push(chunk: Buffer): void {
    if (this.#isStopped) return;
    if (this.#isPaused) {
      this.#hold(chunk, 0);
      return;
    }
    if (this.#start === this.#end) {
      const at = this.#cut(chunk, 0);
      if (at !== STOPPED && at < chunk.length) this.#hold(chunk, at);
    } else {
      this.#hold(chunk, 0);
      this.#cutHeld();
    }
    this.#pong();
  }

  #cutHeld(): void {
    const at = this.#cut(this.#held.subarray(0, this.#end), this.#start);
    if (at !== STOPPED) this.#release(at);
  }

  #pong(): void {
    if (!this.#isPinged) return;
    this.#isPinged = false;
    this.#user.onPing();
  }

  /** Hands out every whole message, until paused; returns where the first one begins that was not. */
  #cut(input: Buffer, from: number): number {
    let at = from;
    for (;;) {
      if (this.#head === undefined) {
        at = this.#skipKeepAlives(input, at);
        if (at === input.length) return at;
        const bodyStart = this.#cutHead(input, at);
        if (bodyStart === undefined) return this.#isStopped ? STOPPED : at;
        at = bodyStart;
      }
      if (input.length - at < this.#bodyLength) return at;
      const head = this.#head ?? '';
      const body = this.#bodyLength === 0 ? '' : input.toString('latin1', at, at + this.#bodyLength);
      at += this.#bodyLength;
      this.#head = undefined;
      this.#messages += 1;
      this.#user.onMessage(head, body);
      if (this.#isStopped) return STOPPED;
      if (this.#isPaused) return at;
    }
  }

  /** Sets head and body length and returns where the body begins; undefined while the head is incomplete or broken. */
  #cutHead(input: Buffer, at: number): number | undefined {
    const headEnd = input.indexOf(HEAD_END, at + Math.max(0, this.#scanned - (HEAD_END.length - 1)));
    const headLength = (headEnd === -1 ? input.length : headEnd) - at;
    if (headLength > this.#limits.maxHeadBytes) {
      this.#break({ status: 513, reason: 'Message Too Large', head: '' });
      return undefined;
    }
    if (headEnd === -1) {
      this.#scanned = headLength;
      return undefined;
    }
    this.#scanned = 0;
    this.#keepAlive = 0;
    const head = input.toString('latin1', at, headEnd);
    const length = contentLength(head);
    if (typeof length === 'string' || length > this.#limits.maxBodyBytes) {
      this.#break({ ...brokenBy[typeof length === 'string' ? length : 'too-large'], head });
      return undefined;
    }
    this.#head = head;
    this.#bodyLength = length;
    return headEnd + HEAD_END.length;
  }

  #skipKeepAlives(input: Buffer, from: number): number {
    let at = from;
    // A message in progress is no keep-alive; it is looked at again only from where its head was scanned to.
    if (this.#scanned > 0) return at;
    for (; at < input.length; at++) {
      const octet = input[at];
      if (octet !== (this.#keepAlive % 2 === 0 ? CR : LF)) break;
      this.#keepAlive += 1;
      if (this.#keepAlive < HEAD_END.length) continue;
      this.#keepAlive = 0;
      this.#isPinged = true;
    }
    return at;
  }

  #hold(chunk: Buffer, from: number): void {
    const added = chunk.length - from;
    const length = this.#end - this.#start;
    if (this.#held.length - this.#end < added) {
      const needed = length + added;
      const target =
        needed * 2 <= this.#held.length ? this.#held : Buffer.allocUnsafe(Math.max(needed * 2, FIRST_HOLD_BYTES));
      this.#held.copy(target, 0, this.#start, this.#end);
      this.#held = target;
      this.#start = 0;
      this.#end = length;
    }
    chunk.copy(this.#held, this.#end, from);
    this.#end += added;
  }

  #release(at: number): void {
    this.#start = at;
    if (this.#start !== this.#end) return;
    this.#start = 0;
    this.#end = 0;
    if (this.#held.length > KEPT_HOLD_BYTES) this.#held = EMPTY;
  }

  #break(problem: BrokenStream): void {
    this.stop();
    this.#user.onBroken(problem);
  }
}

// RFC 3261 §18.3: on a stream nothing but Content-Length tells where the next message begins.
const brokenBy = {
  missing: { status: 400, reason: 'Missing Content-Length' },
  invalid: { status: 400, reason: 'Invalid Content-Length' },
  'too-large': { status: 413, reason: 'Request Entity Too Large' },
} as const;

/**
 * The Content-Length of a head, by a scan of its lines: the parser proper runs once, on the whole message.
 * Two that differ are `invalid`: peers that choose differently would cut the stream differently.
 */
export function contentLength(head: string): number | 'missing' | 'invalid' {
  let found: number | undefined;
  for (let lineEnd = head.indexOf('\r\n'); lineEnd !== -1;) {
    const start = lineEnd + 2;
    lineEnd = head.indexOf('\r\n', start);
    const colon = colonOfContentLength(head, start);
    if (colon === -1) continue;
    // RFC 3261 §7.3.1: a line that begins with a space continues the one before it.
    while (lineEnd !== -1 && isSpace(head.charCodeAt(lineEnd + 2))) lineEnd = head.indexOf('\r\n', lineEnd + 2);
    const value = decimal(head.slice(colon + 1, lineEnd === -1 ? head.length : lineEnd).trim());
    if (value === undefined || (found !== undefined && found !== value)) return 'invalid';
    found = value;
  }
  return found ?? 'missing';
}

/** Where the colon is if the line at `start` is Content-Length or its compact form `l` (RFC 3261 §20.14); else -1. */
function colonOfContentLength(head: string, start: number): number {
  const first = head.charCodeAt(start) | 0x20;
  let at: number;
  if (first === 0x6c) at = start + 1;
  else if (first === 0x63 && (head.charCodeAt(start + 8) | 0x20) === 0x6c) {
    at = start + 14;
    if (head.slice(start, at).toLowerCase() !== 'content-length') return -1;
  } else return -1;
  while (isSpace(head.charCodeAt(at))) at++;
  return head.charCodeAt(at) === 0x3a ? at : -1;
}

const isSpace = (code: number) => code === 0x20 || code === 0x09;

const MAX_DIGITS = 10;

function decimal(text: string): number | undefined {
  if (text.length === 0 || text.length > MAX_DIGITS) return undefined;
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
