/** What a cache that is behind must not lead to. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import { ChildWriter } from './child-writer.ts';

const labels = { 'app.kubernetes.io/managed-by': 'teams-sbc-operator', 'teams-sbc.dev/instance': 'sbc' };
const child = (color: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'sbc-routing', namespace: 'default', labels },
  data: { color },
});

let server: LoopbackApiServer;
let writer: ChildWriter;
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  writer = new ChildWriter({ kube: server.client() });
});
afterEach(() => server.close());
const live = () => server.get(resources.configMaps, 'default', 'sbc-routing');

describe('A child', () => {
  it('is applied once, though the cache does not have it yet', async () => {
    assert.equal(await writer.write({ object: child('red'), live: undefined }), 'Created');
    assert.equal(await writer.write({ object: child('red'), live: undefined }), 'Unchanged');
    assert.equal(await writer.write({ object: child('red'), live: live() }), 'Unchanged');
    assert.equal(server.count({ method: 'PATCH' }), 1);
  });

  it('is applied once, though the cache has it still as it was', async () => {
    await writer.write({ object: child('red'), live: undefined });
    const before = live();
    assert.equal(await writer.write({ object: child('blue'), live: before }), 'Updated');
    assert.equal(await writer.write({ object: child('blue'), live: before }), 'Unchanged');
    assert.equal(server.count({ method: 'PATCH' }), 2);
  });

  it('that went before the cache ever had it is made again', async () => {
    await writer.write({ object: child('red'), live: undefined });
    server.delete(resources.configMaps, 'default', 'sbc-routing');
    assert.equal(await writer.write({ object: child('red'), live: undefined }), 'Repaired');
    assert.notEqual(live(), undefined);
  });
});
