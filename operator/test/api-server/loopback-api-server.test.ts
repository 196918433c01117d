/** Where the loopback server must behave as the real one does. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { KubeObject } from '../../src/kube/kube-object.ts';
import { resources } from '../../src/kube/resource.ts';
import { LoopbackApiServer } from './loopback-api-server.ts';

const instance = (fields: object = {}): KubeObject => ({
  apiVersion: 'teams-sbc.dev/v1alpha1',
  kind: 'SbcInstance',
  metadata: { namespace: 'voice', name: 'sbc' },
  spec: { replicas: 1 },
  ...fields,
});
const { sbcInstances, configMaps } = resources;

let server: LoopbackApiServer;
beforeEach(async () => void (server = await LoopbackApiServer.start()));
afterEach(() => server.close());

describe('The loopback API server', () => {
  it('counts a generation for a new spec, a version for any change, neither for none', async () => {
    const client = server.client();
    const first = server.put(instance());
    const status = await client.apply(instance({ status: { ready: true } }), {
      fieldManager: 's',
      subresource: 'status',
    });
    assert.equal(status.metadata.generation, 1);
    assert.notEqual(status.metadata.resourceVersion, first.metadata.resourceVersion);
    const again = await client.apply(instance({ status: { ready: true } }), {
      fieldManager: 's',
      subresource: 'status',
    });
    assert.equal(again.metadata.resourceVersion, status.metadata.resourceVersion);
    const changed = server.put(instance({ spec: { replicas: 2 } }));
    assert.deepEqual([changed.metadata.generation, changed.status], [2, { ready: true }]);
    assert.deepEqual(server.managersOf(changed), ['kubectl', 's/status']);
  });

  it('tells the past exactly, until it is compacted', async () => {
    const client = server.client();
    const { metadata } = server.put(instance());
    server.put(instance({ spec: { replicas: 2 } }));
    server.delete(sbcInstances, 'voice', 'sbc');
    const exact = { resourceVersion: metadata.resourceVersion, resourceVersionMatch: 'Exact' } as const;
    assert.deepEqual((await client.list(sbcInstances, exact)).items.map(({ spec }) => spec), [{ replicas: 1 }]); // prettier-ignore
    server.storage.compact();
    await assert.rejects(client.list(sbcInstances, exact), { code: 410 });
  });

  it('removes what an object owned together with it, and keeps it while it has finalizers', () => {
    const { metadata } = server.put(instance({ metadata: { namespace: 'voice', name: 'sbc', finalizers: ['test'] } }));
    const owner = { apiVersion: 'teams-sbc.dev/v1alpha1', kind: 'SbcInstance', name: 'sbc', uid: metadata.uid! };
    server.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'voice', name: 'c', ownerReferences: [owner] },
    });
    server.delete(sbcInstances, 'voice', 'sbc');
    assert.equal(server.get(sbcInstances, 'voice', 'sbc')?.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
    const marked = server.get(sbcInstances, 'voice', 'sbc')!;
    server.put({ ...marked, metadata: { ...marked.metadata, finalizers: [] } });
    assert.deepEqual([server.list(sbcInstances), server.list(configMaps)], [[], []]);
  });

  it('selects by labels and fields', async () => {
    const client = server.client();
    for (const name of ['a', 'b']) {
      server.put(instance({ metadata: { namespace: 'voice', name, labels: { name, all: 'yes' } } }));
    }
    const names = async (query: object) => (await client.list(sbcInstances, query)).items.map(({ metadata }) => metadata.name); // prettier-ignore
    assert.deepEqual(await names({ labelSelector: 'all=yes,name!=a' }), ['b']);
    assert.deepEqual(await names({ labelSelector: 'name', fieldSelector: 'metadata.name=a' }), ['a']);
    assert.deepEqual(await names({ namespace: 'other' }), []);
  });

  it('carries a request out and loses its answer', async () => {
    server.faults.order({ method: 'PATCH' }, { kind: 'lost-answer' });
    await assert.rejects(server.client().apply(instance(), { fieldManager: 'm' }), { name: 'ConnectionError' });
    assert.equal(server.list(sbcInstances).length, 1);
  });
});
