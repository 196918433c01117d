import assert from 'node:assert/strict';
import { test } from 'node:test';
import 'reflect-metadata';
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { certificate as crt, forClients, key, otherKey } from '../../test/certificates.ts';
import { anInstance } from '../../test/manifests.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { CertificateFacts } from './assess-certificate.ts';
import { assessCertificate } from './assess-certificate.ts';

const brought = anInstance();
const issued = anInstance({ tls: { issuerRef: { name: 'letsencrypt' } } });
const fqdns = ['sbc-0.voice.example.com'];
const nowMs = Date.UTC(2030, 0, 1);

const pair = await rsaPair([ExtendedKeyUsage.serverAuth]);
const onEllipticCurve = { crt, key };

const assess = (facts: Partial<CertificateFacts>) =>
  assessCertificate({
    instance: brought,
    fqdns,
    leftOut: new Map(),
    isHeldBack: false,
    secret: pair,
    certificate: undefined,
    requests: [],
    certManager: true,
    nowMs,
    ...facts,
  });

async function rsaPair(usages: ExtendedKeyUsage[]): Promise<{ crt: string; key: string }> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned({
    keys,
    name: 'CN=voice',
    notBefore: new Date('2029-01-01'),
    notAfter: new Date('2031-01-01'),
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([{ type: 'dns', value: 'sbc-0.voice.example.com' }]),
      new ExtendedKeyUsageExtension(usages),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { crt: made.toString('pem'), key: PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

function fromCertManager(conditions: readonly Condition[], status: object = {}, generation = 1): KubeObject {
  const metadata = { name: 'sbc-tls', uid: 'certificate', generation };
  const spec = { issuerRef: { kind: 'Issuer', name: 'letsencrypt' } };
  const seen = conditions.map((condition) => ({ observedGeneration: 1, ...condition }));
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata,
    spec,
    status: { conditions: seen, ...status },
  };
}

function requestOf(revision: number, message: string, uid = 'certificate'): KubeObject {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      name: `sbc-tls-${String(revision)}`,
      annotations: { 'cert-manager.io/certificate-revision': String(revision) },
      ownerReferences: [{ apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'sbc-tls', uid }],
    },
    status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Pending', message }] },
  };
}

const ready = fromCertManager([{ type: 'Ready', status: 'True', message: 'Certificate is up to date' }]);
const issuing = fromCertManager([
  { type: 'Ready', status: 'False', message: 'Issuing certificate as Secret does not exist' },
  { type: 'Issuing', status: 'True', message: 'Issuing certificate as Secret does not exist' },
]);
const failed = fromCertManager(
  [
    { type: 'Ready', status: 'False', message: 'Issuing certificate as Secret does not exist' },
    { type: 'Issuing', status: 'False', reason: 'Failed', message: 'The order was refused: no CAA record.' },
  ],
  { failedIssuanceAttempts: 3 },
);

