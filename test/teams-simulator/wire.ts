/** SIP on a TLS stream for the simulator: npm `sip` reads and writes the messages, this file cuts the stream. */
import sip, { type Message } from 'sip';

const MAX_HEAD = 65_536;
const MAX_BODY = 1_048_576;
/** Messages of the largest captures have about 40. */
const MAX_HEADER_LINES = 500;
/** With its continuations. The codec's expressions are quadratic in it; Microsoft's longest are below 4 KiB. */
const MAX_HEADER = 8192;

/** Cuts by Content-Length (RFC 3261 §18.3) and skips the empty lines of keep-alives (RFC 5626 §3.5.1). */
export class Framer {
  #pending = '';
  /** No end of a head begins before. */
  #scanned = 0;

  /** Whole messages as text, latin1. Throws where the peer sends what cannot be SIP: then the connection is lost. */
  push(chunk: string): string[] {
    this.#pending += chunk;
    const texts: string[] = [];
    for (let text = this.#next(); text !== undefined; text = this.#next()) texts.push(text);
    return texts;
  }

  #next(): string | undefined {
    let start = 0;
    while (this.#pending.startsWith('\r\n', start)) start += 2;
    if (start > 0) this.#drop(start);
    const end = this.#pending.indexOf('\r\n\r\n', this.#scanned);
    if (end > MAX_HEAD || (end < 0 && this.#pending.length > MAX_HEAD))
      throw new Error(`Cannot read: more than ${MAX_HEAD} octets without an empty line`);
    if (end < 0) {
      this.#scanned = Math.max(0, this.#pending.length - 3);
      return undefined;
    }
    this.#scanned = end;
    const total = end + 4 + contentLength(this.#pending.slice(0, end));
    if (this.#pending.length < total) return undefined;
    const text = this.#pending.slice(0, total);
    this.#drop(total);
    return text;
  }

  #drop(length: number): void {
    this.#pending = this.#pending.slice(length);
    this.#scanned = 0;
  }
}

function contentLength(head: string): number {
  const lines = head.split(/\r\n(?![ \t])/);
  if (lines.some((line) => line.length > MAX_HEADER))
    throw new Error(`Cannot read: a header of more than ${MAX_HEADER} octets`);
  if (lines.length > MAX_HEADER_LINES) throw new Error(`Cannot read: more than ${MAX_HEADER_LINES} header lines`);
  const value = lines.map((line) => valueOf(line, 'content-length')).find((found) => found !== undefined);
  if (value === undefined) throw new Error('Cannot read: a message without Content-Length on a stream');
  if (!/^\d{1,7}$/.test(value)) throw new Error(`Cannot read: Content-Length ${value.slice(0, 20)}`);
  const length = Number(value);
  if (length > MAX_BODY) throw new Error(`Cannot read: a body of ${length} octets`);
  return length;
}

/** Undefined where the codec cannot read it or a header that every message needs is missing (RFC 3261 §8.1.1). */
export function read(text: string): Message | undefined {
  const message = sip.parse(text);
  if (!message) return undefined;
  const { via, from, to, cseq } = message.headers as Partial<Message['headers']>;
  const isWhole = via?.[0] !== undefined && from && to && cseq && message.headers['call-id'];
  if (!isWhole) return undefined;
  message.content = text.slice(text.indexOf('\r\n\r\n') + 4);
  return message;
}

/** The codec tolerates blanks and other versions in it; Microsoft does not (docs/teams-direct-routing.md I-10). */
export function isProperStart(text: string): boolean {
  const line = text.slice(0, text.indexOf('\r\n'));
  return /^(?:[A-Za-z0-9.!%*_+`'~-]+ \S+ SIP\/2\.0|SIP\/2\.0 [1-6]\d\d .*)$/.test(line);
}

/** A request whose first line cannot be read, as far as it takes to answer it. */
export function readBehindStart(text: string): Message | undefined {
  const end = text.indexOf('\r\n');
  const message = read(`OPTIONS sip:unreadable.invalid SIP/2.0${text.slice(end)}`);
  if (!message || text.startsWith('SIP/') || message.headers.cseq.method === 'ACK') return undefined;
  return { ...message, method: message.headers.cseq.method };
}

/** Header names in upper case, as Microsoft writes them. */
export function render(message: Message): string {
  const text = sip.stringify(message);
  const end = text.indexOf('\r\n\r\n');
  const lines = text.slice(0, end).split('\r\n');
  const head = lines.map((line, at) => {
    const colon = line.indexOf(':');
    return at === 0 || colon < 0
      ? line
      : line.slice(0, colon).toUpperCase() + ':' + ` ${line.slice(colon + 1).trimStart()}`;
  });
  return head.join('\r\n') + text.slice(end);
}

const COMPACT: Readonly<Record<string, string>> = {
  'call-id': 'i',
  contact: 'm',
  'content-length': 'l',
  'content-type': 'c',
  from: 'f',
  to: 't',
  via: 'v',
  supported: 'k',
  'referred-by': 'b',
  'refer-to': 'r',
  event: 'o',
  'session-expires': 'x',
};

/** Every value of a header as it stands in the text, byte for byte; folded lines are left out. */
export function rawValues(text: string, name: string): string[] {
  const head = text.slice(0, text.indexOf('\r\n\r\n'));
  const lines = head.split('\r\n').slice(1);
  return lines.map((line) => valueOf(line, name)).filter((value) => value !== undefined);
}

/** The first value, byte for byte. */
export const rawValue = (text: string, name: string): string | undefined => rawValues(text, name)[0];

/** Lists over several lines and commas in one; no value of those that are asked for has a quoted comma. */
export const tokensOf = (text: string, name: string): string[] =>
  rawValues(text, name)
    .flatMap((value) => value.split(','))
    .map((token) => token.trim())
    .filter((token) => token !== '');

function valueOf(line: string, name: string): string | undefined {
  const colon = line.indexOf(':');
  const found = line.slice(0, colon).trimEnd().toLowerCase();
  return found === name.toLowerCase() || found === COMPACT[name.toLowerCase()]
    ? line.slice(colon + 1).trim()
    : undefined;
}
