/** What happens to have the name of a child: the operator has more rights than whoever writes an SbcInstance. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { anInstance } from '../../test/manifests.ts';
import { World } from '../../test/world.ts';
import { conditionsIn, messageIn } from '../../test/world-objects.ts';
import { shardLabel } from '../objects/routing-shard-map.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import type { Resource } from '../kube/resource.ts';

const ours = { 'app.kubernetes.io/managed-by': 'teams-sbc-operator', 'teams-sbc.dev/instance': 'sbc' };
const labels = { app: 'payroll' };
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'payroll', uid: 'another', controller: true };

let server: LoopbackApiServer;
let world: World;
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  world = new World(server);
  server.put(structuredClone(anInstance({}, { namespace: 'default' })) as unknown as KubeObject);
});
afterEach(async () => {
  world.close();
  await server.close();
});

const put = (apiVersion: string, kind: string, name: string, fields: object = {}, metadata: object = { labels }) =>
  server.put({ apiVersion, kind, metadata: { name, namespace: 'default', ...metadata }, ...fields });
const get = (resource: Resource, name: string) => server.get(resource, 'default', name);

describe('An object of others with the name of a child', () => {
  for (const [resource, apiVersion, name, fields] of [
    [resources.serviceAccounts, 'v1', 'sbc-runtime', {}],
    [resources.roles, 'rbac.authorization.k8s.io/v1', 'sbc-runtime', { rules: [] }],
    [resources.roleBindings, 'rbac.authorization.k8s.io/v1', 'sbc-runtime', { subjects: [] }],
    [resources.secrets, 'v1', 'sbc-status', { data: { token: 'aHVudGVyLXR3bw==' } }],
    [resources.configMaps, 'v1', 'sbc-routing', { data: { 'index.json': '{}' } }],
    [resources.statefulSets, 'apps/v1', 'sbc', { spec: { replicas: 7 } }],
  ] as const) {
    it(`is left as it is, and told of: ${resource.kind}`, async () => {
      const before = put(apiVersion, resource.kind, name, fields);
      await assert.rejects(world.look(), {
        name: 'ForeignObject',
        message: /there is one already, and it is not ours/,
      });
      assert.deepEqual(get(resource, name), before);
      assert.equal(world.events[0], 'ApplyFailed');
      const instance = get(resources.sbcInstances, 'sbc');
      const { Programmed, Available, AddressesAssigned } = conditionsIn(instance);
      assert.deepEqual(
        [Programmed, Available, AddressesAssigned],
        ['False ApplyFailed', 'False ApplyFailed', 'Unknown ApplyFailed'],
      );
      // There is no pod: nobody is told to look for one.
      assert.match(
        messageIn(instance, 'Available'),
        new RegExp(`^there is no pod: Cannot write ${resource.kind} ${name}:`),
      );
      const message = messageIn(instance, 'Programmed');
      assert.match(message, new RegExp(`^Cannot write ${resource.kind} ${name}: there is one already, .*; remove it`));
    });
  }

  it('is left as it is where it bears our labels and has another owner', async () => {
    const metadata = { labels: ours, ownerReferences: [deployment] };
    const before = put('v1', 'ServiceAccount', 'sbc-runtime', {}, metadata);
    await assert.rejects(world.look(), { name: 'ForeignObject', message: /it belongs to Deployment\/payroll/ });
    assert.deepEqual(get(resources.serviceAccounts, 'sbc-runtime'), before);
  });

  it('is left as it is where it is the child of another instance', async () => {
    put('v1', 'ServiceAccount', 'sbc-runtime', {}, { labels: { ...ours, 'teams-sbc.dev/instance': 'other' } });
    await assert.rejects(world.look(), { name: 'ForeignObject' });
  });

  it('is collected by nobody where it calls itself a shard', async () => {
    put('v1', 'ConfigMap', 'sbc-routing-0123456789', {}, { labels: { ...ours, [shardLabel]: 'true' } });
    await world.settle();
    assert.notEqual(get(resources.configMaps, 'sbc-routing-0123456789'), undefined);
  });
});

it('a child that was left behind without its owner is taken up again', async () => {
  put('v1', 'ServiceAccount', 'sbc-runtime', {}, { labels: ours });
  await world.settle();
  const { uid } = get(resources.sbcInstances, 'sbc')?.metadata ?? {};
  assert.equal(get(resources.serviceAccounts, 'sbc-runtime')?.metadata.ownerReferences?.[0]?.uid, uid);
});
