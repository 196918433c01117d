/** What cert-manager is asked for, and what it is kept from. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { certificate, key } from '../../test/certificates.ts';
import { aTeamsTrunk, anInstance } from '../../test/manifests.ts';
import { World } from '../../test/world.ts';
import { conditionsIn, messageIn } from '../../test/world-objects.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';

const at = { namespace: 'default' };

let server: LoopbackApiServer;
let world: World;
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  world = new World(server, { certManager: true });
  put(anInstance({ replicas: 4, tls: { issuerRef: { name: 'ca' } } }, at));
});
afterEach(async () => {
  world.close();
  await server.close();
});

const put = (object: object) => server.put(structuredClone(object) as KubeObject);
const issued = () => server.get(resources.certificates, 'default', 'sbc-tls');
const instance = () => server.get(resources.sbcInstances, 'default', 'sbc');
const trunk = (name: string) => server.get(resources.teamsTrunks, 'default', name);

function secret(annotations: Readonly<Record<string, string>>): void {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
  put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sbc-tls', ...at, annotations }, data });
}

it('a Secret of somebody else keeps the Certificate back, which comes as soon as that is gone', async () => {
  secret({});
  await world.settle();
  assert.equal(issued(), undefined);
  assert.equal(conditionsIn(instance())['CertificateReady'], 'False SecretNotOurs');
  assert.equal(conditionsIn(instance())['Ready'], 'False CertificateNotReady');
  server.delete(resources.secrets, 'default', 'sbc-tls');
  await world.notice();
  await world.settle();
  assert.notEqual(issued(), undefined);
  assert.equal(conditionsIn(instance())['CertificateReady'], 'False Issuing');
  assert.equal(conditionsIn(instance())['Ready'], 'Unknown Progressing');
});

it('a Secret that cert-manager wrote for it keeps nothing back, and one that changes later removes no Certificate', async () => {
  secret({ 'cert-manager.io/certificate-name': 'sbc-tls' });
  await world.settle();
  const { uid } = issued()?.metadata ?? {};
  assert.notEqual(uid, undefined);
  secret({});
  await world.notice();
  await world.settle();
  assert.equal(issued()?.metadata.uid, uid);
});

it('of more tenants than a certificate has room for the youngest are told so, and nobody else is harmed', async () => {
  for (let index = 0; index < 25; index++) {
    const name = `t${String(index).padStart(2, '0')}`;
    const fqdns = [0, 1, 2, 3].map((ordinal) => `sbc${String(ordinal)}.${name}.example`);
    const creationTimestamp = `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`;
    put(aTeamsTrunk({ fqdns }, { ...at, name, creationTimestamp }));
  }
  await world.settle();
  const { dnsNames } = issued()?.spec as { readonly dnsNames: readonly string[] };
  assert.equal(dnsNames.length, 100);
  assert.ok(dnsNames.includes('sbc3.t23.example') && !dnsNames.includes('sbc0.t24.example'));
  assert.equal(conditionsIn(trunk('t23'))['Accepted'], 'True Accepted');
  assert.equal(conditionsIn(trunk('t24'))['Accepted'], 'False CertificateFull');
  assert.equal(conditionsIn(trunk('t24'))['Ready'], 'False NotAccepted');
  assert.match(
    messageIn(trunk('t24'), 'Accepted'),
    /^spec\.fqdns: .* no room for sbc0\.t24\.example, .* 100 names .*another SbcInstance, .*subdomain.*secretRef$/,
  );
});
