/** What an instance's certificate is worth, read back from its Secret, in words and for status. Pure. */
import { createPrivateKey } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { certificateUsages, statusLimits } from '@teams-sbc/crds';
import type { ReasonOf, SbcInstance } from '@teams-sbc/crds';
import { dnsNames, issuerText, judgeCertificate, keyUsages, readChain } from '@teams-sbc/crds/runtime';
import type { CertificateFinding } from '@teams-sbc/crds/runtime';
import { certificateSecret } from '../compile/certificate-secret.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { ConditionOutcome } from '../status/condition-outcome.ts';
import { maxCertificateNames, moreRoom } from '../objects/certificate-names.ts';
import { issuanceOf } from './issuance.ts';

export interface CertificateFacts {
  readonly instance: SbcInstance;
  /** `fqdnsOf(state)`. */
  readonly fqdns: readonly string[];
  /** Trunks for whose names the Certificate has no room, with those names: `certificateNames(state, …)`. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>;
  /** `isHeldBack(…)`: cert-manager would overwrite the Secret of somebody else. */
  readonly isHeldBack: boolean;
  /** PEM, of `certificateSecret(instance)`. Undefined: there is none. Empty: the Secret lacks that key. */
  readonly secret: { readonly crt: string; readonly key: string } | undefined;
  /** cert-manager's, where the instance has an issuer. */
  readonly certificate: KubeObject | undefined;
  /** cert-manager's CertificateRequests of the instance. */
  readonly requests: readonly KubeObject[];
  /** The API server serves `certificates.cert-manager.io`. */
  readonly certManager: boolean;
  readonly nowMs: number;
}

/** `status.certificate`. */
export interface CertificateStatus {
  readonly secretName: string;
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Absent: its name is empty. */
  readonly issuer?: string;
  readonly dnsNames: readonly string[];
  /** `serverAuth`, `clientAuth`, `any`, or an identifier; absent: not restricted. */
  readonly usages?: readonly string[];
}

type Reason = ReasonOf<'SbcInstance', 'CertificateReady'>;
export type CertificateOutcome = ConditionOutcome<Reason>;

export interface CertificateAssessment {
  readonly condition: CertificateOutcome;
  /** Absent where no certificate can be read. */
  readonly status?: CertificateStatus;
  /** Worth an event, no reason to fail: it ends soon, clientAuth is missing, the chain is short, nobody renews it. */
  readonly warnings: readonly string[];
}

export function assessCertificate(facts: CertificateFacts): CertificateAssessment {
  const { instance, secret, fqdns, nowMs } = facts;
  const name = certificateSecret(instance);
  if (facts.isHeldBack) return heldBack(name, secret);
  if (secret === undefined) return { condition: absent(facts, name), warnings: [] };
  const pair = readPair(secret);
  if (typeof pair === 'string') return { condition: withIssuance(facts, invalid(name, pair)), warnings: [] };
  const without = new Set([...facts.leftOut.values()].flat());
  const wanted = fqdns.filter((fqdn) => !without.has(fqdn));
  const findings = judgeCertificate(pair, wanted, nowMs);
  const status = statusOf(name, pair[0]);
  const problem = findings.find(({ severity }) => severity === 'error');
  const warnings = [
    ...findings.filter(({ severity }) => severity === 'warning').map(({ message }) => `Secret ${name} ${message}`),
    ...renewalWarnings(facts),
    ...(facts.leftOut.size === 0 ? [] : [leftOutWords(facts.leftOut)]),
  ];
  if (problem === undefined) return { condition: usable(facts, name, pair[0], findings), status, warnings };
  const errors = findings.filter(({ severity }) => severity === 'error').map(({ message }) => message);
  const condition = no(reasonOf(problem.code), `Secret ${name} ${errors.join('; ')}`);
  return { condition: withIssuance(facts, condition), status, warnings };
}

/** Of its names and days a person learns all the same: pods show it meanwhile. */
function heldBack(name: string, secret: CertificateFacts['secret']): CertificateAssessment {
  const message = `Secret ${name} is there already and cert-manager did not write it for this instance, so that the Certificate is held back, which would overwrite it: delete or rename the Secret, or use it with spec.tls.secretRef`;
  const pair = secret === undefined ? undefined : readPair(secret);
  const condition = no('SecretNotOurs', message);
  if (pair === undefined || typeof pair === 'string') return { condition, warnings: [] };
  return { condition, status: statusOf(name, pair[0]), warnings: [] };
}

type Chain = readonly [X509Certificate, ...X509Certificate[]];

