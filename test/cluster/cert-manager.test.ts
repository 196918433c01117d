/** The certificate of an instance: from the real cert-manager, and brought; the operator with the rights that it has, pods that are real runtimes. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { Pki, type Leaf } from '../kit/pki.ts';
import { dial, reportOf, shownBy } from './certificate/pod-tls.ts';
import { wrongSecrets } from './certificate/wrong-secrets.ts';
import type { Said } from './kit/api-client.ts';
import { repository } from './kit/binaries.ts';
import { startCertManager } from './kit/cert-manager.ts';
import type { ClusterProgram } from './kit/cluster-program.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { ProcessKubelet } from './kit/process-kubelet.ts';
import { until } from './kit/until.ts';
import { systemNamespace } from './packaging/helm.ts';

let cluster: ControlPlane;
let certManager: ClusterProgram;
let pki: Pki;
/** What the pods take for Microsoft. */
let peer: Leaf;
before(async () => {
  cluster = await startControlPlane({ name: 'certificates' });
  pki = await Pki.create(join(cluster.directory, 'microsoft'));
  peer = await pki.leaf({ names: ['sip.teams.test'] });
  await ProcessKubelet.start(cluster, { refreshMs: 500 });
  await cluster.kubectl('apply', '--server-side', '-k', join(repository, 'config/default'));
  await cluster.kubectl('-n', systemNamespace, 'scale', 'deployment/teams-sbc-operator', '--replicas=1');
});
after(() => cluster.stop());

const ours = 'teams-sbc.dev/v1alpha1';
const theirs = 'cert-manager.io/v1';
const inDefault = (name: string) => ({ name, namespace: 'default' });
const instance = (name: string, tls: object, spec: object = {}) => ({
  apiVersion: ours,
  kind: 'SbcInstance',
  metadata: inDefault(name),
  spec: {
    domain: 'voice.example.com',
    tls,
    network: { mode: 'ClusterPod', hostAliases: [{ ip: cluster.block.address(80), hostnames: ['sip.teams.test'] }] },
    media: { engine: 'None' },
    drain: { timeoutSeconds: 5 },
    ...spec,
  },
});
const issued = (tls: object = {}) => instance('sbc', { issuerRef: { name: 'ca' }, ...tls }, { replicas: 2 });
const trunk = (name: string, spec: object = {}) => ({
  apiVersion: ours,
  kind: 'TeamsTrunk',
  metadata: inDefault(name),
  spec: {
    sbcRef: { name: 'sbc' },
    endpoints: [{ host: 'sip.teams.test', port: 5061 }],
    tls: { trust: { caBundleRef: { kind: 'ConfigMap', name: 'microsoft', key: 'ca.crt' } } },
    allowCIDRs: ['127.0.0.0/8'],
    ...spec,
  },
});
const pods = ['sbc-0', 'sbc-1'];
const fqdns = pods.map((pod) => `${pod}.voice.example.com`);

const paths = {
  sbci: `/apis/${ours}/namespaces/default/sbcinstances`,
  tmst: `/apis/${ours}/namespaces/default/teamstrunks`,
  certificates: `/apis/${theirs}/namespaces/default/certificates`,
  secrets: '/api/v1/namespaces/default/secrets',
  pods: '/api/v1/namespaces/default/pods',
};
async function read(kind: keyof typeof paths, name: string): Promise<Said> {
  const { status, body } = await cluster.api.get(`${paths[kind]}/${name}`);
  return status === 200 ? body : undefined;
}

async function condition(
  kind: 'sbci' | 'tmst',
  name: string,
  type: string,
): Promise<{ text: string; message: string }> {
  const conditions: Said[] = (await read(kind, name))?.status?.conditions ?? [];
  const found = conditions.find((each) => each.type === type);
  return { text: `${found?.status} ${found?.reason}`, message: `${found?.message}` };
}