const outcomes: Record<string, readonly [Partial<CertificateFacts>, 'True' | 'False', string, RegExp]> = {
  'a certificate that covers every name is valid': [
    {},
    'True',
    'Valid',
    /^Secret sbc-tls is valid until 2031-01-01 and/,
  ],
  'a Secret that is not there is to be created': [
    { secret: undefined },
    'False',
    'SecretNotFound',
    /^Secret sbc-tls does not exist: create it with type kubernetes\.io\/tls/,
  ],
  'a Secret without a certificate': [
    { secret: { crt: '', key } },
    'False',
    'InvalidKeyPair',
    /lacks the key tls\.crt$/,
  ],
  'a Secret without a key': [{ secret: { crt, key: '' } }, 'False', 'InvalidKeyPair', /lacks the key tls\.key$/],
  'a text that is no certificate': [
    { secret: { crt: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', key } },
    'False',
    'InvalidKeyPair',
    /holds no certificate that can be read under tls\.crt/,
  ],
  'a text that is no key': [
    { secret: { crt, key: 'secret words' } },
    'False',
    'InvalidKeyPair',
    /holds no private key that can be read under tls\.key \(PEM, without a password\)$/,
  ],
  'the key of another certificate': [
    { secret: { crt, key: otherKey } },
    'False',
    'InvalidKeyPair',
    /the key of another certificate than tls\.crt$/,
  ],
  'a name below a name is not covered by a wildcard, which stands for one label': [
    { fqdns: [...fqdns, 'customer1.sbc-0.voice.example.com'] },
    'False',
    'NameNotCovered',
    /does not cover customer1\.sbc-0\.voice\.example\.com: issue it with all names/,
  ],
  'a certificate for clients alone': [
    { secret: { crt: forClients.certificate, key: forClients.key } },
    'False',
    'WrongUsage',
    /lacks the usage serverAuth/,
  ],
  'an expired certificate says so first, and what else is wrong': [
    { nowMs: Date.UTC(2032, 0, 1), fqdns: ['sbc.elsewhere.example'] },
    'False',
    'Expired',
    /expired on 2031-01-01: .*; does not cover sbc\.elsewhere\.example/,
  ],
  'a certificate of tomorrow': [{ nowMs: Date.UTC(2026, 0, 1) }, 'False', 'NotYetValid', /is valid from 2029-01-01 on/],
  'a certificate that ends soon is still good': [
    { nowMs: Date.UTC(2030, 11, 17) },
    'True',
    'ExpiresSoon',
    /expires in 15 days, on 2031-01-01: renew it$/,
  ],
  'a key that is not RSA serves PBXs, and Microsoft perhaps not': [
    { secret: onEllipticCurve },
    'True',
    'KeyNotRsa',
    /has a key of type ec: the TLS 1\.2 suites that Microsoft lists are for RSA keys, issue it with RSA and 2048 bits$/,
  ],
  'a Secret of somebody else is not overwritten, and the remedy is said': [
    { instance: issued, isHeldBack: true },
    'False',
    'SecretNotOurs',
    /^Secret sbc-tls is there already .* held back, .*: delete or rename the Secret, or use it with spec\.tls\.secretRef$/,
  ],
  'names that have no room are no fault of the certificate, and their trunks are named': [
    {
      instance: issued,
      certificate: ready,
      fqdns: [...fqdns, 'sbc.young.example'],
      leftOut: new Map([['young', ['sbc.young.example']]]),
    },
    'True',
    'NamesLeftOut',
    /is usable; the Certificate has no room for the names of TeamsTrunk\/young, .* 100 .*another SbcInstance, .*subdomain .*secretRef$/,
  ],
  'without cert-manager nobody issues': [
    { instance: issued, certManager: false, secret: undefined },
    'False',
    'CertManagerNotInstalled',
    /the cluster has no cert-manager.*bring a Secret with spec\.tls\.secretRef$/,
  ],
  'an issued certificate outlives cert-manager': [
    { instance: issued, certManager: false },
    'True',
    'Valid',
    /covers every FQDN/,
  ],
  'a Certificate that is not there yet is being made': [
    { instance: issued, secret: undefined },
    'False',
    'Issuing',
    /^the Certificate is being made$/,
  ],
  'what cert-manager says while it issues is passed on': [
    { instance: issued, secret: undefined, certificate: issuing },
    'False',
    'Issuing',
    /^Certificate sbc-tls is being issued: Issuing certificate as Secret does not exist$/,
  ],
  'what an issuer lacks stands in the request alone, the newest is asked': [
    {
      instance: issued,
      secret: undefined,
      certificate: issuing,
      requests: [
        requestOf(1, 'The CSR is too short.'),
        requestOf(2, 'Referenced "Issuer" not found: issuer.cert-manager.io "letsencrypt" not found'),
        requestOf(3, 'Of another Certificate.', 'another'),
      ],
    },
    'False',
    'IssuerNotReady',
    /is being issued: .*; Referenced "Issuer" not found: .* not found: create Issuer letsencrypt, see why it is not ready, or name another one in spec\.tls\.issuerRef$/,
  ],
  'what an issuer waits for is passed on': [
    { instance: issued, secret: undefined, certificate: issuing, requests: [requestOf(1, 'Waiting for the order.')] },
    'False',
    'Issuing',
    /is being issued: .* does not exist; Waiting for the order$/,
  ],
  'what an issuer refuses is passed on, with how often': [
    { instance: issued, secret: undefined, certificate: failed },
    'False',
    'IssuanceFailed',
    /^Certificate sbc-tls could not be issued, tried 3 times: The order was refused: no CAA record$/,
  ],
  'a Secret that follows in a moment': [
    { instance: issued, secret: undefined, certificate: ready },
    'False',
    'Issuing',
    /^cert-manager has not written Secret sbc-tls yet$/,
  ],
  'a new name waits for the new certificate, and cert-manager is asked whether it has seen it': [
    {
      instance: issued,
      certificate: fromCertManager([{ type: 'Ready', status: 'True' }], {}, 2),
      fqdns: ['sbc.new.example'],
    },
    'False',
    'Issuing',
    /does not cover sbc\.new\.example: .*; cert-manager has not looked at Certificate sbc-tls as it is now$/,
  ],
  'an issued certificate that lacks a name although cert-manager is content': [
    { instance: issued, certificate: ready, fqdns: ['sbc.new.example'] },
    'False',
    'NameNotCovered',
    /does not cover sbc\.new\.example/,
  ],
  'an issued certificate is valid while its successor is on the way': [
    { instance: issued, certificate: issuing },
    'True',
    'Valid',
    /covers every FQDN/,
  ],
};

for (const [name, [facts, status, reason, message]] of Object.entries(outcomes)) {
  test(name, () => {
    const { condition } = assess(facts);
    assert.deepEqual([condition.status, condition.reason], [status, reason]);
    assert.match(condition.message, message);
  });
}

test('an issuer that leaves client auth away is told of, and the certificate serves', async () => {
  const secret = await rsaPair([ExtendedKeyUsage.serverAuth]);
  const instance = anInstance({ tls: { issuerRef: { name: 'ca' }, usages: ['server auth', 'client auth'] } });
  const { condition, status, warnings } = assess({ instance, secret, certificate: ready });
  assert.deepEqual([condition.status, condition.reason], ['True', 'IssuedUsagesDiffer']);
  assert.match(condition.message, /issued without client auth, which spec\.tls\.usages asks for$/);
  assert.deepEqual(status?.usages, ['serverAuth']);
  assert.match(warnings.join('\n'), /lacks the usage clientAuth: Microsoft takes it today/);
  assert.equal(assess({ instance: issued, secret, certificate: ready }).condition.reason, 'Valid');
});

test('nothing of a key or certificate stands in a message', () => {
  for (const secret of [
    { crt: 'secret words', key },
    { crt, key: 'secret words' },
  ]) {
    assert.doesNotMatch(JSON.stringify(assess({ secret })), /secret words/);
  }
});

test('the status tells whom the certificate is from, for which names and how long', () => {
  assert.deepEqual(assess({ secret: onEllipticCurve }).status, {
    secretName: 'sbc-tls',
    notBefore: '2026-11-23T03:23:06Z',
    notAfter: '2095-05-05T03:23:06Z',
    issuer: 'CN=voice',
    dnsNames: ['*.voice.example.com', 'sbc.customer.example'],
  });
  assert.equal(assess({ secret: { crt: 'none', key } }).status, undefined);
});

test('what is worth a look and no fault is a warning', () => {
  assert.match(assess({}).warnings.join('\n'), /is signed by itself/);
  const alone = assess({ instance: issued, certManager: false });
  assert.match(alone.warnings.join('\n'), /^nobody renews the certificate: the cluster has no cert-manager/m);
  assert.match(
    assess({ instance: issued, certificate: failed }).warnings.join('\n'),
    /could not be issued, tried 3 times/,
  );
});