/** The chain, or what is wrong in words; never any of the content. */
function readPair({ crt, key }: { readonly crt: string; readonly key: string }): Chain | string {
  if (crt === '') return 'lacks the key tls.crt';
  if (key === '') return 'lacks the key tls.key';
  const chain = attempt(() => readChain(crt)) ?? [];
  const [leaf, ...others] = chain;
  if (leaf === undefined) return 'holds no certificate that can be read under tls.crt (PEM)';
  const privateKey = attempt(() => createPrivateKey(key));
  if (privateKey === undefined) return 'holds no private key that can be read under tls.key (PEM, without a password)';
  if (!leaf.checkPrivateKey(privateKey)) return 'holds under tls.key the key of another certificate than tls.crt';
  return [leaf, ...others];
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function absent({ instance, certificate, requests, certManager }: CertificateFacts, name: string): CertificateOutcome {
  if (instance.spec.tls.issuerRef === undefined)
    return no(
      'SecretNotFound',
      `Secret ${name} does not exist: create it with type kubernetes.io/tls in the namespace of the instance`,
    );
  if (!certManager) return no('CertManagerNotInstalled', notInstalled);
  return issuanceOf(certificate, requests) ?? no('Issuing', `cert-manager has not written Secret ${name} yet`);
}

/** What is about to be mended says so, and what cert-manager says of it. */
function withIssuance(facts: CertificateFacts, condition: CertificateOutcome): CertificateOutcome {
  if (facts.instance.spec.tls.issuerRef === undefined) return condition;
  if (!facts.certManager) return no('CertManagerNotInstalled', `${condition.message}; ${notInstalled}`);
  const issuance = issuanceOf(facts.certificate, facts.requests);
  return issuance === undefined ? condition : no(issuance.reason, `${condition.message}; ${issuance.message}`);
}

const notInstalled =
  'the cluster has no cert-manager and spec.tls.issuerRef needs it: install it, or bring a Secret with spec.tls.secretRef';

function renewalWarnings({ instance, certManager, certificate, requests }: CertificateFacts): string[] {
  if (instance.spec.tls.issuerRef === undefined) return [];
  if (!certManager) return [`nobody renews the certificate: ${notInstalled}`];
  const issuance = issuanceOf(certificate, requests);
  return issuance !== undefined && issuance.reason !== 'Issuing' ? [issuance.message] : [];
}

function usable(
  { instance, leftOut }: CertificateFacts,
  name: string,
  leaf: X509Certificate,
  findings: readonly CertificateFinding[],
): CertificateOutcome {
  const usages = keyUsages(leaf);
  const text = `Secret ${name} is valid until ${leaf.validToDate.toISOString().slice(0, 10)} and covers every FQDN`;
  const finding = (code: CertificateFinding['code']) => findings.find((one) => one.code === code)?.message;
  if (leftOut.size > 0) return yes('NamesLeftOut', `Secret ${name} is usable; ${leftOutWords(leftOut)}`);
  const notRsa = finding('key-not-rsa');
  if (notRsa !== undefined) return yes('KeyNotRsa', `Secret ${name} ${notRsa}`);
  const soon = finding('expires-soon');
  if (soon !== undefined) return yes('ExpiresSoon', `Secret ${name} ${soon}`);
  const wanted = instance.spec.tls.issuerRef === undefined ? [] : certificateUsages(instance.spec.tls);
  const lacking = wanted.filter((usage) => !isAllowed(usages, oid[usage]));
  if (lacking.length === 0) return yes('Valid', text);
  return yes(
    'IssuedUsagesDiffer',
    `${text}; it was issued without ${lacking.join(' and ')}, which spec.tls.usages asks for`,
  );
}

/** Enough to find them; each says so itself as well. */
const MOST_TRUNKS = 8;

function leftOutWords(leftOut: CertificateFacts['leftOut']): string {
  const names = [...leftOut.keys()].map((name) => `TeamsTrunk/${name}`);
  const more = names.length > MOST_TRUNKS ? ` and ${String(names.length - MOST_TRUNKS)} more` : '';
  const most = String(maxCertificateNames);
  return `the Certificate has no room for the names of ${names.slice(0, MOST_TRUNKS).join(', ')}${more}, the youngest: an issuer puts at most ${most} into one certificate, ${moreRoom}`;
}

const oid = { 'server auth': 'serverAuth', 'client auth': 'clientAuth' } as const;

const isAllowed = (usages: readonly string[] | undefined, usage: string) =>
  usages === undefined || usages.includes('any') || usages.includes(usage);

function statusOf(secretName: string, leaf: X509Certificate): CertificateStatus {
  const { text, name, certificateNames, certificateUsages: mostUsages } = statusLimits;
  const cut = (names: readonly string[], most: number) => names.slice(0, most).map((each) => each.slice(0, name));
  const usages = keyUsages(leaf);
  const issuer = issuerText(leaf);
  return {
    secretName,
    notBefore: seconds(leaf.validFromDate),
    notAfter: seconds(leaf.validToDate),
    ...(issuer !== undefined && { issuer: issuer.slice(0, text) }),
    dnsNames: cut(dnsNames(leaf), certificateNames),
    ...(usages === undefined ? {} : { usages: cut(usages, mostUsages) }),
  };
}

/** RFC 3339 as Kubernetes writes it. */
const seconds = (date: Date) => date.toISOString().replace(/\.\d+Z$/, 'Z');

function reasonOf(code: CertificateFinding['code']): Reason {
  return reasonsByCode[code] ?? 'InvalidKeyPair';
}

/** Of the findings that are errors. */
const reasonsByCode: Partial<Record<CertificateFinding['code'], Reason>> = {
  expired: 'Expired',
  'not-yet-valid': 'NotYetValid',
  'name-not-covered': 'NameNotCovered',
  'not-for-servers': 'WrongUsage',
  'key-too-small': 'KeyTooSmall',
};

const invalid = (name: string, fault: string) => no('InvalidKeyPair', `Secret ${name} ${fault}`);

function no(reason: Reason, message: string): CertificateOutcome {
  return { status: 'False', reason, message };
}

function yes(reason: Reason, message: string): CertificateOutcome {
  return { status: 'True', reason, message };
}
