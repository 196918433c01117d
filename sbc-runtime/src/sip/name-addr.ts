/** `"Name" <uri>;params`, the value of From, To, Contact, Route and their kin (RFC 3261 §20.10, §25.1). */
import {
  COLON,
  COMMA,
  GREATER,
  LESS,
  QUESTION,
  QUOTE,
  SEMICOLON,
  endOfQuoted,
  isBlank,
  isTokenCode,
  skipBlanks,
  trimBlanks,
  unquote,
} from './characters.ts';
import { Params, scanHeaderParams } from './params.ts';

export class NameAddr {
  /** Without quotes and escapes. */
  readonly displayName: string | undefined;
  /** As written, without the angle brackets. `*` in a Contact that takes all registrations back. */
  readonly uri: string;
  /** Shared with the message that this was read from: `clone` before a change. */
  readonly params: Params;

  constructor(uri: string, params: Params = new Params(), displayName?: string) {
    this.uri = uri;
    this.params = params;
    this.displayName = displayName;
  }

  /** RFC 3261 §19.3; an empty one counts as none. */
  get tag(): string | undefined {
    const tag = this.params.get('tag');
    return tag === '' ? undefined : tag;
  }
}

/** One element of such a header. Undefined where malformed; unquoted names of any kind are read leniently. */
export function parseNameAddr(text: string): NameAddr | undefined {
  const params = new Params();
  const found = scanNameAddr(text, params);
  return found === undefined || found.end < text.length ? undefined : found.nameAddr;
}

/** The first element of a header value that may be a comma-separated list. */
export function parseFirstNameAddr(text: string): NameAddr | undefined {
  return scanNameAddr(text, new Params())?.nameAddr;
}

interface Found {
  readonly nameAddr: NameAddr;
  /** Where the element ends: at a comma, or at the end of the text. */
  readonly end: number;
}

function scanNameAddr(text: string, params: Params): Found | undefined {
  const start = skipBlanks(text, 0);
  let open = start;
  let displayName: string | undefined;
  if (text.charCodeAt(start) === QUOTE) {
    const end = endOfQuoted(text, start);
    if (end < 0) return undefined;
    displayName = unquote(text.slice(start, end));
    open = skipBlanks(text, end);
    if (text.charCodeAt(open) !== LESS) return undefined;
  } else if (text.charCodeAt(start) !== LESS) {
    open = text.indexOf('<', start);
    if (open < 0 || isBareUri(text, start, open)) return scanBareUri(text, start, params);
    // Interop: names that should be quoted and are not, such as UTF-8 or `Bell, Alexander` (RFC 4475 §3.1.2.15).
    displayName = trimBlanks(text, start, open);
  }
  const close = text.indexOf('>', open);
  if (close < 0) return undefined;
  const uri = text.slice(open + 1, close);
  if (uri.indexOf(':') < 1) return undefined;
  const end = scanHeaderParams(text, close + 1, params, false);
  return end < 0 ? undefined : { nameAddr: new NameAddr(uri, params, displayName), end };
}

/** `sip:a@b;x="<sip:c@d>"`: the bracket stands in a quoted parameter, and not around the URI. */
function isBareUri(text: string, start: number, open: number): boolean {
  const quote = text.indexOf('"', start);
  if (quote < 0 || quote > open) return false;
  let at = start;
  while (isTokenCode(text.charCodeAt(at))) at++;
  return at > start && text.charCodeAt(at) === COLON;
}

/** RFC 3261 §20.10: without brackets every parameter is the header's, and a URI with `?` or a comma is not allowed. */
function scanBareUri(text: string, start: number, params: Params): Found | undefined {
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === SEMICOLON || code === COMMA || isBlank(code)) break;
    if (code === QUESTION || code === QUOTE || code === GREATER) return undefined;
  }
  const uri = text.slice(start, end);
  if (uri.indexOf(':') < 1 && uri !== '*') return undefined;
  const stop = scanHeaderParams(text, end, params, false);
  return stop < 0 ? undefined : { nameAddr: new NameAddr(uri, params), end: stop };
}
