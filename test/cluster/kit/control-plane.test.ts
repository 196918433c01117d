import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RunningProcess } from '../../kit/process.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { until } from './until.ts';

let cluster: ControlPlane;
before(async () => {
  cluster = await startControlPlane({ name: 'control-plane' });
});
after(() => cluster.stop());

test('The control plane serves the custom kinds', async () => {
  assert.match(await cluster.kubectl('api-resources', '--api-group=teams-sbc.dev'), /sbcinstances +sbci/);
});

test('A ServiceAccount may do what its Role says, and nothing else', async () => {
  const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
  const metadata = { namespace: 'default', name: 'reader' };
  const rules = [{ apiGroups: ['teams-sbc.dev'], resources: ['teamstrunks'], verbs: ['list'] }];
  await cluster.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: role,
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  ]);
  const reader = await cluster.clientFor('default', 'reader');
  const path = '/apis/teams-sbc.dev/v1alpha1/namespaces/default/';
  const mayList = async () => (await reader.get(`${path}teamstrunks`)).status === 200;
  await until(mayList, { what: 'the authorizer to see the binding' });
  assert.equal((await reader.get(`${path}pbxtrunks`)).status, 403);
  const kubeconfig = await cluster.kubeconfigFor('default', 'reader');
  await assert.rejects(
    cluster.kubectlWith({ kubeconfig }, 'get', 'pbxtrunks'),
    /forbidden.*cannot list resource "pbxtrunks"/,
  );
});

const word = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'word', namespace: 'default' },
  data: { word: 'kept' },
};
const kept = () => cluster.kubectl('get', 'configmap', 'word', '-o', 'jsonpath={.data.word}');

test('What was written outlives a crash of etcd, and one of the API server', async () => {
  await cluster.apply([word]);
  await cluster.etcd.restart();
  await cluster.apiServer.ready();
  // It has a connection to etcd for each kind, and each dials again in its own time.
  await until(async () => (await kept()) === 'kept', { what: 'what was written' });
  await cluster.apiServer.restart();
  assert.equal(await kept(), 'kept');
});

test('A paused API server keeps its connections and answers later', async () => {
  await cluster.apiServer.pause();
  const answer = cluster.api.get('/version');
  const first = await Promise.race([answer.then(() => 'answered'), delay(300, 'silent')]);
  cluster.apiServer.resume();
  assert.equal(first, 'silent');
  assert.equal((await answer).status, 200);
});

test('Objects whose owner is gone are collected', async () => {
  const { body: owner } = await cluster.api.get('/api/v1/namespaces/default/configmaps/word');
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'word', uid: owner.metadata.uid }];
  await cluster.apply([{ ...word, metadata: { name: 'child', namespace: 'default', ownerReferences } }]);
  await cluster.kubectl('delete', 'configmap', 'word');
  // The API server was away: a watch of the controller manager tries again after up to 50 s.
  await cluster.kubectl('wait', '--for=delete', '--timeout=90s', 'configmap/child');
});

test('A test that is killed leaves no process behind', async () => {
  const module = JSON.stringify(join(import.meta.dirname, 'control-plane.ts'));
  const text = `const { startControlPlane } = await import(${module});
    const { etcd, apiServer, controllerManager, directory } = await startControlPlane({ name: 'killed', crds: false });
    console.log('started', directory, etcd.pid, apiServer.pid, controllerManager.pid);`;
  const victim = new RunningProcess(process.execPath, ['--input-type=module', '-e', text], { name: 'victim' });
  const line = await victim.waitForLine(/^started/, 60_000);
  victim.signal('SIGKILL');
  await victim.ended;
  const [, directory = '', ...rest] = line.split(' ');
  after(() => rmSync(directory, { recursive: true, force: true }));
  const pids = rest.map(Number);
  await until(() => pids.every((pid) => !isAlive(pid)), { what: 'the end of what the victim had started' });
});

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z';
  } catch {
    return false;
  }
}
