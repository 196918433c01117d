/** The whole frame in front of a loopback API server. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { systemClock } from '../kernel/clock.ts';
import { silentLog } from '../kernel/log.ts';
import { systemRandom } from '../kernel/random.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import type { Store } from '../watch/store.ts';
import { OperatorMetrics } from './operator-metrics.ts';
import { keyOfObject, keyOfOwner } from './operator-event.ts';
import { SbcOperator } from './sbc-operator.ts';

const lease = { namespace: 'teams-sbc', name: 'operator' };
const trunk = (name: string, port = 5061): KubeObject => ({
  apiVersion: 'teams-sbc.dev/v1alpha1',
  kind: 'TeamsTrunk',
  metadata: { namespace: 'default', name },
  spec: { port },
});

/** One ConfigMap for each trunk, with its port. */
class PortOperator extends SbcOperator {
  protected init(): Promise<void> {
    const trunks = this.watch(resources.teamsTrunks);
    const children = this.watch(resources.configMaps);
    const { kube } = this;
    const controller = this.control('ports', { reconcile: ({ name }) => reconcilePort(kube, trunks.store, name) });
    trunks.tells(controller, keyOfObject);
    children.tells(controller, keyOfOwner('TeamsTrunk'));
    return Promise.resolve();
  }
}

async function reconcilePort(kube: KubeClient, trunks: Store, name: string): Promise<undefined> {
  const found = trunks.get('default', name);
  if (found === undefined) return undefined;
  const { apiVersion, kind, metadata } = found;
  const owner = { apiVersion, kind, name, uid: metadata.uid ?? '', controller: true };
  const data = { port: String((found.spec as { port: number }).port) };
  const child = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name, ownerReferences: [owner] },
  };
  await kube.apply({ ...child, data }, { fieldManager: 'test' });
  return undefined;
}

let directory = '';
let server: LoopbackApiServer;
before(async () => void (directory = await mkdtemp(join(tmpdir(), 'teams-sbc-frame-'))));
after(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  await writeFile(join(directory, 'config'), server.kubeconfig());
  process.env['KUBECONFIG'] = join(directory, 'config');
});
afterEach(() => server.close());

const operator = (identity: string, isElected = true, clock = systemClock) =>
  new PortOperator({
    ...{ clock, random: systemRandom, log: silentLog, metrics: new OperatorMetrics(), identity },
    lease: isElected ? lease : undefined,
    health: { host: '127.0.0.1', port: 0 },
    onLost: () => undefined,
  });
const child = (name: string) => server.get(resources.configMaps, 'default', name);
const applied = (times: number) => server.requested({ method: 'PATCH', resource: 'configmaps' }, times);
const health = async ({ healthPort }: SbcOperator, path: string) => fetch(`http://127.0.0.1:${healthPort}${path}`);

describe('The frame', () => {
  it('reconciles what is there, what changes, and what somebody else has changed', async () => {
    server.put(trunk('a'));
    const one = operator('one');
    await one.start();
    await applied(1);
    assert.deepEqual(child('a')?.['data'], { port: '5061' });
    server.put(trunk('a', 5062));
    // The write of the child comes back as its event: one more apply, which changes nothing.
    await applied(3);
    assert.deepEqual(child('a')?.['data'], { port: '5062' });
    server.put({ ...child('a')!, data: { port: '1' } });
    await applied(4);
    assert.deepEqual(child('a')?.['data'], { port: '5062' });
    await one.shutDown();
  });

  it('has a standby with full caches that writes nothing until the leader has gone', async () => {
    const one = operator('one');
    await one.start();
    await server.requested({ method: 'POST', resource: 'leases' });
    const other = operator('other');
    await other.start();
    assert.deepEqual([other.isLeading, other.notReady()], [false, []]);
    await one.shutDown();
    assert.equal(server.writes, 0);
    server.put(trunk('a'));
    await applied(1);
    assert.deepEqual([one.isLeading, other.isLeading], [true, true]);
    await other.shutDown();
  });

  it('says how it is', async () => {
    const one = operator('one', false);
    await one.start();
    assert.equal((await health(one, '/livez')).status, 200);
    assert.equal(await (await health(one, '/readyz')).text(), 'ok\n');
    const metrics = await (await health(one, '/metrics')).text();
    for (const line of [
      'sbc_operator_leader 1',
      'sbc_operator_reflector_synced{resource="teamstrunks"} 1',
      'sbc_operator_api_requests_total{verb="list",resource="teamstrunks",code="200"} 1',
    ]) {
      assert.ok(metrics.includes(line), line);
    }
    assert.equal((await health(one, '/')).status, 404);
    await one.shutDown();
  });

  it('is not ready while a cache is empty, and alive', async () => {
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => (release = resolve));
    server.faults.order({ resource: 'teamstrunks' }, { kind: 'hold', until });
    const one = operator('one', false);
    const started = one.start();
    await server.requested({ resource: 'configmaps', isWatch: true });
    assert.equal((await health(one, '/readyz')).status, 503);
    assert.match(await (await health(one, '/readyz')).text(), /the cache of teamstrunks is not filled yet/);
    assert.equal((await health(one, '/livez')).status, 200);
    release();
    await started;
    await one.shutDown();
  });

  it('is not ready when it has had no rights for a minute, and alive', async () => {
    let laterMs = 0;
    const one = operator('one', false, { ...systemClock, nowMs: () => systemClock.nowMs() + laterMs });
    server.faults.order({ resource: 'teamstrunks' }, { kind: 'status', code: 403, reason: 'Forbidden' }, 2);
    const started = one.start();
    await server.requested({ resource: 'teamstrunks' }, 2);
    assert.deepEqual(one.notReady(), ['the cache of teamstrunks is not filled yet']);
    laterMs = 61_000;
    assert.match(one.notReady().join(), /the API server refuses teamstrunks \(401 or 403\)/);
    assert.deepEqual(one.notLive(), []);
    await started;
    assert.deepEqual(one.notReady(), []);
    await one.shutDown();
  });

  it('fills its caches with 2000 trunks over a handful of requests', async () => {
    for (let i = 0; i < 2_000; i++) server.put(trunk(`t${i}`));
    const one = operator('one', false);
    await one.start();
    assert.equal(server.count({ method: 'GET', resource: 'teamstrunks', isWatch: false }), 4);
    one.stop();
  });
});
