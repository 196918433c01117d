/** What a message is, from its first octets: for counters (a closed list) and for telling whether a connection is in use. */
import type { Message } from '../sip/message.ts';
import { knownMethodIn, methodNames } from '../sip/method-names.ts';

const METHODS: ReadonlySet<string> = new Set(methodNames);
const CLASSES = ['', '1xx', '2xx', '3xx', '4xx', '5xx', '6xx'] as const;
const OTHER = 'OTHER';
const VERSION = 'SIP/2.0 ';

/** `INVITE` or `2xx`; methods that no RFC of ours names are `OTHER`, so that a peer cannot make up counters. */
export function kindOfMessage(message: Message): string {
  if (message.isRequest) return METHODS.has(message.method) ? message.method : OTHER;
  return CLASSES[Math.trunc(message.status / 100)] ?? OTHER;
}

/** The same of a message that we have serialized. */
export function kindOfText(text: string): string {
  if (text.startsWith(VERSION)) return CLASSES[text.charCodeAt(VERSION.length) - 0x30] ?? OTHER;
  return knownMethodIn(text, 0, text.indexOf(' ')) ?? OTHER;
}

/** +1: a request that wants a response; -1: a final response; 0: ACK and provisional responses. */
export function exchangeOf(kind: string): -1 | 0 | 1 {
  const first = kind.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39) return kind === '1xx' ? 0 : -1;
  return kind === 'ACK' ? 0 : 1;
}
