import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { certificate, key } from '../../test/certificates.ts';
import { anInstance } from '../../test/manifests.ts';
import { World } from '../../test/world.ts';
import { answer, conditionsIn, hashIn, messageIn, podObject } from '../../test/world-objects.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import { NotOurs } from '../report/status-client.ts';

let server: LoopbackApiServer;
before(async () => {
  server = await LoopbackApiServer.start();
});
after(() => server.close());
beforeEach(async () => {
  await server.close();
  server = await LoopbackApiServer.start();
});

const put = (object: object) => server.put(structuredClone(object) as KubeObject);
const sbc = () => server.get(resources.sbcInstances, 'default', 'sbc');
const said = () => `${conditionsIn(sbc())['Draining'] ?? ''}: ${messageIn(sbc(), 'Draining')}`;

function manifests(spec: object = {}): void {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
  put(anInstance({ replicas: 2, ...spec }, { namespace: 'default' }));
  put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sbc-tls', namespace: 'default' }, data });
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const world = new World(server);
  try {
    await run(world);
  } finally {
    world.close();
  }
}

const at = (world: World, seconds: number) => new Date(world.clock.wallMs() + seconds * 1000).toISOString();

/** @param seconds until it is killed; undefined: it stays */
function pod(world: World, ordinal: number, seconds?: number, annotations: Record<string, string> = {}): KubeObject {
  const before = podObject(ordinal);
  const going = seconds === undefined ? {} : { deletionTimestamp: at(world, seconds), finalizers: ['test/kubelet'] };
  const spec = { nodeName: `n${String(ordinal)}`, hostNetwork: true };
  return put({ ...before, spec, metadata: { ...before.metadata, ...going, annotations } });
}

function says(world: World, each: KubeObject, calls: number): void {
  const known = answer(each, hashIn(server.get(resources.configMaps, 'default', 'sbc-routing')));
  const summary = known.summary && { ...known.summary, draining: true, calls: { active: calls } };
  world.answers.set(each.metadata.name, { ...known, summary });
}

test('a pod that a lower number of replicas takes away is asked until it is gone, and its calls are told', () =>
  inWorld(async (world) => {
    manifests({ replicas: 1 });
    pod(world, 0);
    const leaving = pod(world, 1, 3630);
    await world.settle();
    assert.deepEqual(
      world.followed.get('default/sbc')?.pods.map(({ name }) => name),
      ['sbc-0', 'sbc-1'],
    );
    says(world, leaving, 3);
    await world.look();
    assert.match(said(), /^True PodsDraining: sbc-1 has 3 calls left, hung up at .* at the latest$/);
    assert.match(conditionsIn(sbc())['Available'] ?? '', /^True Available$/);
    says(world, leaving, 0);
    await world.look();
    assert.equal(said(), 'False NotDraining: No pod that is to stop has calls');
    put({ ...leaving, metadata: { ...leaving.metadata, finalizers: [] } });
    await world.settle();
    assert.deepEqual(
      world.followed.get('default/sbc')?.pods.map(({ name }) => name),
      ['sbc-0'],
    );
  }));

test('what a pod said before it was to stop is no word on the calls that it has now', () =>
  inWorld(async (world) => {
    manifests();
    pod(world, 0);
    const leaving = pod(world, 1);
    await world.settle();
    const before = answer(leaving, hashIn(server.get(resources.configMaps, 'default', 'sbc-routing')));
    world.answers.set('sbc-1', before);
    await world.settle();
    assert.equal(said(), 'False NotDraining: No pod that is to stop has calls');
    pod(world, 1, 3630);
    await world.look();
    assert.match(
      said(),
      /^True PodsDraining: sbc-1 may have calls \(before it was to stop it had 0 calls\), hung up at/,
    );
    assert.equal(world.followed.get('default/sbc')?.pods[1]?.isGoing, true);
    // It is asked by another Secret now.
    const { summary: lastSummary, ...rest } = before;
    world.answers.set('sbc-1', { ...rest, lastSummary, summary: undefined, failure: 'it does not answer' });
    await world.look();
    assert.match(said(), /^True PodsDraining: sbc-1 may have calls/);
    says(world, leaving, 0);
    await world.look();
    assert.equal(said(), 'False NotDraining: No pod that is to stop has calls');
  }));

