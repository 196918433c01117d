/** The chart with a real helm on a real API server: installed, upgraded, rolled back, uninstalled. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import type { Said } from './kit/api-client.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';
import { untilNoDifference } from './packaging/difference.ts';
import { Helm, chart, systemNamespace } from './packaging/helm.ts';
import { foreignKind, idOf, named, objectsOf } from './packaging/objects.ts';

let cluster: ControlPlane;
let helm: Helm;
before(async () => {
  cluster = await startControlPlane({ name: 'chart', crds: false });
  helm = new Helm(cluster);
});
after(() => cluster.stop());

const inSystem = ['--namespace', systemNamespace];
const ourCrds = [
  'callroutes.teams-sbc.dev',
  'numberpolicies.teams-sbc.dev',
  'pbxtrunks.teams-sbc.dev',
  'sbcinstances.teams-sbc.dev',
  'teamstrunks.teams-sbc.dev',
];
const everything = `
watchNamespaces: [voice, lab]
networkPolicy: {create: true}
serviceMonitor: {create: true, labels: {release: prometheus}}
podAnnotations: {example.com/team: voice}
podLabels: {example.com/tier: control}
imagePullSecrets: [{name: registry}]
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: dedicated, operator: Exists}]
priorityClassName: system-cluster-critical
serviceAccount: {name: sbc, annotations: {example.com/role: voice}}
image: {digest: 'sha256:${'a'.repeat(64)}'}
extraObjects:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: extra, namespace: '{{ .Release.Namespace }}'}
`;

/** As a release before this one: one field of SbcInstance less. */
function olderChart(): string {
  const directory = join(cluster.directory, 'older-chart');
  cpSync(chart, directory, { recursive: true });
  edit(join(directory, 'Chart.yaml'), (file) => {
    file.version = file.appVersion = '0.0.9';
  });
  edit(join(directory, 'files/crds/teams-sbc.dev_sbcinstances.yaml'), (crd) => {
    delete crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.calls;
  });
  return directory;
}

function edit(file: string, change: (content: Said) => void): void {
  const content: Said = parse(readFileSync(file, 'utf8'));
  change(content);
  writeFileSync(file, stringify(content));
}

async function crds(): Promise<string[]> {
  const names = await cluster.kubectl('get', 'crds', '-o', 'jsonpath={.items[*].metadata.name}');
  return names.split(' ').filter((name) => name.endsWith('.teams-sbc.dev'));
}

/** Of the SbcInstance that stands in the cluster. */
const ringTimeout = () =>
  cluster.kubectl('get', 'sbci', 'sbc', '-o', 'jsonpath={.spec.calls.ringTimeoutSeconds}').then(Number);

const instance = (spec: object = {}) => ({
  apiVersion: 'teams-sbc.dev/v1alpha1',
  kind: 'SbcInstance',
  metadata: { name: 'sbc', namespace: 'default' },
  spec: { domain: 'voice.example.com', tls: { secretRef: { name: 'sbc-tls' } }, ...spec },
});

async function operatorArgs(): Promise<string[]> {
  const path = `/apis/apps/v1/namespaces/${systemNamespace}/deployments/teams-sbc-operator`;
  const { body } = await cluster.api.get(path);
  return body.spec.template.spec.containers[0].args as string[];
}

const hookOf = ({ metadata }: Said): string | undefined => metadata.annotations?.['helm.sh/hook'] as string | undefined;

test('what it renders is the same every time, and has no hooks but its test', async () => {
  const [first, second] = await Promise.all([helm.template(), helm.template()]);
  assert.equal(first, second);
  const hooks = objectsOf(first).filter((object) => hookOf(object) !== undefined);
  assert.deepEqual(hooks.map(({ kind }) => kind as string).toSorted(), [
    'Pod',
    'Role',
    'RoleBinding',
    'ServiceAccount',
  ]);
  assert.ok(hooks.every((hook) => hookOf(hook) === 'test'));
  await helm.run('lint', '--strict', chart);
});

