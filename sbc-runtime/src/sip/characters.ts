/** Character classes of RFC 3261 §25.1 on latin1 text: one character is one octet, so 0x80–0xFF are UTF-8 parts. */

const SPACE = 0x20;
export const TAB = 0x09;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const QUESTION = 0x3f;
export const BACKSLASH = 0x5c;
export const LESS = 0x3c;
export const GREATER = 0x3e;

const TOKEN = 1;
const HOST = 2;

const classes = new Uint8Array(0x10000);
for (let code = 0x21; code < 0x7f; code++) {
  const character = String.fromCharCode(code);
  if (/[A-Za-z0-9\-.!%*_+`'~]/.test(character)) classes[code] = TOKEN;
  // Interop: underscores in host names are not RFC 1123, and are met inside clusters and PBXs.
  if (/[A-Za-z0-9\-._]/.test(character)) classes[code] = TOKEN | HOST;
}

export function isTokenCode(code: number): boolean {
  return ((classes[code] ?? 0) & TOKEN) !== 0;
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** RFC 3261 §25.1 token: a method, a header name, a parameter name. */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isTokenCode(text.charCodeAt(at))) return false;
  return text.length > 0;
}

/** A host name or an IPv4 address; names are not looked at more closely than their letters. */
export function isHostName(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (((classes[text.charCodeAt(at)] ?? 0) & HOST) === 0) return false;
  return text.length > 0;
}

/** The characters of an IPv6 address; whether it is one is for whoever dials it. */
export function isIpv6Text(text: string): boolean {
  let colons = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COLON) colons++;
    else if (code !== 0x2e && !isHexDigit(code)) return false;
  }
  return colons >= 2 && text.length <= 45;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}

export function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** Without surrounding spaces and tabs. Not `trim`: it takes 0xA0 away, half of a UTF-8 `à`. */
export function trimBlanks(text: string, from = 0, to = text.length): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** 1*DIGIT as a number, at most `max`; anything else is undefined. Leading zeros are allowed (RFC 4475 §3.1.1.1). */
export function parseDigits(text: string, max: number): number | undefined {
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
    if (value > max) return undefined;
  }
  return text.length > 0 ? value : undefined;
}

/** The position after the closing quote of the quoted string that opens at `from`; -1 where it never closes. */
export function endOfQuoted(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at + 1;
  }
  return -1;
}

/** The content of a quoted string, escapes resolved; text that is not quoted comes back as it is. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== QUOTE || text.length < 2) return text;
  const inner = text.slice(1, text.charCodeAt(text.length - 1) === QUOTE ? -1 : undefined);
  if (!inner.includes('\\')) return inner;
  let plain = '';
  for (let at = 0; at < inner.length; at++) {
    if (inner.charCodeAt(at) === BACKSLASH && at + 1 < inner.length) at++;
    plain += inner.charAt(at);
  }
  return plain;
}

/**
 * A quoted string of the text (RFC 3261 §25.1), quotes and backslashes escaped. Control characters, which a peer may
 * escape and nobody means, are left out.
 */
export function quote(text: string): string {
  let quoted = '';
  let copied = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isControl = (code < SPACE && code !== TAB) || code === 0x7f;
    if (!isControl && code !== QUOTE && code !== BACKSLASH) continue;
    quoted += isControl ? text.slice(copied, at) : `${text.slice(copied, at)}\\${text.charAt(at)}`;
    copied = at + 1;
  }
  return `"${quoted}${text.slice(copied)}"`;
}

export function hasLineBreak(text: string): boolean {
  return text.includes('\n') || text.includes('\r');
}
