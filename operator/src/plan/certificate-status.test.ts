/** What stands in any certificate fits into the status: the API server stores none that is too long. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import 'reflect-metadata';
import {
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { parse } from 'yaml';
import { anInstance } from '../../test/manifests.ts';
import { assessCertificate } from './assess-certificate.ts';

interface Schema {
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** As the API server has it. */
function certificateSchema(crd: string): Schema {
  const text = readFileSync(new URL(`../../../crds/generated/teams-sbc.dev_${crd}.yaml`, import.meta.url), 'utf8');
  const { spec } = parse(text) as { spec: { versions: { schema: { openAPIV3Schema: Schema } }[] } };
  const schema = spec.versions[0]?.schema.openAPIV3Schema.properties?.['status']?.properties?.['certificate'];
  assert.ok(schema?.properties);
  return schema;
}

function faultsOf(value: unknown, schema: Schema, path: string): readonly string[] {
  if (typeof value === 'string')
    return value.length > (schema.maxLength ?? Infinity) ? [`${path}: ${String(value.length)} characters`] : [];
  if (Array.isArray(value)) {
    const own = value.length > (schema.maxItems ?? Infinity) ? [`${path}: ${String(value.length)} items`] : [];
    return [...own, ...value.flatMap((each) => faultsOf(each, schema.items ?? {}, path))];
  }
  return Object.entries(value as object).flatMap(([field, each]) =>
    faultsOf(each, schema.properties?.[field] ?? {}, `${path}.${field}`),
  );
}

async function hugePair(): Promise<{ crt: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = Array.from({ length: 400 }, (_, index) => `sbc${String(index)}.tenant.example`);
  const long = `${'a'.repeat(60)}.`.repeat(6) + 'example';
  const made = await X509CertificateGenerator.createSelfSigned({
    keys,
    name: Array.from({ length: 40 }, (_, index) => `OU=${'unit'.repeat(15)}${String(index)}`).join(', '),
    notBefore: new Date('2029-01-01'),
    notAfter: new Date('2031-01-01'),
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([long, ...names].map((value) => ({ type: 'dns', value }))),
      new ExtendedKeyUsageExtension(Array.from({ length: 60 }, (_, index) => `1.3.6.1.4.1.311.${String(index)}`)),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { crt: made.toString('pem'), key: PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

test('a certificate with more names, usages and words than the CRDs allow is cut to what they allow', async () => {
  const { status } = assessCertificate({
    ...{ instance: anInstance(), fqdns: [], leftOut: new Map(), isHeldBack: false, secret: await hugePair() },
    ...{ certificate: undefined, requests: [], certManager: false, nowMs: Date.UTC(2030, 0, 1) },
  });
  assert.ok(status);
  for (const crd of ['sbcinstances', 'teamstrunks'])
    assert.deepEqual(faultsOf(status, certificateSchema(crd), 'certificate'), [], crd);
  const { dnsNames, usages = [], issuer } = status;
  assert.deepEqual([dnsNames.length, usages.length, issuer?.length], [256, 32, 1024]);
  assert.equal(dnsNames[0]?.length, 253);
});
