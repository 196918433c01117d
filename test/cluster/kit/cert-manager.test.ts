import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startCertManager } from './cert-manager.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

let cluster: ControlPlane;
before(async () => {
  cluster = await startControlPlane({ name: 'cert-manager', crds: false });
  await startCertManager(cluster);
});
after(() => cluster.stop());

const apiVersion = 'cert-manager.io/v1';
const inDefault = (name: string) => ({ name, namespace: 'default' });

test('cert-manager issues a certificate from a CA of its own', async () => {
  const ca = { isCA: true, commonName: 'Test CA', secretName: 'ca', issuerRef: { name: 'self' } };
  const leaf = { dnsNames: ['sbc-0.voice.example.com'], secretName: 'sbc-tls', issuerRef: { name: 'ca' } };
  await cluster.apply([
    { apiVersion, kind: 'Issuer', metadata: inDefault('self'), spec: { selfSigned: {} } },
    { apiVersion, kind: 'Certificate', metadata: inDefault('ca'), spec: ca },
    { apiVersion, kind: 'Issuer', metadata: inDefault('ca'), spec: { ca: { secretName: 'ca' } } },
    { apiVersion, kind: 'Certificate', metadata: inDefault('sbc'), spec: leaf },
  ]);
  // The issuer comes before its Secret: cert-manager looks again after 5 s, then 10, then 20.
  await cluster.kubectl('wait', '--for=condition=Ready', '--timeout=90s', 'certificate/sbc');
  const { body } = await cluster.api.get('/api/v1/namespaces/default/secrets/sbc-tls');
  const certificate = new X509Certificate(Buffer.from(body.data['tls.crt'] as string, 'base64'));
  assert.equal(certificate.subjectAltName, 'DNS:sbc-0.voice.example.com');
  assert.equal(certificate.issuer, 'CN=Test CA');
});