/** Returns the message. */
async function says(name: string, text: string, words = /./): Promise<string> {
  let last = '';
  const asked = async () => {
    const now = await condition('sbci', name, 'CertificateReady');
    last = `${now.text}: ${now.message}`;
    return now.text === text && words.test(now.message) ? now.message : undefined;
  };
  return until(asked, { what: `${name}: ${text} ${String(words)}`, withinMs: 40_000 }).catch((error: unknown) => {
    throw new Error(`SbcInstance ${name} says ${last}`, { cause: error });
  });
}

async function leafInSecret(): Promise<X509Certificate> {
  const secret = await read('secrets', 'sbc-tls');
  return new X509Certificate(Buffer.from(secret.data['tls.crt'] as string, 'base64'));
}

const namesOf = ({ subjectAltName = '' }: X509Certificate) => subjectAltName.replaceAll('DNS:', '').split(', ');
const isoSeconds = (date: Date) => date.toISOString().replace('.000', '');

/** Until status and pods have the certificate that is in the Secret and is not the one with that serial number. */
async function inForce(before?: string): Promise<X509Certificate> {
  const leaf = await until(
    async () => {
      const now = await leafInSecret();
      const { certificate } = (await read('sbci', 'sbc')).status;
      const isTold = certificate?.notAfter === isoSeconds(now.validToDate);
      return now.serialNumber !== before && isTold && certificate.notBefore === isoSeconds(now.validFromDate) && now;
    },
    // cert-manager that meets a conflict, or an issuer before its Secret, waits 5 s, then 10, then 20.
    { what: 'a new certificate in the status', withinMs: 60_000 },
  );
  for (const [ordinal, pod] of pods.entries()) {
    const fqdn = fqdns[ordinal] ?? '';
    const shown = async () => (await shownBy(await addressOf(pod), fqdn, peer)) === leaf.serialNumber;
    await until(shown, { what: `the new certificate on ${pod}`, withinMs: 40_000 });
  }
  return leaf;
}

async function addressOf(pod: string): Promise<string> {
  return (await read('pods', pod)).status.podIP as string;
}

