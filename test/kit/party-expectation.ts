/** What a scenario says about a message that a party gets; all that it does not say is free. */
import sip, { type Message } from 'sip';
import { uriOf } from './party-dialog.ts';
import { mediaKindOf, type MediaKind } from './party-media.ts';
import { directionOf, type Direction } from '../teams-simulator/media.ts';

export interface Expectation {
  /** User of To and, in a request, of the request URI. */
  readonly to?: string;
  /** User of From. */
  readonly from?: string;
  readonly offer?: MediaKind | 'none';
  readonly answer?: MediaKind | 'none';
  readonly direction?: Direction;
  /** By lower-case name: equal, matching, or absent (null). */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  readonly uri?: string | RegExp;
  /** Reason phrase. */
  readonly phrase?: string | RegExp;
  readonly body?: RegExp;
  /** Gives the call this name, for `sends`. */
  readonly call?: string;
  /** Milliseconds to wait. Default: 5000. */
  readonly within?: number;
}

/** What is wrong, in words; undefined where all is as expected. */
export function mismatch(message: Message, expectation: Expectation): string | undefined {
  const { to, from, offer, answer, direction, headers = {}, uri, phrase, body } = expectation;
  const content = message.content ?? '';
  const toUser = uriOf(message.headers.to)?.user;
  const fromUser = uriOf(message.headers.from)?.user;
  const media = offer ?? answer;
  if (to !== undefined && toUser !== to) return `To is ${toUser ?? 'without a user'}, not ${to}`;
  if (to !== undefined && message.uri !== undefined && sip.parseUri(message.uri)?.user !== to)
    return `request URI is ${message.uri}, not for ${to}`;
  if (from !== undefined && fromUser !== from) return `From is ${fromUser ?? 'without a user'}, not ${from}`;
  if (media !== undefined && mediaKindOf(content) !== media)
    return `its description is ${mediaKindOf(content)}, not ${media}`;
  if (direction !== undefined && directionOf(content) !== direction)
    return `its direction is ${directionOf(content)}, not ${direction}`;
  if (uri !== undefined && !fits(message.uri, uri)) return `request URI is ${message.uri ?? ''}, not ${String(uri)}`;
  if (phrase !== undefined && !fits(message.reason, phrase))
    return `reason phrase is ${message.reason ?? ''}, not ${String(phrase)}`;
  if (body !== undefined && !body.test(content)) return `its body does not match ${String(body)}`;
  for (const [name, wanted] of Object.entries(headers)) {
    const value = headerText(message, name);
    if (wanted === null ? value !== undefined : !fits(value, wanted)) {
      return `${name} is ${value ?? 'absent'}, not ${wanted === null ? 'absent' : String(wanted)}`;
    }
  }
  return undefined;
}

const fits = (value: string | undefined, wanted: string | RegExp): boolean =>
  value !== undefined && (typeof wanted === 'string' ? value === wanted : wanted.test(value));

/** The codec takes some headers apart; written again they are text. */
function headerText(message: Message, name: string): string | undefined {
  const value = message.headers[name];
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  const lines = sip.stringify({ status: 200, reason: 'OK', headers: { ...emptyHeaders, [name]: value } }).split('\r\n');
  const prefix = `${name}:`;
  const line = lines.find((each) => each.toLowerCase().startsWith(prefix));
  return line?.slice(prefix.length).trim();
}

const emptyHeaders = {
  via: [],
  from: { uri: '', params: {} },
  to: { uri: '', params: {} },
  'call-id': '',
  cseq: { seq: 0, method: '' },
};