test('the operator leaves a node that is lost before the five minutes of Kubernetes are over, whatever else it tolerates', async () => {
  const tolerated = async (...values: string[]) => {
    const objects = objectsOf(await helm.template(...values.flatMap((value) => ['--set', value])));
    const { spec } = objects.find(({ kind }) => kind === 'Deployment')?.['spec'].template;
    const tolerations = spec.tolerations as { readonly key: string; readonly tolerationSeconds?: number }[];
    return tolerations.map(({ key, tolerationSeconds = null }) => [key, tolerationSeconds]);
  };
  const [notReady, unreachable] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
  assert.deepEqual(await tolerated(), [
    [notReady, 30],
    [unreachable, 30],
  ]);
  const values = ['nodeLossSeconds=90', 'tolerations[0].key=dedicated', 'tolerations[0].operator=Exists'];
  assert.deepEqual(await tolerated(...values), [
    [notReady, 90],
    [unreachable, 90],
    ['dedicated', null],
  ]);
});

test('wrong values are refused before anything is applied, by their name', async () => {
  const cases = {
    'replicas=0': "at '/replicas': minimum: got 0, want 1",
    'logLevel=loud': "at '/logLevel': value must be one of 'error', 'warn', 'info', 'debug'",
    'nameOverride=Foo_Bar': "at '/nameOverride': 'Foo_Bar' does not match pattern",
    'replcas=2': "additional properties 'replcas' not allowed",
    'watchNamespaces={Voice}': "at '/watchNamespaces/0': 'Voice' does not match pattern",
    'image.digest=latest': "at '/image/digest': 'latest' does not match pattern '^(sha256:[0-9a-f]{64})?$'",
    'healthPort=80': "at '/healthPort': minimum: got 80, want 1,024",
  };
  for (const [value, says] of Object.entries(cases)) {
    const words = await helm.refused('install', 'teams-sbc', chart, ...inSystem, '--create-namespace', '--set', value);
    assert.ok(words.includes(says), words);
  }
  assert.deepEqual(await crds(), []);
});

test('an older release installs: CustomResourceDefinitions, operator, rights', async () => {
  await helm.run('install', 'teams-sbc', olderChart(), ...inSystem, '--create-namespace');
  assert.deepEqual(await crds(), ourCrds);
  await cluster.definitionsAreEstablished(...ourCrds.map((name) => `crd/${name}`));
  await cluster.customKindsAreServed();
  assert.ok((await operatorArgs()).includes('--image-runtime=ghcr.io/teams-sbc/sbc-runtime:0.0.9'));
  await cluster.apply([instance()]);
  assert.equal(await ringTimeout(), 0);
});

test('every object of the release stands in the cluster as it was rendered', async () => {
  const objects = objectsOf(await helm.run('get', 'manifest', 'teams-sbc', ...inSystem));
  const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  const found = await cluster.kubectlWith({ input }, 'get', '-o', 'name', '-f', '-');
  assert.equal(found.trim().split('\n').length, objects.length);
  await untilNoDifference(cluster, { input }, '-f', '-');
});

test('the upgrade to this release changes the CustomResourceDefinitions too, and what was set', async () => {
  await helm.run('upgrade', 'teams-sbc', chart, ...inSystem, '--set', 'logLevel=debug,replicas=3,workers=8');
  const args = await operatorArgs();
  assert.ok(args.includes('--log-level=debug') && args.includes('--workers=8'), args.join(' '));
  await until(async () => (await ringTimeout()) === 180, { what: 'the default of the new field' });
  await until(() => cluster.apply([instance({ calls: { ringTimeoutSeconds: 90 } })]).then(() => true), {
    what: 'the new field',
  });
  assert.equal(await ringTimeout(), 90);
});

