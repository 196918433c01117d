/** Our certificates and the trust roots, read from PEM and checked; what TLS handshakes take from them. */
import { X509Certificate, constants, createPrivateKey } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import { carriesName } from './tls-verifier.ts';

/** What the TLS listeners and dials need of it. */
export interface TlsProvider {
  /** For peers without SNI, and for those that ask for a name that we do not have. Undefined: no certificate for that listener. */
  defaultContext(listener: string): SecureContext | undefined;
  /** RFC 6066 §3: the certificate that covers the name. Undefined: the default. */
  contextFor(listener: string, serverName: string): SecureContext | undefined;
  clientIdentity(trunk: string): TlsIdentity | undefined;
  /** True while the certificate with that SHA-256 fingerprint is one of ours in force. */
  isCurrent(fingerprint256: string): boolean;
}

export interface TlsIdentity {
  readonly context: SecureContext;
  readonly fingerprint256: string;
}

export interface CertificateSource {
  readonly name: string;
  /** PEM: the leaf, then its intermediates. */
  readonly chain: string;
  /** PEM. */
  readonly key: string;
  /** Names that the leaf should cover. @default none */
  readonly names?: readonly string[];
}

export interface TlsSources {
  readonly certificates: readonly CertificateSource[];
  /** `roots`: PEM of any number of certificates. */
  readonly bundles: readonly { readonly name: string; readonly roots: string }[];
  readonly trunks: readonly {
    readonly name: string;
    readonly listener: string;
    readonly tls?: { readonly certificate: string } | undefined;
  }[];
}

export interface TlsProblem {
  readonly subject: 'certificate' | 'bundle';
  readonly name: string;
  /** `unreadable` and `key-mismatch` keep what was in force under that name; the others are served and reported. */
  readonly problem: 'unreadable' | 'key-mismatch' | 'expired' | 'not-yet-valid' | 'does-not-cover';
  readonly detail: string;
}

interface Identity extends TlsIdentity {
  readonly leaf: X509Certificate;
  /** Where peers dial us. */
  readonly accepting: SecureContext;
}

/** The four suites that Microsoft lists, and their ECDSA twins for other peers. TLS 1.3 suites are named here to keep Node's, where we dial. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES128-SHA256',
].join(':');

export class TlsMaterial implements TlsProvider {
  #identities: ReadonlyMap<string, Identity> = new Map();
  #roots: ReadonlyMap<string, readonly X509Certificate[]> = new Map();
  #byListener: ReadonlyMap<string, readonly Identity[]> = new Map();
  #byTrunk: ReadonlyMap<string, Identity> = new Map();
  #current: ReadonlySet<string> = new Set();

  /**
   * Puts new material in force for handshakes from now on and says what is wrong with it; connections that stand are
   * left alone. An entry that cannot be used leaves the one of the same name in force, if there was one.
   */
  replace(sources: TlsSources, nowMs: number): readonly TlsProblem[] {
    const problems: TlsProblem[] = [];
    const identities = new Map<string, Identity>();
    for (const source of sources.certificates) {
      const identity = readIdentity(source, nowMs, problems) ?? this.#identities.get(source.name);
      if (identity !== undefined) identities.set(source.name, identity);
    }
    const roots = new Map<string, readonly X509Certificate[]>();
    for (const { name, roots: pem } of sources.bundles) {
      const read = readRoots(name, pem, problems) ?? this.#roots.get(name);
      if (read !== undefined) roots.set(name, read);
    }
    this.#identities = identities;
    this.#roots = roots;
    this.#assign(sources.trunks);
    this.#current = new Set(Array.from(identities.values(), ({ fingerprint256 }) => fingerprint256));
    return problems;
  }

  /** Empty for a bundle that is not there: then nobody is trusted. */
  roots(bundle: string): readonly X509Certificate[] {
    return this.#roots.get(bundle) ?? [];
  }

  defaultContext(listener: string): SecureContext | undefined {
    return this.#byListener.get(listener)?.[0]?.accepting;
  }

  contextFor(listener: string, serverName: string): SecureContext | undefined {
    const identities = this.#byListener.get(listener) ?? [];
    return (identities.find(({ leaf }) => carriesName(leaf, [serverName])) ?? identities[0])?.accepting;
  }

  clientIdentity(trunk: string): TlsIdentity | undefined {
    return this.#byTrunk.get(trunk);
  }

  isCurrent(fingerprint256: string): boolean {
    return this.#current.has(fingerprint256);
  }

  #assign(trunks: TlsSources['trunks']): void {
    const byListener = new Map<string, Identity[]>();
    const byTrunk = new Map<string, Identity>();
    for (const { name, listener, tls } of trunks) {
      const identity = tls === undefined ? undefined : this.#identities.get(tls.certificate);
      if (identity === undefined) continue;
      byTrunk.set(name, identity);
      const identities = byListener.get(listener) ?? [];
      if (!identities.includes(identity)) identities.push(identity);
      byListener.set(listener, identities);
    }
    this.#byListener = byListener;
    this.#byTrunk = byTrunk;
  }
}