test('a pod of before its Secret was made anew is asked by the former one until it is gone, also for a new instance of that name', () =>
  inWorld(async (world) => {
    manifests();
    pod(world, 0);
    const leaving = pod(world, 1, 3630);
    await world.settle();
    const credentials = () => world.followed.get('default/sbc')?.credentials;
    const first = credentials();
    assert.equal(first?.former, undefined);
    await server.client().delete(resources.sbcInstances, { namespace: 'default', name: 'sbc' });
    await server.client().delete(resources.secrets, { namespace: 'default', name: 'sbc-status' });
    await world.lookAt({ namespace: 'default', name: 'sbc' });
    manifests();
    await world.settle();
    assert.notEqual(credentials()?.token, first?.token);
    assert.deepEqual(credentials()?.former, [first]);
    says(world, leaving, 2);
    pod(world, 1, 3630, { 'teams-sbc.dev/end-calls': 'now' });
    await world.look();
    assert.deepEqual(world.hurried, ['10.0.0.2']);
    assert.ok(world.events.includes('EndingCalls'));
  }));

test('an instance that something holds while it is deleted says so, goes on to count calls, and has them ended', () =>
  inWorld(async (world) => {
    manifests();
    pod(world, 0);
    const leaving = pod(world, 1, 3630);
    await world.settle();
    const held = sbc();
    assert.ok(held !== undefined);
    put({
      ...held,
      metadata: { ...held.metadata, finalizers: ['example.com/backup'], deletionTimestamp: at(world, 0) },
    });
    says(world, leaving, 2);
    pod(world, 1, 3630, { 'teams-sbc.dev/end-calls': 'now' });
    await world.look();
    assert.equal(conditionsIn(sbc())['Ready'], 'Unknown Deleting');
    assert.match(messageIn(sbc(), 'Ready'), /^it is being deleted, and held by .*: example\.com\/backup; /);
    assert.match(said(), /^True PodsDraining: sbc-1 has 2 calls left/);
    assert.equal(conditionsIn(sbc())['Accepted'], 'True Accepted');
    assert.deepEqual(world.hurried, ['10.0.0.2']);
    const { writes } = server;
    await world.look();
    assert.equal(server.writes, writes);
  }));

test('a pod that does not take the order to end its calls has an event that says so', () =>
  inWorld(async (world) => {
    manifests();
    pod(world, 0);
    const leaving = pod(world, 1, 3630, { 'teams-sbc.dev/end-calls': 'now' });
    world.refusal = new NotOurs('it shows another certificate than its status Secret holds');
    await world.settle();
    says(world, leaving, 2);
    world.clock.advance(5000);
    await world.look();
    assert.ok(world.events.includes('CallsNotEnded'));
    assert.ok(!world.events.includes('EndingCalls'));
  }));

test('calls that end one after the other are written every ten seconds at most', () =>
  inWorld(async (world) => {
    manifests();
    pod(world, 0);
    const leaving = pod(world, 1, 3630);
    await world.settle();
    says(world, leaving, 100);
    await world.settle();
    const { writes } = server;
    for (let calls = 99; calls > 40; calls--) {
      world.clock.advance(500);
      says(world, leaving, calls);
      await world.look();
    }
    assert.ok(server.writes - writes <= 3, String(server.writes - writes));
    world.clock.advance(10_000);
    await world.look();
    assert.match(said(), /sbc-1 has 41 calls left/);
  }));

test('the annotation on a pod that drains has its calls ended, once in five seconds while some are left', () =>
  inWorld(async (world) => {
    manifests();
    pod(world, 0);
    const leaving = pod(world, 1, 3630);
    await world.settle();
    says(world, leaving, 3);
    await world.settle();
    assert.deepEqual(world.hurried, []);
    pod(world, 1, 3630, { 'teams-sbc.dev/end-calls': 'now' });
    await world.settle();
    assert.deepEqual(world.hurried, ['10.0.0.2']);
    assert.ok(world.events.includes('EndingCalls'));
    world.clock.advance(5000);
    await world.look();
    assert.equal(world.hurried.length, 2);
    says(world, leaving, 0);
    world.clock.advance(5000);
    await world.look();
    assert.equal(world.hurried.length, 2);
    assert.equal(server.count({ method: 'PATCH', resource: 'pods' }), 0);
    assert.equal(server.count({ method: 'DELETE', resource: 'pods' }), 0);
  }));

test('the annotation on a pod that stays ends no call, and that is said once', () =>
  inWorld(async (world) => {
    manifests();
    pod(world, 0, undefined, { 'teams-sbc.dev/end-calls': 'now' });
    await world.settle();
    await world.look();
    assert.deepEqual(world.hurried, []);
    assert.equal(world.events.filter((reason) => reason === 'EndCallsIgnored').length, 1);
  }));