test('a rollback brings the operator back as it was, and no object is lost', async () => {
  await helm.run('rollback', 'teams-sbc', '1', ...inSystem);
  const args = await operatorArgs();
  assert.ok(args.includes('--log-level=info') && args.includes('--workers=4'), args.join(' '));
  assert.deepEqual(await crds(), ourCrds);
  assert.equal(await cluster.kubectl('get', 'sbci', 'sbc', '-o', 'jsonpath={.spec.domain}'), 'voice.example.com');
  await helm.run('rollback', 'teams-sbc', '2', ...inSystem);
  await until(async () => (await ringTimeout()) === 90, { what: 'what the older definition did not show' });
});

test('an uninstall keeps the CustomResourceDefinitions and all objects of theirs, and nothing else', async () => {
  const objects = objectsOf(await helm.run('get', 'manifest', 'teams-sbc', ...inSystem));
  await helm.run('uninstall', 'teams-sbc', ...inSystem, '--wait');
  assert.deepEqual(await crds(), ourCrds);
  assert.equal(await ringTimeout(), 90);
  const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  const left = await cluster.kubectlWith({ input }, 'get', '--ignore-not-found', '-o', 'name', '-f', '-');
  assert.deepEqual(
    left.trim().split('\n').toSorted(),
    ourCrds.map((name) => `customresourcedefinition.apiextensions.k8s.io/${name}`),
  );
});

test('an install over kept CustomResourceDefinitions takes them on', async () => {
  await helm.run('install', 'teams-sbc', chart, ...inSystem);
  assert.equal(await ringTimeout(), 90);
});

test('an uninstall with crds.keep=false removes all of it', async () => {
  await helm.run('upgrade', 'teams-sbc', chart, ...inSystem, '--set', 'crds.keep=false');
  await cluster.customKindsAreServed();
  await helm.run('uninstall', 'teams-sbc', ...inSystem, '--wait');
  await until(async () => (await crds()).length === 0, { what: 'the end of the CustomResourceDefinitions' });
});

test('with watchNamespaces the operator has rights there, and of the cluster it reads Nodes alone', async () => {
  const objects = objectsOf(await helm.template('--set', 'watchNamespaces={voice,lab}'));
  assert.deepEqual(
    objects
      .filter((object) => /Role$/.test(object.kind as string) && hookOf(object) === undefined)
      .map(idOf)
      .toSorted(),
    [
      'ClusterRole teams-sbc-operator',
      'Role lab/teams-sbc-operator',
      `Role ${systemNamespace}/teams-sbc-operator-leader`,
      'Role voice/teams-sbc-operator',
    ].toSorted(),
  );
  assert.deepEqual(named(objects, 'ClusterRole teams-sbc-operator').rules, [
    { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] },
  ]);
  const { args } = named(objects, `Deployment ${systemNamespace}/teams-sbc-operator`).spec.template.spec.containers[0];
  assert.deepEqual(
    (args as string[]).filter((arg) => arg.startsWith('--namespace')),
    ['--namespace=voice', '--namespace=lab'],
  );
});

test('with every value set the API server takes each object, without a warning', async () => {
  for (const name of ['voice', 'lab']) await cluster.createNamespace(name);
  await cluster.apply([foreignKind('monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors')]);
  await cluster.definitionsAreEstablished('crd/servicemonitors.monitoring.coreos.com');
  await cluster.customKindsAreServed();
  const values = join(cluster.directory, 'everything.yaml');
  writeFileSync(values, everything);
  const objects = objectsOf(await helm.template('--values', values));
  assert.ok(objects.some(({ kind }) => kind === 'NetworkPolicy'));
  assert.ok(objects.some(({ kind }) => kind === 'ServiceMonitor'));
  // Admission takes no pod whose ServiceAccount is not there.
  await cluster.apply(objects.filter((object) => object.kind === 'ServiceAccount' && hookOf(object) !== undefined));
  const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  const dryRun = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', '-'];
  const applied = await cluster.kubectlWith({ input }, ...dryRun);
  assert.equal(applied.trim().split('\n').length, objects.length);
});
