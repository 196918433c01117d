/**
 * What of one peer's words may stand in messages to another: whole, or left out. What we send must stay sendable: a copy of
 * 64 KiB that came over TLS fits into no datagram, and its call would be forgotten on the other side. Pure.
 */
import { detached } from '../sip/detached.ts';
import { formatReason, parseReason } from '../sip/reason-header.ts';

/** Octets of a Reason header's value; RFC 3326 means one line for a person. */
export const MAX_REASON = 256;
const MAX_REASONS = 4;
/** Beyond this nobody looks for a reason in a value. */
const MAX_READ_REASON = 8192;
/** Headers of an INVITE that cross, all together, and the octets of one: a User-to-User of RFC 7433 has 256 and its parameters. */
const MAX_HEADERS = 8;
const MAX_HEADER = 512;
const MAX_DISPLAY_NAME = 256;
/** Of a user part: a number and the parameters of RFC 4694 and RFC 4904. */
export const MAX_USER_PART = 256;
const MAX_PHRASE = 128;

/** The values of Reason headers: four at most; one that is too long keeps its protocol and its cause (RFC 3326). */
export function sendableReasons(values: readonly string[]): string[] {
  const sendable: string[] = [];
  for (const value of values) {
    if (sendable.length === MAX_REASONS) break;
    const short = value.length <= MAX_REASON ? detached(value) : withoutText(value);
    if (short !== undefined) sendable.push(short);
  }
  return sendable;
}

function withoutText(value: string): string | undefined {
  const first = value.length <= MAX_READ_REASON ? parseReason(value)[0] : undefined;
  if (first?.cause === undefined) return undefined;
  const short = formatReason({ protocol: first.protocol, cause: first.cause });
  return short.length <= MAX_REASON ? detached(short) : undefined;
}

/** Headers with these names, in the order of the names: eight at most, those that are too long left out. */
export function sendableHeaders(
  headers: { getAll(name: string): string[] },
  names: readonly string[],
): [string, string][] {
  const pairs: [string, string][] = [];
  for (const name of names) {
    const values = headers.getAll(name);
    for (const value of name === 'Reason' ? sendableReasons(values) : values) {
      if (value.length > MAX_HEADER) continue;
      if (pairs.length === MAX_HEADERS) return pairs;
      pairs.push([name, value]);
    }
  }
  return pairs;
}

/** A name that is too long is cut, between characters. */
export function sendableName(name: string): string {
  if (name.length <= MAX_DISPLAY_NAME) return detached(name);
  let end = MAX_DISPLAY_NAME;
  // RFC 3629 §3: octets 10xxxxxx continue a character.
  while (end > 0 && (name.charCodeAt(end) & 0xc0) === 0x80) end -= 1;
  return detached(name.slice(0, end));
}

/** The reason phrase of a refusal; undefined where the usual one has to do. */
export function sendablePhrase(phrase: string): string | undefined {
  return phrase === '' || phrase.length > MAX_PHRASE ? undefined : phrase;
}
