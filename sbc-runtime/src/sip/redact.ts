/** Takes keys and credentials out of a message before it is shown to anyone (design.md §4.9). Linear in its length. */

const BLANK = '[redacted]';

const secretHeaders = new Set([
  'authorization',
  'proxy-authorization',
  'www-authenticate',
  'proxy-authenticate',
  'authentication-info',
  'proxy-authentication-info',
]);
const LONGEST_NAME = 'proxy-authentication-info'.length;

/** The same text with the values of secret headers and of SDP key lines blanked; lines and all else stay. */
export function redact(text: string): string {
  let redacted = '';
  let copied = 0;
  let isInSecret = false;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const next = newline < 0 ? text.length : newline + 1;
    const end = endWithoutBreak(text, start, next);
    const first = text.charCodeAt(start);
    // RFC 3261 §7.3.1: a folded line belongs to the header above it.
    const isFolded = first === 0x20 || first === 0x09;
    const secret: number = isFolded && isInSecret ? start + 1 : startOfSecret(text, start, end);
    isInSecret = secret >= 0 && (isFolded ? isInSecret : text[start + 1] !== '=');
    if (secret >= 0 && secret < end) {
      redacted += text.slice(copied, secret) + BLANK;
      copied = end;
    }
    start = next;
  }
  return copied === 0 ? text : redacted + text.slice(copied);
}

/** Where the secret part of this line begins; -1 where it has none. */
function startOfSecret(text: string, start: number, end: number): number {
  if (text.charCodeAt(start + 1) === 0x3d) return startOfSdpSecret(text, start, end);
  let colon = start;
  while (colon < end && colon - start <= LONGEST_NAME && text.charCodeAt(colon) !== 0x3a && !isGap(text, colon))
    colon++;
  if (colon === start || colon - start > LONGEST_NAME) return -1;
  if (!secretHeaders.has(text.slice(start, colon).toLowerCase())) return -1;
  while (colon < end && isGap(text, colon)) colon++;
  if (text.charCodeAt(colon) !== 0x3a) return -1;
  return text.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1;
}

function startOfSdpSecret(text: string, start: number, end: number): number {
  const head = text.slice(start, start + 11).toLowerCase();
  if (head.startsWith('k=')) return start + 2;
  if (head.startsWith('a=ice-pwd:')) return start + 10;
  if (head.startsWith('a=key-mgmt:')) return start + 11;
  if (!head.startsWith('a=crypto:')) return -1;
  // RFC 4568 §9.1: tag and suite may be read, key-params start at `inline:`.
  const line = text.slice(start, end).toLowerCase();
  const inline = line.indexOf('inline:');
  return inline < 0 ? start + 9 : start + inline + 7;
}

function isGap(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}

function endWithoutBreak(text: string, start: number, next: number): number {
  let end = next;
  while (end > start && (text.charCodeAt(end - 1) === 0x0a || text.charCodeAt(end - 1) === 0x0d)) end--;
  return end;
}
