/** config/default on a real API server, and that it says the same as the chart and as the rendered install.yaml. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../kit/process.ts';
import type { Said } from './kit/api-client.ts';
import { repository } from './kit/binaries.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { untilNoDifference } from './packaging/difference.ts';
import { Helm, systemNamespace } from './packaging/helm.ts';
import { idOf, objectsOf } from './packaging/objects.ts';

let cluster: ControlPlane;
before(async () => {
  cluster = await startControlPlane({ name: 'kustomize', crds: false });
});
after(() => cluster.stop());

const directory = join(repository, 'config/default');

/** Labels tell who installed it, in which version: the two differ there and nowhere else. */
const installersLabels = new Set([
  'app.kubernetes.io/instance',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/part-of',
  'helm.sh/chart',
]);

function withoutInstaller(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutInstaller);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !installersLabels.has(key) && key !== 'helm.sh/resource-policy');
  return Object.fromEntries(
    kept.map(([key, item]) => [key, withoutInstaller(item)] as const).filter(([key, item]) => !isEmptyMap(key, item)),
  );
}

/** As `labels: {}` after its only label went. */
const isEmptyMap = (key: string, item: unknown): boolean =>
  (key === 'labels' || key === 'annotations') && Object.keys(item as object).length === 0;

test('kustomize and the chart install the same objects with the same content', async () => {
  const rendered = objectsOf(await cluster.kubectl('kustomize', directory));
  const namespaces = rendered.filter(({ kind }) => kind === 'Namespace').map(idOf);
  assert.deepEqual(namespaces, [`Namespace ${systemNamespace}`], 'helm makes it with --create-namespace');
  const byId = (objects: readonly Said[]) =>
    Object.fromEntries(
      objects
        .filter(({ kind }) => kind !== 'Namespace')
        .map((object) => [idOf(object), withoutInstaller(object)] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  // The pod of `helm test` and its rights are there while helm runs it.
  assert.deepEqual(byId(rendered), byId(objectsOf(await new Helm(cluster).template('--no-hooks'))));
});

test('kubectl apply --server-side -k config/default installs all of it, and again changes nothing', async () => {
  const apply = () => cluster.kubectl('apply', '--server-side', '--warnings-as-errors', '-k', directory);
  await apply();
  await cluster.definitionsAreEstablished('crd/sbcinstances.teams-sbc.dev');
  const version = () =>
    cluster
      .kubectl('get', '-k', directory, '-o', 'jsonpath={.items[*].metadata.generation}')
      .then((text) => text.trim());
  const before = await version();
  await apply();
  assert.equal(await version(), before);
  await untilNoDifference(cluster, {}, '-k', directory);
});

test('the pods of the operator meet the strictest Pod Security level, which its namespace enforces', async () => {
  const pods = `/apis/apps/v1/namespaces/${systemNamespace}/deployments/teams-sbc-operator`;
  const { template } = (await cluster.api.get(pods)).body.spec;
  const { metadata, spec } = template;
  const { status, body, warnings } = await cluster.api.send('POST', `/api/v1/namespaces/${systemNamespace}/pods`, {
    query: { dryRun: 'All', fieldValidation: 'Strict' },
    body: { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'as-one' }, spec },
  });
  assert.deepEqual([status, warnings], [201, []], JSON.stringify(body));
});

test('make install-manifest renders one file that says the same', async () => {
  await run('make', ['--no-print-directory', 'install-manifest'], { cwd: repository });
  const file = join(repository, 'work/install.yaml');
  assert.deepEqual(
    objectsOf(readFileSync(file, 'utf8')).map((object) => idOf(object)),
    objectsOf(await cluster.kubectl('kustomize', directory)).map((object) => idOf(object)),
  );
  await untilNoDifference(cluster, {}, '-f', file);
});

const left = async () => {
  const input = await cluster.kubectl('kustomize', directory);
  return cluster.kubectlWith({ input }, 'get', '--ignore-not-found', '-o', 'name', '-f', '-');
};

test('kubectl delete -k config/samples and config/default leave nothing behind', async () => {
  const samples = join(repository, 'config/samples');
  await cluster.kubectl('apply', '-k', samples);
  assert.match(await cluster.kubectl('get', 'sbc', '-o', 'name'), /sbcinstance.*\/sbc\n[^]*teamstrunk.*\/teams/);
  await cluster.kubectl('delete', '-k', samples);
  await cluster.customKindsAreServed();
  await cluster.kubectl('delete', '-k', directory);
  assert.equal(await left(), '');
});

test('a client-side kubectl apply -k config/default does it too', async () => {
  await cluster.kubectl('apply', '--warnings-as-errors', '-k', directory);
  await cluster.kubectl('apply', '--warnings-as-errors', '-k', directory);
  await cluster.customKindsAreServed();
  await cluster.kubectl('delete', '--ignore-not-found', '-k', directory);
  assert.equal(await left(), '');
});
