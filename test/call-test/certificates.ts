/** An authority for one test, and the certificates of both sides. In memory: no file, no program. */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { KeyPair } from '../teams-simulator/data-centres.ts';

export interface CallCertificates {
  /** PEM of the authority. */
  readonly root: string;
  readonly sbc: KeyPair;
  readonly teams: KeyPair;
}

/** As public authorities issue for Direct Routing: RSA with 2048 bits. */
const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
} as const;
/** A clock may be behind ours. */
const BEFORE_MS = 3_600_000;
/** Less than a month is too little for an SBC that says when its certificate ends. */
const VALID_MS = 60 * 86_400_000;

const newKeys = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

export async function makeCertificates(
  names: { readonly sbc: string; readonly teams: string },
  nowMs: number,
): Promise<CallCertificates> {
  const [rootKeys, sbcKeys, teamsKeys] = await Promise.all([newKeys(), newKeys(), newKeys()]);
  const validity = { notBefore: new Date(nowMs - BEFORE_MS), notAfter: new Date(nowMs + VALID_MS) };
  const root = await X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=teams-sbc call test', keys: rootKeys, signingAlgorithm: algorithm, ...validity },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const leaf = async (name: string, keys: webcrypto.CryptoKeyPair): Promise<KeyPair> => {
    const certificate = await X509CertificateGenerator.create({
      ...{ subject: `CN=${name}`, issuer: root.subject, publicKey: keys.publicKey, signingKey: rootKeys.privateKey },
      ...{ signingAlgorithm: algorithm, ...validity },
      extensions: [
        new BasicConstraintsExtension(false),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n${root.toString('pem')}\n`, key: await pemOf(keys) };
  };
  const [sbc, teams] = await Promise.all([leaf(names.sbc, sbcKeys), leaf(names.teams, teamsKeys)]);
  return { root: `${root.toString('pem')}\n`, sbc, teams };
}

async function pemOf({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${(pkcs8.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
}