/** RFC 5626 §4.4.1. */
async function answersKeepAlive(connection: TLSSocket): Promise<void> {
  connection.write('\r\n\r\n');
  const [pong] = (await once(connection, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
  assert.equal(pong.toString(), '\r\n');
}

/** Which pods they are, and how often their containers have started: what a roll or a crash changes. */
async function lives(): Promise<string[]> {
  const { body } = await cluster.api.get('/api/v1/pods');
  return (body.items as Said[])
    .filter(({ metadata }) => pods.includes(metadata.name as string) || metadata.namespace === systemNamespace)
    .map(({ metadata, status }) => `${metadata.name} ${metadata.uid} ${status.containerStatuses?.[0]?.restartCount}`)
    .toSorted();
}

test('without cert-manager an instance that has an issuer says so with the remedy', async () => {
  const roots = { apiVersion: 'v1', kind: 'ConfigMap', metadata: inDefault('microsoft'), data: { 'ca.crt': pki.root } };
  await cluster.apply([roots, issued(), trunk('teams')]);
  const message = await says('sbc', 'False CertManagerNotInstalled');
  assert.match(
    message,
    /^the cluster has no cert-manager .*: install it, or bring a Secret with spec\.tls\.secretRef$/,
  );
  assert.equal((await condition('sbci', 'sbc', 'Accepted')).text, 'True Accepted');
});

test('cert-manager that is installed later is found without a restart, and what it says of a missing issuer is passed on', async () => {
  const isOperator = (life: string) => life.startsWith('teams-sbc-operator-');
  const before = (await lives()).filter(isOperator);
  certManager = await startCertManager(cluster);
  const message = await says('sbc', 'False IssuerNotReady');
  assert.match(message, /Referenced "Issuer" not found: issuer\.cert-manager\.io "ca" not found/);
  assert.match(message, /: create Issuer ca, see why it is not ready, or name another one in spec\.tls\.issuerRef$/);
  assert.equal(before.length, 1);
  assert.deepEqual((await lives()).filter(isOperator), before);
});

test('the issued certificate has an RSA key of 2048 bits and covers every pod; instance and trunk tell its days and usages', async () => {
  const authority = { isCA: true, commonName: 'Test CA', secretName: 'ca', issuerRef: { name: 'self' } };
  await cluster.apply([
    { apiVersion: theirs, kind: 'Issuer', metadata: inDefault('self'), spec: { selfSigned: {} } },
    { apiVersion: theirs, kind: 'Certificate', metadata: inDefault('ca'), spec: authority },
    { apiVersion: theirs, kind: 'Issuer', metadata: inDefault('ca'), spec: { ca: { secretName: 'ca' } } },
  ]);
  await says('sbc', 'True Valid', /^Secret sbc-tls is valid until \d{4}-\d\d-\d\d and covers every FQDN$/);
  const leaf = await inForce();
  assert.equal(leaf.publicKey.asymmetricKeyType, 'rsa');
  assert.equal(leaf.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
  assert.deepEqual(namesOf(leaf), fqdns);
  const expected = {
    secretName: 'sbc-tls',
    notBefore: isoSeconds(leaf.validFromDate),
    notAfter: isoSeconds(leaf.validToDate),
    issuer: 'CN=Test CA',
    dnsNames: fqdns,
    usages: ['serverAuth'],
  };
  assert.deepEqual((await read('sbci', 'sbc')).status.certificate, expected);
  await until(async () => (await read('tmst', 'teams')).status.certificate?.notAfter === expected.notAfter, {
    what: 'the certificate of the trunk',
  });
  assert.deepEqual((await read('tmst', 'teams')).status.certificate, expected);
  const days = (leaf.validToDate.getTime() - leaf.validFromDate.getTime()) / 86_400_000;
  assert.equal(Math.round(days), 90);
});

test('other usages are issued anew, and status tells what was issued', async () => {
  const [alive, before] = [await lives(), await leafInSecret()];
  await cluster.apply([issued({ usages: ['server auth', 'client auth'] })]);
  const leaf = await inForce(before.serialNumber);
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.deepEqual((await read('sbci', 'sbc')).status.certificate.usages, ['serverAuth', 'clientAuth']);
  await says('sbc', 'True Valid');
  assert.deepEqual(await lives(), alive);
});

test('a renewed certificate is shown by every pod and told in its report; connections stay, no pod is replaced or restarted', async () => {
  const [alive, before] = [await lives(), await leafInSecret()];
  const held = await Promise.all(pods.map(async (pod) => dial(await addressOf(pod), fqdns[0] ?? '', peer)));
  // As `cmctl renew` does.
  const { metadata, status } = await read('certificates', 'sbc-tls');
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered',
    lastTransitionTime: new Date().toISOString(),
    observedGeneration: metadata.generation as number,
  };
  const patched = await cluster.api.send('PATCH', `${paths.certificates}/sbc-tls/status`, {
    body: { status: { conditions: [...(status.conditions as Said[]), issuing] } },
    contentType: 'application/merge-patch+json',
  });
  assert.equal(patched.status, 200);
  const leaf = await inForce(before.serialNumber);
  for (const pod of pods) {
    const { certificates } = await reportOf(cluster, await addressOf(pod));
    assert.deepEqual(
      certificates.map(({ notAfter, daysLeft }) => [notAfter, daysLeft]),
      [[leaf.validToDate.toISOString(), 89]],
    );
  }
  for (const connection of held) {
    assert.equal(connection.getPeerX509Certificate()?.serialNumber, before.serialNumber);
    await answersKeepAlive(connection);
    connection.destroy();
  }
  assert.deepEqual(await lives(), alive);
});

test('a Secret that somebody deletes is issued anew', async () => {
  const [alive, before] = [await lives(), await leafInSecret()];
  await cluster.kubectl('delete', 'secret/sbc-tls');
  await until(() => read('secrets', 'sbc-tls'), { what: 'the Secret', withinMs: 60_000 });
  await inForce(before.serialNumber);
  await says('sbc', 'True Valid');
  assert.deepEqual(await lives(), alive);
});

test('the name of a new trunk is asked for; until it is covered the condition says so, and every trunk is programmed all the same', async () => {
  const [alive, before] = [await lives(), await leafInSecret()];
  const names = ['sbc.tenant.example', 'sbc2.tenant.example'];
  await certManager.pause();
  try {
    await cluster.apply([trunk('tenant', { fqdns: names })]);
    const message = await says('sbc', 'False Issuing', /tenant/);
    assert.match(message, /^Secret sbc-tls does not cover sbc\.tenant\.example, sbc2\.tenant\.example: /);
    for (const name of ['tenant', 'teams']) {
      const isProgrammed = async () => (await condition('tmst', name, 'Programmed')).text === 'True InSync';
      await until(isProgrammed, { what: `${name} on every pod` });
    }
  } finally {
    certManager.resume();
  }
  const leaf = await inForce(before.serialNumber);
  assert.deepEqual(namesOf(leaf), [...fqdns, ...names]);
  await says('sbc', 'True Valid');
  assert.deepEqual(await lives(), alive);
});

test('a trunk with a subdomain is covered by a wildcard, and the next one needs no new certificate', async () => {
  const before = await leafInSecret();
  await cluster.apply([trunk('customer1', { subdomain: 'customer1' })]);
  const leaf = await inForce(before.serialNumber);
  for (const fqdn of fqdns) assert.ok(namesOf(leaf).includes(`*.${fqdn}`));
  await says('sbc', 'True Valid');
  const { revision } = (await read('certificates', 'sbc-tls')).status;
  await cluster.apply([trunk('customer2', { subdomain: 'customer2' })]);
  await until(async () => (await condition('tmst', 'customer2', 'Programmed')).text === 'True InSync', {
    what: 'the second one',
  });
  await says('sbc', 'True Valid');
  assert.equal((await read('certificates', 'sbc-tls')).status.revision, revision);
});

test('a brought Secret that is no good is told with reason and sentence, and another instance does not notice', async () => {
  // Certificates are judged, pods are not wanted: a quota lets none of theirs in.
  await cluster.apply([
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: inDefault('no-more'), spec: { hard: { pods: '2' } } },
  ]);
  const alive = await lives();
  const { certificate, conditions } = (await read('sbci', 'sbc')).status;
  const expired = await pki.leaf({ names: ['expired-0.voice.example.com'], expired: true });
  const wrong = wrongSecrets((name) => `${name}-0.voice.example.com`, { crt: expired.certificate, key: expired.key });
  const secrets = [...wrong].flatMap(([name, { pair }]) => {
    if (pair === undefined) return [];
    return [{ apiVersion: 'v1', kind: 'Secret', metadata: inDefault(name), stringData: { 'tls.crt': pair.crt, 'tls.key': pair.key } }]; // prettier-ignore
  });
  await cluster.apply([...secrets, ...[...wrong.keys()].map((name) => instance(name, { secretRef: { name } }))]);
  for (const [name, { condition: text, message }] of wrong) assert.match(await says(name, text), message);
  // The one that was missing comes.
  const good = await read('secrets', 'sbc-tls');
  await cluster.apply([{ apiVersion: 'v1', kind: 'Secret', metadata: inDefault('missing'), data: good.data }]);
  await says('missing', 'False NameNotCovered');
  assert.deepEqual((await read('sbci', 'sbc')).status.certificate, certificate);
  assert.deepEqual((await read('sbci', 'sbc')).status.conditions, conditions);
  assert.deepEqual(await lives(), alive);
});

test('a Secret that was there before and is not cert-manager’s is not overwritten, and the remedy is told', async () => {
  const brought = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: inDefault('kept-tls'),
    stringData: { mine: 'all of it' },
  };
  await cluster.apply([brought]);
  await cluster.apply([instance('kept', { issuerRef: { name: 'ca' } })]);
  const message = await says('kept', 'False SecretNotOurs');
  assert.match(
    message,
    /^Secret kept-tls is there already .*: delete or rename the Secret, or use it with spec\.tls\.secretRef$/,
  );
  assert.equal(await read('certificates', 'kept-tls'), undefined);
  assert.deepEqual(Object.keys((await read('secrets', 'kept-tls')).data as object), ['mine']);
});
