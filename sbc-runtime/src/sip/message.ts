/** SIP requests and responses (RFC 3261 §7). Structured values are parsed when asked for and kept until headers change. */
import { isToken, parseDigits, skipBlanks, isBlank, trimBlanks } from './characters.ts';
import type { Headers } from './headers.ts';
import { knownMethodIn } from './method-names.ts';
import { parseFirstNameAddr, parseNameAddr } from './name-addr.ts';
import type { NameAddr } from './name-addr.ts';
import { parseFirstVia } from './via.ts';
import type { Via } from './via.ts';

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** RFC 3261 §8.1.1.5: below 2^31. */
const MAX_CSEQ = 0x7fffffff;

abstract class HeaderedMessage {
  readonly headers: Headers;
  /** One character per octet. */
  body: string;

  #revision = -1;
  #via: Via | undefined;
  #from: NameAddr | undefined;
  #to: NameAddr | undefined;
  #contact: NameAddr | undefined;
  #cseq: CSeq | undefined;

  protected constructor(headers: Headers, body: string) {
    this.headers = headers;
    this.body = body;
  }

  /** The topmost Via. */
  get via(): Via {
    this.#forgetStale();
    return (this.#via ??= present('Via', parseFirstVia(this.headers.get('Via') ?? '')));
  }

  get from(): NameAddr {
    this.#forgetStale();
    return (this.#from ??= present('From', parseNameAddr(this.headers.get('From') ?? '')));
  }

  get to(): NameAddr {
    this.#forgetStale();
    return (this.#to ??= present('To', parseNameAddr(this.headers.get('To') ?? '')));
  }

  get callId(): string {
    return present('Call-ID', this.headers.get('Call-ID'));
  }

  get cseq(): CSeq {
    this.#forgetStale();
    return (this.#cseq ??= present('CSeq', parseCSeq(this.headers.get('CSeq') ?? '')));
  }

  /** The first Contact; undefined where there is none, or where it cannot be read. */
  get contact(): NameAddr | undefined {
    this.#forgetStale();
    if (this.#contact !== undefined) return this.#contact;
    const value = this.headers.get('Contact');
    return value === undefined ? undefined : (this.#contact = parseFirstNameAddr(value));
  }

  get maxForwards(): number | undefined {
    const value = this.headers.get('Max-Forwards');
    return value === undefined ? undefined : parseDigits(value, 255);
  }

  /** `application/sdp`: in lower case, without parameters. */
  get contentType(): string | undefined {
    const value = this.headers.get('Content-Type');
    if (value === undefined) return undefined;
    const semicolon = value.indexOf(';');
    return trimBlanks(value, 0, semicolon < 0 ? value.length : semicolon).toLowerCase();
  }

  /** The first mandatory header that is missing or malformed. Where there is none, no getter throws. */
  firstUnreadable(): 'Via' | 'From' | 'To' | 'Call-ID' | 'CSeq' | undefined {
    this.#forgetStale();
    const { headers } = this;
    if ((this.#via ??= parseFirstVia(headers.get('Via') ?? '')) === undefined) return 'Via';
    if ((this.#from ??= parseNameAddr(headers.get('From') ?? '')) === undefined) return 'From';
    if ((this.#to ??= parseNameAddr(headers.get('To') ?? '')) === undefined) return 'To';
    if (!isCallId(headers.get('Call-ID') ?? '')) return 'Call-ID';
    if ((this.#cseq ??= parseCSeq(headers.get('CSeq') ?? '')) === undefined) return 'CSeq';
    return undefined;
  }

  #forgetStale(): void {
    if (this.#revision === this.headers.revision) return;
    this.#revision = this.headers.revision;
    this.#via = undefined;
    this.#from = undefined;
    this.#to = undefined;
    this.#contact = undefined;
    this.#cseq = undefined;
  }
}

export class Request extends HeaderedMessage {
  readonly isRequest = true;
  method: string;
  uri: string;

  constructor(method: string, uri: string, headers: Headers, body = '') {
    super(headers, body);
    this.method = method;
    this.uri = uri;
  }
}

export class Response extends HeaderedMessage {
  readonly isRequest = false;
  status: number;
  reason: string;

  constructor(status: number, reason: string, headers: Headers, body = '') {
    super(headers, body);
    this.status = status;
    this.reason = reason;
  }
}

export type Message = Request | Response;

/** `8 INVITE`; undefined where it is not that, or the number is too large. */
export function parseCSeq(value: string): CSeq | undefined {
  let end = 0;
  while (end < value.length && !isBlank(value.charCodeAt(end))) end++;
  const number = parseDigits(value.slice(0, end), MAX_CSEQ);
  if (number === undefined) return undefined;
  const methodStart = skipBlanks(value, end);
  const known = knownMethodIn(value, methodStart, value.length);
  if (known !== undefined) return { number, method: known };
  const method = value.slice(methodStart);
  return isToken(method) ? { number, method } : undefined;
}

/** One word; its parts are not looked at (RFC 3261 §20.8). */
function isCallId(value: string): boolean {
  return value !== '' && !value.includes(' ') && !value.includes('\t');
}

function present<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new SyntaxError(`Cannot read ${name}: the message has none, or a malformed one`);
  return value;
}