test('calls are ended properly before a short grace period is over', () =>
  inWorld(async (world) => {
    manifests();
    const leaving = pod(world, 1, 60);
    await world.settle();
    says(world, leaving, 3);
    await world.settle();
    assert.deepEqual(world.hurried, []);
    world.clock.advance(45_000);
    await world.look();
    assert.deepEqual(world.hurried, ['10.0.0.2']);
  }));

test('the calls of a pod are ended also where the API server refuses a part of the instance', () =>
  inWorld(async (world) => {
    manifests();
    pod(world, 0);
    const leaving = pod(world, 1, 3630);
    await world.settle();
    says(world, leaving, 3);
    pod(world, 1, 3630, { 'teams-sbc.dev/end-calls': 'now' });
    // The StatefulSet changes with the drain's length.
    put(anInstance({ replicas: 2, drain: { timeoutSeconds: 60 } }, { namespace: 'default' }));
    const match = { method: 'PATCH', resource: 'statefulsets' };
    server.faults.order(match, { kind: 'status', code: 403, reason: 'Forbidden' });
    await assert.rejects(world.look());
    assert.deepEqual(world.hurried, ['10.0.0.2']);
  }));

const node = (name: string, address: string) =>
  put({
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name } },
    status: { addresses: [{ type: 'InternalIP', address }] },
  });

test('a pod whose node has another address is replaced at once, told of once, and the new address is told', () =>
  inWorld(async (world) => {
    manifests();
    node('n0', '10.0.0.1');
    node('n1', '10.0.0.2');
    const stays = pod(world, 0);
    const moved = pod(world, 1);
    await world.settle();
    for (const each of [stays, moved]) says(world, each, 3);
    await world.settle();
    assert.equal(server.count({ method: 'DELETE', resource: 'pods' }), 0);
    node('n1', '10.0.0.9');
    await world.settle();
    assert.deepEqual(
      server.list(resources.pods).map(({ metadata }) => metadata.name),
      ['sbc-0'],
    );
    assert.equal(world.events.filter((reason) => reason === 'NodeAddressChanged').length, 1);
    const { addressList } = sbc()?.status as { readonly addressList: string };
    assert.equal(addressList, '10.0.0.1,10.0.0.9');
  }));

test('a pod whose status already has the new address of its node is known by the one that it began with, and told of once', () =>
  inWorld(async (world) => {
    manifests();
    node('n0', '10.0.0.1');
    node('n1', '10.0.0.2');
    const moves = pod(world, 0);
    pod(world, 1, 3630);
    await world.settle();
    // The kubelet holds both after the order to delete them.
    const status = { ...(moves.status as object), podIP: '10.0.0.9' };
    put({ ...moves, metadata: { ...moves.metadata, finalizers: ['test/kubelet'] }, status });
    node('n0', '10.0.0.9');
    node('n1', '10.0.0.8');
    await world.settle();
    await world.look();
    await world.look();
    assert.equal(world.events.filter((reason) => reason === 'NodeAddressChanged').length, 2);
    assert.equal(server.count({ method: 'DELETE', resource: 'pods' }), 2);
    const goes = server.get(resources.pods, 'default', 'sbc-0')?.metadata.deletionTimestamp;
    assert.notEqual(goes, undefined);
  }));

test('a pod that may not be replaced for its address holds up no order to end calls, and the status says what refuses', () =>
  inWorld(async (world) => {
    manifests();
    node('n0', '10.0.0.1');
    node('n1', '10.0.0.2');
    const moves = pod(world, 0);
    const leaving = pod(world, 1, 3630);
    await world.settle();
    for (const each of [moves, leaving]) says(world, each, 3);
    await world.settle();
    const match = { method: 'DELETE', resource: 'pods' };
    server.faults.order(match, { kind: 'status', code: 403, reason: 'Forbidden' });
    pod(world, 1, 3630, { 'teams-sbc.dev/end-calls': 'now' });
    node('n0', '10.0.0.9');
    await assert.rejects(world.look());
    assert.deepEqual(world.hurried, ['10.0.0.2']);
    assert.match(conditionsIn(sbc())['Programmed'] ?? '', /ApplyFailed/);
  }));

test('a pod with a network of its own is not replaced for the address of a node', () =>
  inWorld(async (world) => {
    manifests({ network: { mode: 'ClusterPod' } });
    node('n0', '10.9.9.9');
    pod(world, 0);
    await world.settle();
    assert.equal(server.count({ method: 'DELETE', resource: 'pods' }), 0);
  }));
