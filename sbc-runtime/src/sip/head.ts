/** Splits a message head into its start line and header lines (RFC 3261 §7, §7.3.1). One pass, linear in its length. */
import { BACKSLASH, COLON, QUOTE, TAB, isBlank, isTokenCode, trimBlanks } from './characters.ts';
import { keyOf, usualNameIn } from './header-names.ts';
import { Headers } from './headers.ts';

/** More header lines than any honest message has. */
export const MAX_HEADER_LINES = 256;

export interface Head {
  readonly startLine: string;
  readonly headers: Headers;
  /** A line is no header; the others are there all the same, to answer from. */
  readonly isMalformed: boolean;
  readonly isTooLarge: boolean;
}

/** `head` without the empty line at its end. */
export function splitHead(head: string): Head {
  const startEnd = head.indexOf('\r\n');
  const names: string[] = [];
  const keys: string[] = [];
  const values: string[] = [];
  let isMalformed = false;
  let at = startEnd < 0 ? head.length : startEnd + 2;
  while (at < head.length && keys.length < MAX_HEADER_LINES) {
    let end = head.indexOf('\r\n', at);
    if (end < 0) end = head.length;
    let isFolded = false;
    while (end + 2 < head.length && isBlank(head.charCodeAt(end + 2))) {
      isFolded = true;
      end = head.indexOf('\r\n', end + 2);
      if (end < 0) end = head.length;
    }
    let nameEnd = at;
    while (nameEnd < end && isTokenCode(head.charCodeAt(nameEnd))) nameEnd++;
    let colon = nameEnd;
    // RFC 3261 §25.1 HCOLON: blanks may stand before the colon.
    while (colon < end && isBlank(head.charCodeAt(colon))) colon++;
    if (nameEnd === at || head.charCodeAt(colon) !== COLON || colon >= end) isMalformed = true;
    else {
      const usual = usualNameIn(head, at, nameEnd);
      const name = usual?.spelling ?? head.slice(at, nameEnd);
      names.push(name);
      keys.push(usual?.key ?? keyOf(name));
      values.push(isFolded ? unfold(head.slice(colon + 1, end)) : trimBlanks(head, colon + 1, end));
    }
    at = end + 2;
  }
  const startLine = startEnd < 0 ? head : head.slice(0, startEnd);
  return { startLine, headers: Headers.adopt(names, keys, values), isMalformed, isTooLarge: at < head.length };
}

/**
 * True for control characters outside quoted pairs (RFC 3261 §25.1 quoted-pair), and for line breaks other than CRLF:
 * what one parser takes for a new line another does not.
 */
export function hasControlCharacters(head: string): boolean {
  for (let at = 0; at < head.length; at++) {
    const code = head.charCodeAt(at);
    if (code >= 0x20 && code !== 0x7f) continue;
    if (code === 0x0d && head.charCodeAt(at + 1) === 0x0a) at++;
    else if (code !== TAB) return hasUnquotedControl(head);
  }
  return false;
}

function hasUnquotedControl(head: string): boolean {
  let isQuoted = false;
  for (let at = 0; at < head.length; at++) {
    const code = head.charCodeAt(at);
    if (code === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted && code === BACKSLASH && !isLineBreak(head.charCodeAt(at + 1))) at++;
    else if (code === 0x0d && head.charCodeAt(at + 1) === 0x0a) {
      at++;
      isQuoted = isQuoted && isBlank(head.charCodeAt(at + 1));
    } else if ((code < 0x20 && code !== TAB) || code === 0x7f) return true;
  }
  return false;
}

function isLineBreak(code: number): boolean {
  return code === 0x0d || code === 0x0a;
}

/** RFC 3261 §7.3.1: a line break with the blanks around it is one space. */
function unfold(value: string): string {
  let unfolded = '';
  for (const line of value.split('\r\n')) {
    const part = trimBlanks(line);
    if (part !== '') unfolded += unfolded === '' ? part : ` ${part}`;
  }
  return unfolded;
}
