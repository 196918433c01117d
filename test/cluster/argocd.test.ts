/** What Argo CD makes of our kinds: health by its own Lua, no difference to Git before and after the operator wrote its status. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { kinds } from '../../crds/src/v1alpha1/kinds.ts';
import type { Said } from './kit/api-client.ts';
import { repository } from './kit/binaries.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { assess } from './packaging/argocd.ts';
import { difference, untilNoDifference } from './packaging/difference.ts';
import { systemNamespace } from './packaging/helm.ts';
import { idOf, objectsOf } from './packaging/objects.ts';
import { startOperator } from './packaging/operator-process.ts';
import { until } from './kit/until.ts';

let cluster: ControlPlane;
before(async () => {
  cluster = await startControlPlane({ name: 'argocd', crds: false });
  const everything = join(repository, 'config/default');
  await cluster.kubectl('apply', '--server-side', '-k', everything);
  await cluster.definitionsAreEstablished('crd', '--all');
  await cluster.customKindsAreServed();
  await cluster.createNamespace('voice');
});
after(() => cluster.stop());

const folder = join(repository, 'config/argocd');
const controller = 'argocd-controller';

/** As Argo CD applies what stands in Git: in the namespace of its destination, with its tracking annotation. */
function inGit(file: string): Said[] {
  return objectsOf(readFileSync(join(repository, file), 'utf8')).map((object): unknown => {
    const { metadata, ...rest } = object;
    const tracking = { 'argocd.argoproj.io/tracking-id': `voice:teams-sbc.dev/${rest.kind}:voice/${metadata.name}` };
    const annotations = { ...metadata.annotations, ...tracking };
    return { ...rest, metadata: { ...metadata, namespace: 'voice', annotations } };
  });
}

function pathOf({ kind, metadata }: Said): string {
  const { plural } = kinds[kind as keyof typeof kinds];
  return `/apis/teams-sbc.dev/v1alpha1/namespaces/voice/${plural}/${metadata.name}`;
}

const live = async (object: Said): Promise<Said> => (await cluster.api.get(pathOf(object))).body as unknown;

/** What Argo CD's server-side diff asks. */
const asArgo = ['--force-conflicts', `--field-manager=${controller}`, '-f', '-'];
const text = (objects: readonly Said[]) => ({ input: objects.map((each) => JSON.stringify(each)).join('\n---\n') });

/** As the operator does: server-side apply to the status, by a field manager of its own. */
async function writeStatus(object: Said, status: 'True' | 'False', message: string): Promise<void> {
  const { metadata } = await live(object);
  const conditions = ['Accepted', 'Ready'].map((type) => ({
    type,
    status,
    reason: status === 'True' ? type : 'NoReadyPod',
    message,
    observedGeneration: metadata.generation,
    lastTransitionTime: '2026-11-23T09:00:00Z',
  }));
  const { apiVersion, kind } = object;
  const answer = await cluster.api.send('PATCH', `${pathOf(object)}/status`, {
    query: { fieldManager: 'teams-sbc-operator-status', force: 'true', fieldValidation: 'Strict' },
    contentType: 'application/apply-patch+yaml',
    body: {
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: 'voice' },
      status: { observedGeneration: metadata.generation, conditions },
    },
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

test('its own Lua says of each case what the table says', () => {
  const cases = parse(readFileSync(join(folder, 'tests/cases.yaml'), 'utf8')) as { object: Said; health: Said }[];
  for (const { object, health } of cases) assert.deepEqual(assess(cluster.directory, object).health, health);
});

test('the patch of argocd-cm brings the script under the name of every kind', async () => {
  await cluster.kubectl('create', 'configmap', 'argocd-cm', '--from-literal=url=https://argocd.example.com');
  await cluster.kubectl('patch', 'configmap', 'argocd-cm', '--patch-file', join(folder, 'argocd-cm.yaml'));
  const { data } = JSON.parse(await cluster.kubectl('get', 'configmap', 'argocd-cm', '-o', 'json'));
  const names = Object.keys(kinds).map((kind) => `resource.customizations.health.teams-sbc.dev_${kind}`);
  assert.deepEqual(Object.keys(data as object).toSorted(), [...names, 'url'].toSorted());
});

for (const file of ['config/argocd/example/sbc.yaml', 'config/samples/full.yaml']) {
  const objects = inGit(file);

  test(`${file}: no difference to Git after the sync, although the API server filled in defaults`, async () => {
    await cluster.apply(objects, controller);
    await untilNoDifference(cluster, text(objects), ...asArgo);
    for (const object of objects) {
      const found = await live(object);
      assert.ok(Object.keys(found.spec as object).length >= Object.keys(object.spec as object).length);
      const { health, modified } = assess(cluster.directory, found, object);
      assert.deepEqual([health.status, modified], ['Progressing', false], idOf(object));
    }
  });

  test(`${file}: none after the operator wrote its status, and health is what the status says`, async () => {
    for (const [status, expected] of [
      ['True', 'Healthy'],
      ['False', 'Degraded'],
    ] as const) {
      for (const object of objects) await writeStatus(object, status, `It is ${expected}`);
      await untilNoDifference(cluster, text(objects), ...asArgo);
      for (const object of objects) {
        const { health, modified } = assess(cluster.directory, await live(object), object);
        assert.deepEqual(health, { status: expected, message: `It is ${expected}` });
        assert.equal(modified, false, idOf(object));
      }
    }
  });
}

test('none while the operator runs, makes its children and speaks', async () => {
  const operator = await startOperator(cluster, { namespace: systemNamespace, name: 'teams-sbc-operator', host: 50 });
  const objects = inGit('config/argocd/example/sbc.yaml');
  const spoke = async (object: Said) => {
    const { status } = await live(object);
    const conditions = status.conditions as { type: string; message: string }[];
    return conditions.some(({ type, message }) => type === 'Ready' && !message.startsWith('It is'));
  };
  for (const object of objects) await until(() => spoke(object), { what: `the operator's word on ${idOf(object)}` });
  await untilNoDifference(cluster, text(objects), ...asArgo);
  for (const object of objects) {
    const { health, modified } = assess(cluster.directory, await live(object), object);
    assert.equal(modified, false, idOf(object));
    assert.notEqual(health.message, 'Waiting for the operator');
  }
  // What Argo CD would take for its own, and prune.
  const children = await cluster.kubectl('-n', 'voice', 'get', 'sts,svc,sa,role,rolebinding,pdb', '-o', 'yaml');
  assert.match(children, /name: sbc-pods/);
  assert.doesNotMatch(children, /argocd\.argoproj\.io|app\.kubernetes\.io\/instance/);
  assert.equal(await operator.process.end(), 0);
});

test('a change by hand is a difference, to both', async () => {
  const [instance] = inGit('config/argocd/example/sbc.yaml');
  await cluster.kubectl('-n', 'voice', 'patch', 'sbci', 'sbc', '--type=merge', '-p', '{"spec":{"replicas":3}}');
  assert.match(await difference(cluster, text([instance]), ...asArgo), /-\s+replicas: 3\n\+\s+replicas: 2/);
  assert.equal(assess(cluster.directory, await live(instance), instance).modified, true);
});
