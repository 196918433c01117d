/** Makes and judges the certificate of the pods' status endpoint: self-signed, pinned by the operator. */
import 'reflect-metadata';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import type { StatusSecret } from '../objects/status-secret.ts';
import { statusServerName } from '../objects/status-secret.ts';

const DAY_MS = 86_400_000;
const VALID_DAYS = 365;
const RENEW_DAYS = 30;
/** A clock may be behind ours. */
const BEFORE_MS = 3_600_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface Entropy {
  /** That many random bytes, in hexadecimal digits. */
  hex(bytes: number): string;
}

/** Whether the endpoint can be served with it for some weeks to come. */
export function isUsable({ crt, key, token }: StatusSecret, nowMs: number): boolean {
  if (token.length < 32) return false;
  try {
    const certificate = new X509Certificate(crt);
    return (
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      certificate.checkHost(statusServerName) !== undefined &&
      certificate.validFromDate.getTime() <= nowMs &&
      certificate.validToDate.getTime() - nowMs > RENEW_DAYS * DAY_MS
    );
  } catch {
    return false;
  }
}

/**
 * A new key and certificate. The token stays where there is one, and the former certificate stands behind the new one:
 * pods serve it until the kubelet has brought them the new one, and the operator goes on to take both.
 */
export async function makeStatusSecret(
  former: Partial<StatusSecret>,
  { nowMs, entropy }: { readonly nowMs: number; readonly entropy: Entropy },
): Promise<StatusSecret> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const serial = `01${entropy.hex(15)}`;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    // A name of its own: OpenSSL looks for the issuer of each by that, and would take one for the other.
    name: `CN=${statusServerName}, OU=${serial}`,
    notBefore: new Date(nowMs - BEFORE_MS),
    notAfter: new Date(nowMs + VALID_DAYS * DAY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: statusServerName }])],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const { token } = former;
  return {
    crt: `${certificate.toString('pem')}\n${firstCertificate(former.crt ?? '')}`,
    key: `-----BEGIN PRIVATE KEY-----\n${(pkcs8.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`,
    token: token === undefined || token.length < 32 ? entropy.hex(32) : token,
  };
}

/** What a pod may show: every certificate of the Secret. */
export function certificatesOf(crt: string): readonly string[] {
  return crt.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function firstCertificate(crt: string): string {
  const [first] = certificatesOf(crt);
  return first === undefined ? '' : `${first}\n`;
}
