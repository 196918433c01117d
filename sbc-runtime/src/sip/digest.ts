/** Digest authentication as the one who is asked (RFC 3261 §22, RFC 7616, RFC 8760). Pure: cnonce and count come from outside. */
import { createHash } from 'node:crypto';
import { isTokenCode } from './characters.ts';
import { detached } from './detached.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Only challenges of this realm are answered. @default any */
  readonly realm?: string;
}

export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly hash: 'md5' | 'sha256' | 'sha512-256';
  /** RFC 7616 §3.4.2: the key holds the first nonce and cnonce. */
  readonly isSession: boolean;
  /** As the challenge wrote it; undefined where it named none: MD5. */
  readonly algorithm: string | undefined;
  /** False: RFC 2069, a response without cnonce and count. */
  readonly hasQop: boolean;
  /** The credentials were right, the nonce was too old. */
  readonly isStale: boolean;
}

/** What one request adds to a challenge. */
export interface DigestUse {
  readonly method: string;
  /** The request URI as it is sent. */
  readonly uri: string;
  readonly credentials: Credentials;
  /** The same for all requests of one nonce. */
  readonly cnonce: string;
  /** How many requests carry this nonce, this one included. */
  readonly count: number;
}

/** Longer challenges are nobody's. */
const MAX_CHALLENGE = 4096;

/** RFC 8760 §2.1, the strongest last. */
const strengths: readonly DigestChallenge['hash'][] = ['md5', 'sha256', 'sha512-256'];

const hashes: ReadonlyMap<string, DigestChallenge['hash']> = new Map([
  ['md5', 'md5'],
  ['sha-256', 'sha256'],
  ['sha-512-256', 'sha512-256'],
]);

/** The value of one WWW-Authenticate or Proxy-Authenticate line; undefined where it is none that we can answer. */
export function parseChallenge(value: string): DigestChallenge | undefined {
  const params = digestParams(value);
  const realm = params?.get('realm');
  const nonce = params?.get('nonce');
  if (params === undefined || realm === undefined || nonce === undefined) return undefined;
  const algorithm = params.get('algorithm');
  const named = (algorithm ?? 'MD5').toLowerCase();
  const isSession = named.endsWith('-sess');
  const hash = hashes.get(isSession ? named.slice(0, -'-sess'.length) : named);
  const qop = params.get('qop');
  // `auth-int` is not offered: it would cover a body that SBCs on the way rewrite.
  if (hash === undefined || (qop !== undefined && !offersAuth(qop))) return undefined;
  return {
    ...{ realm, nonce, hash, isSession, algorithm },
    opaque: params.get('opaque'),
    hasQop: qop !== undefined,
    isStale: params.get('stale')?.toLowerCase() === 'true',
  };
}

/** True where `one` protects the password better, or as well. */
export function isAsStrong(one: DigestChallenge, other: DigestChallenge): boolean {
  return strengths.indexOf(one.hash) >= strengths.indexOf(other.hash);
}

/** The value of Authorization or Proxy-Authorization (RFC 7616 §3.4). */
export function authorization(challenge: DigestChallenge, use: DigestUse): string {
  const { realm, nonce, opaque, algorithm, hasQop, isSession } = challenge;
  const count = use.count.toString(16).padStart(8, '0');
  const parts = [
    `username=${quoted(use.credentials.username)}`,
    // Realm, nonce and opaque go back with the escapes that they came with, and are hashed with them (RFC 7616 §3.3, unq).
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri=${quoted(use.uri)}`,
    `response="${responseOf(challenge, use, count)}"`,
  ];
  if (algorithm !== undefined) parts.push(`algorithm=${algorithm}`);
  if (hasQop || isSession) parts.push(`cnonce="${use.cnonce}"`);
  if (opaque !== undefined) parts.push(`opaque="${opaque}"`);
  // RFC 3261 §22.4 and RFC 7616 §3.4: neither stands in quotes.
  if (hasQop) parts.push('qop=auth', `nc=${count}`);
  return `Digest ${parts.join(', ')}`;
}

function responseOf(
  challenge: DigestChallenge,
  { method, uri, credentials, cnonce }: DigestUse,
  count: string,
): string {
  const { hash, nonce, realm, isSession, hasQop } = challenge;
  const digest = (text: string) => createHash(hash).update(text, 'latin1').digest('hex');
  const user = digest(`${credentials.username}:${realm}:${credentials.password}`);
  const key = isSession ? digest(`${user}:${nonce}:${cnonce}`) : user;
  const asked = digest(`${method}:${uri}`);
  return digest(hasQop ? `${key}:${nonce}:${count}:${cnonce}:auth:${asked}` : `${key}:${nonce}:${asked}`);
}

function offersAuth(qop: string): boolean {
  return qop.split(',').some((option) => option.trim().toLowerCase() === 'auth');
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** `Digest a="x", b=y` by lower-case name, values without their quotes; undefined for other schemes and other grammar. */
function digestParams(value: string): ReadonlyMap<string, string> | undefined {
  if (value.length > MAX_CHALLENGE || !/^digest[ \t]/i.test(value)) return undefined;
  const params = new Map<string, string>();
  for (let at = 'digest'.length; ;) {
    at = afterGaps(value, at);
    if (at >= value.length) return params;
    const end = afterToken(value, at);
    const equals = afterBlanks(value, end);
    if (end === at || value[equals] !== '=') return undefined;
    const from = afterBlanks(value, equals + 1);
    const isQuoted = value[from] === '"';
    const to = isQuoted ? closingQuote(value, from) : afterToken(value, from);
    if (to < 0) return undefined;
    const name = value.slice(at, end).toLowerCase();
    // A second value of the same name is somebody else's.
    if (!params.has(name)) params.set(name, detached(value.slice(isQuoted ? from + 1 : from, to)));
    at = afterBlanks(value, isQuoted ? to + 1 : to);
    if (at < value.length && value[at] !== ',') return undefined;
  }
}

function afterGaps(value: string, from: number): number {
  let at = from;
  while (value[at] === ' ' || value[at] === '\t' || value[at] === ',') at++;
  return at;
}

function afterBlanks(value: string, from: number): number {
  let at = from;
  while (value[at] === ' ' || value[at] === '\t') at++;
  return at;
}

function afterToken(value: string, from: number): number {
  let at = from;
  while (at < value.length && isTokenCode(value.charCodeAt(at))) at++;
  return at;
}

/** Of the quoted text that begins at `from`; -1 where it never ends. */
function closingQuote(value: string, from: number): number {
  for (let at = from + 1; at < value.length; at++) {
    if (value[at] === '\\') at++;
    else if (value[at] === '"') return at;
  }
  return -1;
}
