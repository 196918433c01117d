/**
 * Judges a peer's certificate ourselves. Node would check the purpose first: a certificate for servers only, which is
 * what Microsoft dials with, is refused, and the same code hides an untrusted root. Pure: chain, roots, rule, time.
 */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { pathLength } from './path-length.ts';

export type CertificateRefusal =
  | 'no-certificate'
  | 'untrusted-root'
  | 'expired'
  | 'not-yet-valid'
  | 'name-mismatch'
  | 'wrong-purpose'
  | 'leaf-is-ca'
  | 'too-deep';

/** What a peer's chain must be good for, whatever name it carries. */
export interface ChainRule {
  readonly roots: readonly X509Certificate[];
  /** `server`: we dialled it. `client`: it dialled us. */
  readonly role: 'server' | 'client';
  /** Teams: its client certificates carry serverAuth alone since 2026. For other peers that dial us: false. */
  readonly acceptServerAuthFromClient: boolean;
}

export interface PeerRule extends ChainRule {
  /** The leaf must carry one of these in its subjectAltName: DNS names, or IP literals. */
  readonly names: readonly string[];
}

/** Certificates on a path, root included. Public chains have three or four. */
const MAX_DEPTH = 8;
/** Certificates that are looked at; a peer that sends more hides its path in noise. */
export const MAX_CHAIN = 10;
export const MAX_MODULUS_BITS = 8192;
export const MAX_EXPONENT_BITS = 32;
const MAX_EXPONENT = 2n ** BigInt(MAX_EXPONENT_BITS);

// RFC 5280 §4.2.1.12.
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_PURPOSE = '2.5.29.37.0';

/** `chain`: the leaf first, then whatever else the peer sent, in any order. */
export function verifyPeer(
  chain: readonly X509Certificate[],
  rule: PeerRule,
  nowMs: number,
): 'ok' | CertificateRefusal {
  const verdict = verifyChain(chain, rule, nowMs);
  if (verdict !== 'ok') return verdict;
  const [leaf] = chain;
  return leaf !== undefined && carriesName(leaf, rule.names) ? 'ok' : 'name-mismatch';
}

/** Everything but the name: path to a root, dates along it, and what the leaf may be used for. */
export function verifyChain(
  chain: readonly X509Certificate[],
  rule: ChainRule,
  nowMs: number,
): 'ok' | CertificateRefusal {
  const [leaf] = chain;
  if (leaf === undefined) return 'no-certificate';
  // A self-signed certificate that stands in the bundle itself was trusted by name; openssl marks such ones as CA.
  const isPinned = rule.roots.some((root) => root.fingerprint256 === leaf.fingerprint256);
  if (leaf.ca && !isPinned) return 'leaf-is-ca';
  const search: PathSearch = { chain: chain.slice(0, MAX_CHAIN), roots: rule.roots, rule, nowMs, seen: new Set() };
  const path = pathToRoot(leaf, search, 1);
  if (path !== 'ok') return path === 'untrusted-root' && chain.length > MAX_CHAIN ? 'too-deep' : path;
  return isPurposeRight(leaf, rule) ? 'ok' : 'wrong-purpose';
}

/** A wildcard stands for exactly one label, the leftmost one (RFC 6125 §6.4.3). The subject's CN does not count. */
export function carriesName(leaf: X509Certificate, names: readonly string[]): boolean {
  return names.some((name) =>
    isIP(name) === 0
      ? leaf.checkHost(name, {
          subject: 'never',
          wildcards: true,
          partialWildcards: false,
          multiLabelWildcards: false,
        }) !== undefined
      : leaf.checkIP(name) !== undefined,
  );
}

interface PathSearch {
  readonly chain: readonly X509Certificate[];
  readonly roots: readonly X509Certificate[];
  readonly rule: ChainRule;
  readonly nowMs: number;
  /** A certificate is tried as a link once: cross-signed chains cannot make the search exponential. */
  readonly seen: Set<string>;
}

/** `depth`: 1 for the leaf; so `depth - 1` CA certificates stand below whatever issued `current`. */
function pathToRoot(current: X509Certificate, search: PathSearch, depth: number): 'ok' | CertificateRefusal {
  if (depth > MAX_DEPTH) return 'too-deep';
  search.seen.add(current.fingerprint256);
  const dates = checkDates(current, search.nowMs);
  if (dates !== 'ok') return dates;
  if (search.roots.some((root) => root.fingerprint256 === current.fingerprint256)) return 'ok';
  let refusal: CertificateRefusal = 'untrusted-root';
  for (const root of search.roots) {
    if (!root.ca || !isIssuedBy(current, root)) continue;
    const verdict = pathLength(root) < depth - 1 ? 'too-deep' : checkDates(root, search.nowMs);
    if (verdict === 'ok') return 'ok';
    refusal = verdict;
  }
  for (const next of search.chain) {
    if (!next.ca || search.seen.has(next.fingerprint256) || !isIssuedBy(current, next)) continue;
    // An authority for mail or code under a trusted root vouches for no server.
    const verdict = !isPurposeRight(next, search.rule)
      ? 'wrong-purpose'
      : pathLength(next) < depth - 1
        ? 'too-deep'
        : pathToRoot(next, search, depth + 1);
    if (verdict === 'ok') return 'ok';
    if (refusal === 'untrusted-root') refusal = verdict;
  }
  return refusal;
}

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate) =>
  certificate.checkIssued(issuer) && !isKeyCostly(issuer) && certificate.verify(issuer.publicKey);

/** An RSA key that takes milliseconds for one signature; public authorities use 65537 and at most 4096 bits. */
function isKeyCostly(certificate: X509Certificate): boolean {
  const { modulusLength = 0, publicExponent = 0n } = certificate.publicKey.asymmetricKeyDetails ?? {};
  return modulusLength > MAX_MODULUS_BITS || publicExponent > MAX_EXPONENT;
}

/** OpenSSL has verified it already; whoever sends such a chain is not to send another one soon. */
export function isCostly(chain: readonly X509Certificate[], maxBytes: number): boolean {
  let octets = 0;
  for (const { raw } of chain) octets += raw.length;
  return chain.length > MAX_CHAIN || octets > maxBytes || chain.some(isKeyCostly);
}

function checkDates(certificate: X509Certificate, nowMs: number): 'ok' | CertificateRefusal {
  if (nowMs < certificate.validFromDate.getTime()) return 'not-yet-valid';
  return nowMs > certificate.validToDate.getTime() ? 'expired' : 'ok';
}

function isPurposeRight(certificate: X509Certificate, rule: ChainRule): boolean {
  // Node types this as always present; it is undefined where the extension is absent, which means any purpose.
  const purposes = certificate.keyUsage as readonly string[] | undefined;
  if (purposes === undefined || purposes.includes(ANY_PURPOSE)) return true;
  if (rule.role === 'server') return purposes.includes(SERVER_AUTH);
  return purposes.includes(CLIENT_AUTH) || (rule.acceptServerAuthFromClient && purposes.includes(SERVER_AUTH));
}
