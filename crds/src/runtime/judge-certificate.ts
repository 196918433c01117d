/** What is wrong with a certificate of ours, or soon will be, in plain words: for the report, the log and `sbc local`. Pure. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

export interface CertificateFinding {
  /** Stays the same; docs/errors.md. */
  readonly code:
    | 'expired'
    | 'not-yet-valid'
    | 'expires-soon'
    | 'name-not-covered'
    | 'not-for-servers'
    | 'not-for-clients'
    | 'key-too-small'
    | 'key-not-rsa'
    | 'self-signed'
    | 'chain-incomplete';
  /** `error`: peers refuse it as it is. */
  readonly severity: 'error' | 'warning';
  /** A sentence with its remedy; no full stop. */
  readonly message: string;
}

const DAY_MS = 86_400_000;
/** Teams: its admin centre warns from then on as well. */
const WARN_DAYS = 30;
/** What OpenSSL and every public authority ask for. */
const MIN_RSA_BITS = 2048;
/** A file with more is no chain. */
const MAX_CHAIN = 20;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

// RFC 5280 §4.2.1.12.
const ANY_PURPOSE = '2.5.29.37.0';
const PURPOSES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  [ANY_PURPOSE]: 'any',
};

/** The certificates of a PEM text in their order; throws where one cannot be read. */
export function readChain(pem: string): readonly X509Certificate[] {
  return (pem.match(PEM) ?? []).slice(0, MAX_CHAIN).map((block) => new X509Certificate(block));
}

/** @param chain the leaf, then its intermediates @param names that the leaf must cover */
export function judgeCertificate(
  chain: readonly X509Certificate[],
  names: readonly string[],
  nowMs: number,
): readonly CertificateFinding[] {
  const [leaf] = chain;
  if (leaf === undefined) return [];
  return [
    ...dateFindings(leaf, nowMs),
    ...nameFindings(leaf, names),
    ...purposeFindings(leaf),
    ...keyFindings(leaf),
    ...chainFindings(leaf, chain),
  ];
}

/** Whole days until it ends; negative once it has. */
export function daysLeft(leaf: X509Certificate, nowMs: number): number {
  return Math.floor((leaf.validToDate.getTime() - nowMs) / DAY_MS);
}

/** `serverAuth`, `clientAuth`, `any`, or the identifier; undefined: the extension is absent, which means any. */
export function keyUsages(leaf: X509Certificate): readonly string[] | undefined {
  // Node types it as always present.
  const purposes = leaf.keyUsage as readonly string[] | undefined;
  return purposes?.map((purpose) => PURPOSES[purpose] ?? purpose);
}

export function dnsNames(leaf: X509Certificate): readonly string[] {
  return (leaf.subjectAltName ?? '')
    .split(', ')
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => entry.slice('DNS:'.length));
}

/** One label for a wildcard, the leftmost; the common name does not count (RFC 9525 §6.3). */
export function covers(leaf: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return leaf.checkIP(name) !== undefined;
  const rule = { subject: 'never', wildcards: true, partialWildcards: false, multiLabelWildcards: false } as const;
  return leaf.checkHost(name, rule) !== undefined;
}

const error = (code: CertificateFinding['code'], message: string) => ({ code, severity: 'error', message }) as const;
const warning = (code: CertificateFinding['code'], message: string) =>
  ({ code, severity: 'warning', message }) as const;

function dateFindings(leaf: X509Certificate, nowMs: number): CertificateFinding[] {
  const [from, until] = [leaf.validFromDate, leaf.validToDate];
  if (nowMs > until.getTime())
    return [error('expired', `expired on ${day(until)}: peers refuse it until it is renewed`)];
  if (nowMs < from.getTime())
    return [error('not-yet-valid', `is valid from ${day(from)} on: peers refuse it until then`)];
  const left = daysLeft(leaf, nowMs);
  if (left >= WARN_DAYS) return [];
  const days = left === 0 ? 'today' : left === 1 ? 'in 1 day' : `in ${String(left)} days`;
  return [warning('expires-soon', `expires ${days}, on ${day(until)}: renew it`)];
}

function nameFindings(leaf: X509Certificate, names: readonly string[]): CertificateFinding[] {
  const missing = [...new Set(names)].filter((name) => !covers(leaf, name));
  if (missing.length === 0) return [];
  return [
    error(
      'name-not-covered',
      `does not cover ${missing.join(', ')}: issue it with all names, a wildcard stands for one label`,
    ),
  ];
}

function purposeFindings(leaf: X509Certificate): CertificateFinding[] {
  const usages = keyUsages(leaf);
  if (usages === undefined || usages.includes('any')) return [];
  const findings: CertificateFinding[] = [];
  if (!usages.includes('serverAuth'))
    findings.push(error('not-for-servers', 'lacks the usage serverAuth: Microsoft refuses it, issue it for servers'));
  // Teams: asked for until 2025, since then waived "for the foreseeable future".
  if (!usages.includes('clientAuth'))
    findings.push(
      warning('not-for-clients', 'lacks the usage clientAuth: Microsoft takes it today and may ask for it again'),
    );
  return findings;
}

function keyFindings({ publicKey }: X509Certificate): CertificateFinding[] {
  const type = publicKey.asymmetricKeyType ?? 'unknown';
  if (type !== 'rsa' && type !== 'rsa-pss')
    return [
      warning(
        'key-not-rsa',
        `has a key of type ${type}: the TLS 1.2 suites that Microsoft lists are for RSA keys, issue it with RSA and ${String(MIN_RSA_BITS)} bits`,
      ),
    ];
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits >= MIN_RSA_BITS) return [];
  return [error('key-too-small', `has an RSA key of ${String(bits)} bits: allowed ${String(MIN_RSA_BITS)} or more`)];
}

function chainFindings(leaf: X509Certificate, chain: readonly X509Certificate[]): CertificateFinding[] {
  if (isIssuedBy(leaf, leaf))
    return [warning('self-signed', 'is signed by itself: Microsoft takes certificates of public authorities only')];
  const path = [leaf];
  for (let last: X509Certificate | undefined = leaf; last !== undefined && !isIssuedBy(last, last);) {
    const below: X509Certificate = last;
    last = chain.find((next) => !path.includes(next) && isIssuedBy(below, next));
    if (last !== undefined) path.push(last);
  }
  const top = path.at(-1) ?? leaf;
  // Public roots are not sent along: where intermediates stand in the file and all belong to the path, it may end there.
  if (isIssuedBy(top, top) || (path.length > 1 && path.length === chain.length)) return [];
  const issuer = issuerText(top) ?? 'it has no name';
  return [
    warning(
      'chain-incomplete',
      `comes without the certificate of its issuer (${issuer}): peers that lack it refuse ours, put all intermediates behind the leaf in tls.crt`,
    ),
  ];
}

/** Undefined where the issuer has an empty name, as cert-manager's self-signed issuers have: Node says so, its types do not. */
export function issuerText({ issuer }: { readonly issuer: string | undefined }): string | undefined {
  return issuer?.replaceAll('\n', ', ');
}

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate) =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

const day = (date: Date) => date.toISOString().slice(0, 10);
