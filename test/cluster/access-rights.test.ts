/** The operator with its own ServiceAccount: what that may do, and that it is enough, and that all of it is used. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { selfSigned } from './packaging/certificate.ts';
import type { ApiClient, Said } from './kit/api-client.ts';
import { certManagerCrds, repository } from './kit/binaries.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';
import { Helm, chart, systemNamespace } from './packaging/helm.ts';
import { foreignKind } from './packaging/objects.ts';
import { startOperator, type Operator } from './packaging/operator-process.ts';
import { allowed, attributesOf, beside, clusterWide, forbidden } from './packaging/rights.ts';

let cluster: ControlPlane;
/** As the operator. */
let operator: ApiClient;
before(async () => {
  cluster = await startControlPlane({ name: 'access-rights' });
  await cluster.kubectl('apply', '--server-side', '-k', join(repository, 'config/default'));
  for (const name of ['voice', 'lab', 'shop', 'other']) await cluster.createNamespace(name);
  operator = await cluster.clientFor(systemNamespace, 'teams-sbc-operator');
  await cluster.apply([foreignKind('monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors')]);
  await cluster.installCrdFiles(readdirSync(certManagerCrds()).map((file) => join(certManagerCrds(), file)));
  // Its garbage collector looks for new kinds twice a minute.
  await cluster.controllerManager.restart();
});
after(() => cluster.stop());

async function mayIn(client: ApiClient, namespace: string, right: string): Promise<boolean> {
  const resourceAttributes = { namespace, ...attributesOf(right) };
  const { status, body } = await client.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
  });
  assert.equal(status, 201, JSON.stringify(body));
  return body.status.allowed as boolean;
}

async function filtered(client: ApiClient, namespace: string, rights: readonly string[], may: boolean) {
  const answers = await Promise.all(rights.map((right) => mayIn(client, namespace, right)));
  return rights.filter((_, index) => answers[index] === may);
}

async function assertRights(
  client: ApiClient,
  namespace: string,
  rights: { allowed: readonly string[]; forbidden: readonly string[] },
): Promise<void> {
  // The authorizer sees a binding a moment after it was written.
  await until(
    async () => {
      assert.deepEqual(await filtered(client, namespace, rights.allowed, false), []);
      return true;
    },
    { what: `what is missing in ${namespace || 'cluster'}` },
  );
  assert.deepEqual(
    await filtered(client, namespace, rights.forbidden, true),
    [],
    `too much in ${namespace || 'cluster'}`,
  );
}

/** Requests that the API server refused with 403, of whomever. */
async function refusals(): Promise<number> {
  const { body } = await cluster.api.get<string>('/metrics');
  return body
    .split('\n')
    .filter((line) => line.startsWith('apiserver_request_total{code="403"'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

const names = (namespace: string, kinds: string) =>
  cluster.kubectl('-n', namespace, 'get', kinds, '-l', 'teams-sbc.dev/instance=sbc', '-o', 'name').then((text) =>
    text
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .toSorted(),
  );

const childKinds =
  'statefulsets,services,certificates,serviceaccounts,roles,rolebindings,poddisruptionbudgets,networkpolicies,servicemonitors,secrets,configmaps';

function manifests(namespace: string, network: object, tls: object) {
  const object = (kind: string, name: string, spec: object) => ({
    apiVersion: 'teams-sbc.dev/v1alpha1',
    kind,
    metadata: { name, namespace },
    spec,
  });
  const sbcRef = { name: 'sbc' };
  return [
    object('SbcInstance', 'sbc', { domain: 'voice.example.com', tls, network }),
    object('TeamsTrunk', 'teams', { sbcRef }),
    object('PbxTrunk', 'pbx', { sbcRef, peers: [{ name: 'a', host: '10.20.0.10' }], allowCIDRs: ['10.20.0.0/24'] }),
    object('NumberPolicy', 'national', { sbcRef, rules: [{ name: 'a', pattern: '0(.{3,9})', replacement: '+49$1' }] }),
    object('CallRoute', 'out', { sbcRef, destinations: [{ kind: 'PbxTrunk', name: 'pbx' }] }),
  ];
}

const addresses = [{ address: '203.0.113.7' }];
const issuerRef = { name: 'ca', kind: 'ClusterIssuer' };

async function ready({ url, process: { lines } }: Operator): Promise<void> {
  const answered = () => fetch(`${url}/readyz`).then(({ ok }) => ok);
  await until(answered, { what: 'a ready operator' }).catch((error: unknown) => {
    throw new Error(['It says:', ...lines.slice(-20)].join('\n  '), { cause: error });
  });
}

const condition = async (namespace: string, object: string, type: string) =>
  cluster.kubectl('-n', namespace, 'get', object, '-o', `jsonpath={.status.conditions[?(@.type=="${type}")].reason}`);

test('config/rbac gives what is written down here, and no more', async () => {
  await assertRights(operator, 'voice', { allowed, forbidden });
  await assertRights(operator, '', clusterWide);
  await assertRights(operator, systemNamespace, beside);
  assert.deepEqual(await filtered(operator, 'voice', beside.allowed, true), [], 'a Lease is beside the operator alone');
});

test('no rule has a wildcard, and none more than what is written down', async () => {
  const { body } = await operator.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace: 'voice' } },
  });
  const given = (body.status.resourceRules as Said[]).flatMap(({ verbs, apiGroups, resources }) =>
    (resources as string[]).flatMap((resource) =>
      (apiGroups as string[]).flatMap((group) => (verbs as string[]).map((verb) => right(verb, group, resource))),
    ),
  );
  // Every ServiceAccount may ask what it may.
  const everybodys = /^create self\w+\.(authorization|authentication)\.k8s\.io$/;
  const listed = new Set([...allowed, ...clusterWide.allowed]);
  assert.deepEqual(
    given.filter((each) => !everybodys.test(each) && !listed.has(each)),
    [],
  );
});