function readIdentity(source: CertificateSource, nowMs: number, problems: TlsProblem[]): Identity | undefined {
  const say = (problem: TlsProblem['problem'], detail: string) =>
    problems.push({ subject: 'certificate', name: source.name, problem, detail });
  try {
    const leaf = new X509Certificate(source.chain);
    if (!leaf.checkPrivateKey(createPrivateKey(source.key))) {
      say('key-mismatch', 'tls.key does not belong to tls.crt; write both from the same issuance');
      return undefined;
    }
    if (nowMs > leaf.validToDate.getTime()) say('expired', `expired at ${leaf.validToDate.toISOString()}`);
    if (nowMs < leaf.validFromDate.getTime()) say('not-yet-valid', `valid from ${leaf.validFromDate.toISOString()}`);
    const uncovered = (source.names ?? []).filter((name) => !carriesName(leaf, [name]));
    if (uncovered.length > 0) say('does-not-cover', `subjectAltName lacks ${uncovered.join(', ')}`);
    const options: SecureContextOptions = {
      cert: source.chain,
      key: source.key,
      // No roots: OpenSSL's verdict is not asked for (tls-verifier.ts), and no list of issuers is sent that a peer could take for a filter.
      ca: [],
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      honorCipherOrder: true,
      // A resumed session has no chain to judge, and would outlive a replaced certificate. What a renegotiation brought would not be judged either.
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    };
    return {
      leaf,
      context: createSecureContext(options),
      // docs/adr/0009: KeyUpdates of TLS 1.3 are work that nobody can bound.
      accepting: createSecureContext({ ...options, maxVersion: 'TLSv1.2' }),
      fingerprint256: leaf.fingerprint256,
    };
  } catch (error) {
    // OpenSSL's reason names the fault, never the key's content.
    say('unreadable', error instanceof Error ? error.message : 'unknown');
    return undefined;
  }
}

const PEM_BEGIN = '-----BEGIN CERTIFICATE-----';
const PEM_END = '-----END CERTIFICATE-----';
/** Certificates of one bundle; Mozilla's whole set has about 150. */
const MAX_ROOTS = 1000;

function readRoots(name: string, pem: string, problems: TlsProblem[]): readonly X509Certificate[] | undefined {
  const roots: X509Certificate[] = [];
  try {
    for (let at = pem.indexOf(PEM_BEGIN); at !== -1 && roots.length < MAX_ROOTS;) {
      const end = pem.indexOf(PEM_END, at);
      roots.push(new X509Certificate(pem.slice(at, end === -1 ? pem.length : end + PEM_END.length)));
      at = end === -1 ? -1 : pem.indexOf(PEM_BEGIN, end);
    }
    if (roots.length > 0) return roots;
    problems.push({ subject: 'bundle', name, problem: 'unreadable', detail: 'holds no PEM certificate' });
  } catch (error) {
    problems.push({
      subject: 'bundle',
      name,
      problem: 'unreadable',
      detail: error instanceof Error ? error.message : 'unknown',
    });
  }
  return undefined;
}
