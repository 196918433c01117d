/** Whether a `kubernetes.io/tls` Secret can serve: key, dates, names, use; and what will keep it from serving. Pure. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { covers, judgeCertificate, readChain, type CertificateFinding } from '@teams-sbc/crds/runtime';

/** A key of the Secret and what is wrong with its value; never any of its content. */
export interface CertificateFault {
  readonly key: 'tls.crt' | 'tls.key';
  readonly message: string;
}

/** @param fqdns all names that the certificate must cover, wildcards for one label */
export function certificateFaults(
  entries: ReadonlyMap<string, Uint8Array>,
  fqdns: readonly string[],
  nowMs: number,
): CertificateFault[] {
  const certificate = readCertificate(entries.get('tls.crt'));
  if (certificate instanceof Fault) return [{ key: 'tls.crt', message: certificate.message }];
  const key = readKey(entries.get('tls.key'));
  if (key instanceof Fault) return [{ key: 'tls.key', message: key.message }];
  const faults: CertificateFault[] = [];
  if (!certificate.checkPrivateKey(key)) {
    faults.push({ key: 'tls.key', message: 'found the key of another certificate, allowed the key of tls.crt' });
  }
  const until = certificate.validToDate;
  const from = certificate.validFromDate;
  if (until.getTime() <= nowMs) {
    faults.push({
      key: 'tls.crt',
      message: `found a certificate that expired on ${day(until)}, allowed one that is valid now`,
    });
  }
  if (from.getTime() > nowMs) {
    faults.push({
      key: 'tls.crt',
      message: `found a certificate that is valid from ${day(from)}, allowed one that is valid now`,
    });
  }
  const missing = [...new Set(fqdns)].filter((fqdn) => !covers(certificate, fqdn));
  if (missing.length > 0) {
    const found = certificate.subjectAltName ?? 'no subject alternative names';
    faults.push({
      key: 'tls.crt',
      message: `found ${found}, allowed a certificate that covers ${missing.join(', ')} too`,
    });
  }
  for (const { code, message } of findingsIn(entries.get('tls.crt'), 'error', nowMs))
    if (!toldAbove.has(code)) faults.push({ key: 'tls.crt', message: `found a certificate that ${message}` });
  return faults;
}

/** What a Secret that can serve should be mended for. */
export function certificateWarnings(entries: ReadonlyMap<string, Uint8Array>, nowMs: number): CertificateFault[] {
  return findingsIn(entries.get('tls.crt'), 'warning', nowMs).map(({ message }) => ({
    key: 'tls.crt',
    message: `the certificate ${message}`,
  }));
}

/** In the words of a manifest: found and allowed. */
const toldAbove: ReadonlySet<CertificateFinding['code']> = new Set(['expired', 'not-yet-valid', 'name-not-covered']);

function findingsIn(
  pem: Uint8Array | undefined,
  severity: CertificateFinding['severity'],
  nowMs: number,
): readonly CertificateFinding[] {
  try {
    const chain = readChain(Buffer.from(pem ?? '').toString('latin1'));
    return judgeCertificate(chain, [], nowMs).filter((finding) => finding.severity === severity);
  } catch {
    return [];
  }
}

/** PEM text with at least one certificate that can be read. */
export function caBundleFault(content: Uint8Array): string | undefined {
  const text = Buffer.from(content).toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return 'found no certificate, allowed PEM text with at least one';
  for (const [index, block] of blocks.entries()) {
    const certificate = readCertificate(Buffer.from(block, 'latin1'));
    if (certificate instanceof Fault) return `certificate ${String(index + 1)}: ${certificate.message}`;
  }
  return undefined;
}

class Fault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

function readCertificate(pem: Uint8Array | undefined): X509Certificate | Fault {
  if (pem === undefined || pem.length === 0) return new Fault('found nothing, allowed a certificate in PEM text');
  try {
    return new X509Certificate(pem);
  } catch {
    return new Fault('found text that is not a certificate, allowed PEM text');
  }
}

function readKey(pem: Uint8Array | undefined): KeyObject | Fault {
  if (pem === undefined || pem.length === 0) return new Fault('found nothing, allowed a private key in PEM text');
  try {
    return createPrivateKey(Buffer.from(pem));
  } catch {
    return new Fault('found text that is not a private key without a passphrase, allowed PEM text');
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
