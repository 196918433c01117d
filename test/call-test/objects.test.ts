import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { parseManifest } from '@teams-sbc/crds';
import { makeCertificates } from './certificates.ts';
import { plannedInstance, plannedRest, SBC_FQDN, TEAMS_HOST } from './objects.ts';
import { readSettings } from './settings.ts';

const environment = {
  POD_NAMESPACE: 'voice',
  POD_NAME: 'release-call-test',
  POD_UID: 'uid-of-the-pod',
  POD_IP: '10.0.0.7',
  OBJECT_NAME: 'release-call-test',
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  KUBERNETES_SERVICE_PORT: '443',
};
const settings = readSettings(environment);
const certificates = await makeCertificates({ sbc: SBC_FQDN, teams: TEAMS_HOST }, Date.now());
const rest = plannedRest(settings, 'uid-of-the-instance', certificates);
const ofKind = (kind: string) => rest.find((each) => each.kind === kind);

test('the pod owns the SbcInstance, and that owns all the rest: nothing stays where the pod goes', () => {
  assert.deepEqual(plannedInstance(settings).metadata['ownerReferences'], [
    { apiVersion: 'v1', kind: 'Pod', name: 'release-call-test', uid: 'uid-of-the-pod' },
  ]);
  for (const { metadata } of rest) {
    const [owner] = metadata['ownerReferences'] as { uid: string; blockOwnerDeletion: boolean }[];
    assert.equal(owner?.uid, 'uid-of-the-instance');
    assert.equal(owner.blockOwnerDeletion, true);
  }
});

test('its objects are what their kinds take', () => {
  const ours = [plannedInstance(settings), ...rest].filter(({ apiVersion }) => apiVersion.includes('/'));
  assert.equal(ours.length, 3);
  for (const { apiVersion, kind, metadata, ...content } of ours) {
    const spec = content['spec'];
    const parsed = parseManifest({ apiVersion, kind, metadata: { name: metadata.name }, spec });
    assert.ok(parsed.ok, JSON.stringify(parsed));
  }
});

test('nothing of it names Microsoft, and only the pod of the test may call', () => {
  const text = JSON.stringify([plannedInstance(settings), ...rest]);
  assert.ok(!text.includes('microsoft'));
  for (const kind of ['TeamsTrunk', 'PbxTrunk'])
    assert.deepEqual((ofKind(kind)?.['spec'] as { allowCIDRs: string[] }).allowCIDRs, ['10.0.0.7/32']);
});

test('the authority of the test has signed both certificates, for servers and clients, with RSA', () => {
  const root = new X509Certificate(certificates.root);
  for (const [{ certificate }, name] of [
    [certificates.sbc, SBC_FQDN],
    [certificates.teams, TEAMS_HOST],
  ] as const) {
    const leaf = new X509Certificate(certificate);
    assert.ok(leaf.verify(root.publicKey) && leaf.checkIssued(root));
    assert.equal(leaf.checkHost(name), name);
    assert.equal(leaf.publicKey.asymmetricKeyType, 'rsa');
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  }
});

test('a setting that is missing or wrong is named', () => {
  assert.throws(() => readSettings({ ...environment, POD_IP: '' }), /without POD_IP/);
  assert.throws(() => readSettings({ ...environment, READY_SECONDS: 'soon' }), /READY_SECONDS must be 1 to 3600/);
  assert.deepEqual(readSettings({ ...environment, WATCH_NAMESPACES: 'voice,lab' }).watchNamespaces, ['voice', 'lab']);
});