function right(verb: string, group: string, resource: string): string {
  const [name = '', subresource] = resource.split('/');
  return `${verb} ${name}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
}

test('it cannot give anybody a right that it has not', async () => {
  const role = (rules: object[]) =>
    operator.send('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/voice/roles', {
      body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { generateName: 'x-' }, rules },
      query: { dryRun: 'All' },
    });
  assert.equal((await role([{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] }])).status, 201);
  for (const resources of ['secrets', 'pods/exec', '*'])
    assert.equal((await role([{ apiGroups: [''], resources: [resources], verbs: ['delete', 'create'] }])).status, 403);
});

test('the operator runs with these rights alone, makes every child, prunes, and is refused nothing', async () => {
  const refusedBefore = await refusals();
  const running = await startOperator(cluster, { namespace: systemNamespace, name: 'teams-sbc-operator', host: 50 });
  await ready(running);
  await cluster.apply(manifests('voice', { mode: 'LoadBalancerPerPod', addresses }, { issuerRef }));
  const wanted = [
    'certificate.cert-manager.io/sbc-tls',
    'networkpolicy.networking.k8s.io/sbc',
    'poddisruptionbudget.policy/sbc',
    'role.rbac.authorization.k8s.io/sbc-runtime',
    'rolebinding.rbac.authorization.k8s.io/sbc-runtime',
    'secret/sbc-status',
    'service/sbc-0',
    'service/sbc-pods',
    'serviceaccount/sbc-runtime',
    'servicemonitor.monitoring.coreos.com/sbc',
    'statefulset.apps/sbc',
  ];
  const children = () => names('voice', childKinds);
  const missing = async () => {
    const there = await children();
    return wanted.filter((name) => !there.includes(name));
  };
  await until(async () => (await missing()).length === 0, { what: 'every child' }).catch(async (error: unknown) => {
    const lines = ['missing:', ...(await missing()), 'log:', ...running.process.lines.slice(-20)];
    throw new Error(lines.join('\n  '), { cause: error });
  });
  await until(async () => (await children()).includes('configmap/sbc-routing'), { what: 'the routing state' });

  // A Secret of one's own, and the network of the node: what the other way needed goes.
  await cluster.apply([selfSigned('voice', 'sbc-tls-own', 'sbc-0.voice.example.com')]);
  const { body } = await cluster.api.get('/apis/teams-sbc.dev/v1alpha1/namespaces/voice/sbcinstances/sbc');
  assert.equal(body.metadata.generation, 1);
  await cluster.apply(manifests('voice', { mode: 'HostNetwork', addresses }, { secretRef: { name: 'sbc-tls-own' } }));
  const goes = ['certificate.cert-manager.io/sbc-tls', 'networkpolicy.networking.k8s.io/sbc'];
  await until(async () => !(await children()).some((name) => goes.includes(name)), {
    what: 'the end of what is not needed',
  });

  await cluster.kubectl('-n', 'voice', 'delete', 'sbci', 'sbc');
  await until(async () => (await children()).length === 0, { what: 'garbage collection' }).catch(
    async (error: unknown) => {
      throw new Error((await children()).join('\n'), { cause: error });
    },
  );
  await until(async () => (await condition('voice', 'tmst/teams', 'ResolvedRefs')) === 'InstanceNotFound', {
    what: 'a trunk without its instance',
  });
  assert.deepEqual(
    running.process.lines.filter((line) => /forbidden|\b403\b/i.test(line)),
    [],
  );
  assert.equal(await refusals(), refusedBefore);
  assert.equal(await running.process.end(), 0);
});

test('with rights in two namespaces it serves both, is refused nothing, and cannot look into others', async () => {
  const namespaced = ['--namespace', 'scoped', '--set', 'watchNamespaces={lab,shop},crds.create=false'];
  await new Helm(cluster).run('install', 'scoped', chart, '--create-namespace', ...namespaced);
  const account = await cluster.clientFor('scoped', 'scoped-operator');
  for (const namespace of ['lab', 'shop']) await assertRights(account, namespace, { allowed, forbidden });
  await assertRights(account, '', clusterWide);
  await assertRights(account, 'scoped', beside);
  assert.deepEqual(await filtered(account, 'other', allowed, true), []);

  const refusedBefore = await refusals();
  const running = await startOperator(cluster, { namespace: 'scoped', name: 'scoped-operator', host: 51 });
  await ready(running);
  const served = ['lab', 'shop'];
  for (const namespace of [...served, 'other'])
    await cluster.apply(manifests(namespace, { mode: 'HostNetwork', addresses }, { issuerRef }));
  for (const namespace of served)
    await until(async () => (await names(namespace, 'configmaps')).includes('configmap/sbc-routing'), {
      what: `the routing state in ${namespace}`,
    });
  // Each namespace has a watch of its own: what goes in one goes there alone.
  await cluster.kubectl('-n', 'shop', 'delete', 'sbci', 'sbc');
  await until(async () => (await condition('shop', 'tmst/teams', 'ResolvedRefs')) === 'InstanceNotFound', {
    what: 'a trunk without its instance',
  });
  assert.equal(await condition('lab', 'tmst/teams', 'ResolvedRefs'), 'ResolvedRefs');
  assert.deepEqual(await names('other', childKinds), []);
  assert.deepEqual(
    running.process.lines.filter((line) => /forbidden|\b403\b/i.test(line)),
    [],
  );
  assert.equal(await refusals(), refusedBefore);
  assert.equal(await running.process.end(), 0);
});
