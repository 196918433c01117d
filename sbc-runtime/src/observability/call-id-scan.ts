/**
 * The Call-ID of a SIP message (RFC 3261 §20.8) in octets that nobody has parsed: whole header lines of the head only, each
 * octet looked at once, whatever a peer has put there. Pure.
 */

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const LOWER_CASE = 0x20;
const COMPACT_FORM = 'i'.charCodeAt(0);
const FULL_FORM = Buffer.from('call-id', 'latin1');

/** Without the white space around it; undefined where the head has no such line. Looks from `start` to in front of `end`. */
export function callIdIn(octets: Buffer, start: number, end: number): string | undefined {
  let at = start;
  // RFC 3261 §7.5: empty lines in front of the start line.
  while (at < end && isLineEnd(octets[at])) at += 1;
  for (at = nextLine(octets, at, end); at < end && !isLineEnd(octets[at]); at = nextLine(octets, at, end)) {
    const value = valueStart(octets, at, end);
    if (value === -1) continue;
    let valueEnd = value;
    while (valueEnd < end && !isLineEnd(octets[valueEnd])) valueEnd += 1;
    while (valueEnd > value && isBlank(octets[valueEnd - 1])) valueEnd -= 1;
    return octets.toString('latin1', value, valueEnd);
  }
  return undefined;
}

function nextLine(octets: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && octets[at] !== LF) at += 1;
  return at + 1;
}

/** -1 where the line that begins at `line` is another header. */
function valueStart(octets: Buffer, line: number, end: number): number {
  let at = line + nameLength(octets, line);
  if (at === line) return -1;
  while (at < end && isBlank(octets[at])) at += 1;
  if (octets[at] !== COLON) return -1;
  at += 1;
  while (at < end && isBlank(octets[at])) at += 1;
  // RFC 3261 §7.3.1: the value may begin on the next line, behind white space.
  if (octets[at] === CR && octets[at + 1] === LF && at + 2 < end && isBlank(octets[at + 2])) {
    at += 3;
    while (at < end && isBlank(octets[at])) at += 1;
  }
  return at < end ? at : -1;
}

/** Of the header's name in either form; 0 where it is another. */
function nameLength(octets: Buffer, line: number): number {
  const first = lowerCase(octets[line]);
  if (first === COMPACT_FORM) return 1;
  if (first !== FULL_FORM[0]) return 0;
  for (let index = 1; index < FULL_FORM.length; index += 1)
    if (lowerCase(octets[line + index]) !== FULL_FORM[index]) return 0;
  return FULL_FORM.length;
}

function lowerCase(octet: number | undefined): number {
  return (octet ?? 0) | LOWER_CASE;
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}

function isLineEnd(octet: number | undefined): boolean {
  return octet === CR || octet === LF;
}
