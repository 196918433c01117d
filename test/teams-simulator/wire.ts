/** SIP on a TLS stream for the simulator: npm `sip` reads and writes the messages, this file cuts the stream. */
import sip, { type Message } from 'sip';

const MAX_HEAD = 65_536;
const MAX_BODY = 1_048_576;

/** Cuts by Content-Length (RFC 3261 §18.3) and skips the empty lines of keep-alives (RFC 5626 §3.5.1). */
export class Framer {
  #pending = '';

  /** Whole messages as text, latin1. Throws where the peer sends what cannot be SIP: then the connection is lost. */
  push(chunk: string): string[] {
    this.#pending += chunk;
    const texts: string[] = [];
    for (;;) {
      while (this.#pending.startsWith('\r\n')) this.#pending = this.#pending.slice(2);
      const end = this.#pending.indexOf('\r\n\r\n');
      if (end < 0) {
        if (this.#pending.length > MAX_HEAD)
          throw new Error(`Cannot read: more than ${MAX_HEAD} octets without an empty line`);
        return texts;
      }
      const match = /\r\n(?:content-length|l)[ \t]*:[ \t]*(\d{1,7})[ \t]*(?=\r\n|$)/i.exec(this.#pending.slice(0, end));
      if (!match) throw new Error('Cannot read: a message without Content-Length on a stream');
      const length = Number(match[1]);
      if (length > MAX_BODY) throw new Error(`Cannot read: a body of ${length} octets`);
      if (this.#pending.length < end + 4 + length) return texts;
      texts.push(this.#pending.slice(0, end + 4 + length));
      this.#pending = this.#pending.slice(end + 4 + length);
    }
  }
}

/** Undefined where the codec cannot read it or a header that every message needs is missing (RFC 3261 §8.1.1). */
export function read(text: string): Message | undefined {
  const message = sip.parse(text);
  if (!message) return undefined;
  const { via, from, to, cseq } = message.headers as Partial<Message['headers']>;
  const isWhole = via?.[0] !== undefined && from && to && cseq && message.headers['call-id'];
  return isWhole ? message : undefined;
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
