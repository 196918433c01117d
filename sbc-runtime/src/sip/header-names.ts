/** Header names: one lower-case key for every spelling, compact forms included (RFC 3261 §7.3.3 and the IANA registry). */
import { WordTable } from './word-table.ts';

const compactForms: readonly (readonly [string, string])[] = [
  ['a', 'accept-contact'], // RFC 3841
  ['b', 'referred-by'], // RFC 3892
  ['c', 'content-type'],
  ['d', 'request-disposition'], // RFC 3841
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['j', 'reject-contact'], // RFC 3841
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['n', 'identity-info'], // RFC 4474
  ['o', 'event'], // RFC 6665
  ['r', 'refer-to'], // RFC 3515
  ['s', 'subject'],
  ['t', 'to'],
  ['u', 'allow-events'], // RFC 6665
  ['v', 'via'],
  ['x', 'session-expires'], // RFC 4028
  ['y', 'identity'], // RFC 8224
];

const usualNames = [
  'Accept',
  'Accept-Contact',
  'Accept-Encoding',
  'Accept-Language',
  'Alert-Info',
  'Allow',
  'Allow-Events',
  'Authorization',
  'Call-ID',
  'Call-Info',
  'Contact',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'CSeq',
  'Date',
  'Diversion',
  'Event',
  'Expires',
  'From',
  'History-Info',
  'Identity',
  'Max-Forwards',
  'Min-Expires',
  'Min-SE',
  'P-Asserted-Identity',
  'P-Early-Media',
  'P-Preferred-Identity',
  'Path',
  'Privacy',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Require',
  'RAck',
  'Reason',
  'Record-Route',
  'Refer-Sub',
  'Refer-To',
  'Referred-By',
  'Remote-Party-ID',
  'Replaces',
  'Require',
  'Retry-After',
  'Route',
  'RSeq',
  'Server',
  'Session-Expires',
  'Session-ID',
  'Subject',
  'Subscription-State',
  'Supported',
  'Timestamp',
  'To',
  'Unsupported',
  'User-Agent',
  'Via',
  'Warning',
  'WWW-Authenticate',
  'X-MS-MediaPath',
  'X-MS-UserLocation',
];

/** A header name as it stands in messages, and its key. Both are constants: they keep no message alive. */
export interface HeaderName {
  readonly spelling: string;
  readonly key: string;
}

function* spellings(): Generator<[string, HeaderName]> {
  for (const name of usualNames) {
    const key = name.toLowerCase();
    // Teams: writes every name in capitals.
    for (const spelling of [name, key, name.toUpperCase()]) yield [spelling, { spelling, key }];
  }
  for (const [letter, key] of compactForms) {
    for (const spelling of [letter, letter.toUpperCase()]) yield [spelling, { spelling, key }];
  }
}

const inMessages = new WordTable(spellings());
/** For names that we write ourselves: constants, which V8 looks up without a copy. */
const keys = new Map(Array.from(spellings(), ([spelling, { key }]) => [spelling, key]));

/** The name that stands in `text` from `from` up to `to`; undefined for names and spellings that are rare. */
export function usualNameIn(text: string, from: number, to: number): HeaderName | undefined {
  return inMessages.find(text, from, to);
}

/** The key of a usual spelling; undefined for names and spellings that are rare. One look-up, no allocation. */
export function usualKey(name: string): string | undefined {
  return keys.get(name);
}

/** `Via`, `VIA` and `v` are all `via`. */
export function keyOf(name: string): string {
  const usual = keys.get(name);
  if (usual !== undefined) return usual;
  const lower = name.toLowerCase();
  return keys.get(lower) ?? lower;
}
