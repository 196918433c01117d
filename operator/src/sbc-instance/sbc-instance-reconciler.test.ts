import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { certificate, key as privateKey } from '../../test/certificates.ts';
import { aPbxTrunk, aTeamsTrunk, anInstance } from '../../test/manifests.ts';
import { Killed, World, worldState } from '../../test/world.ts';
import { answer, conditionsIn, hashIn, messageIn, podObject } from '../../test/world-objects.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import type { Resource } from '../kube/resource.ts';

let server: LoopbackApiServer;
before(async () => {
  server = await LoopbackApiServer.start();
});
after(() => server.close());
beforeEach(async () => {
  await server.close();
  server = await LoopbackApiServer.start();
});

const at = { namespace: 'default' };
const put = (object: object) => server.put(structuredClone(object) as KubeObject);
const get = (resource: Resource, name: string) => server.get(resource, 'default', name);

function tlsSecret(): void {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(privateKey) };
  put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sbc-tls', ...at }, type: 'kubernetes.io/tls', data });
}

/** One of everything, of an instance with two pods that have addresses. */
function manifests(): void {
  const addresses = [{ address: '203.0.113.7' }, { address: '203.0.113.8' }];
  put(anInstance({ replicas: 2, network: { addresses } }, at));
  put(aTeamsTrunk({}, at));
  put(aPbxTrunk({}, at));
  tlsSecret();
}

const pod = (ordinal: number) => put(podObject(ordinal));
const conditions = (resource: Resource, name: string) => conditionsIn(get(resource, name));
const messageOf = (resource: Resource, name: string, type: string) => messageIn(get(resource, name), type);
const hashInForce = () => hashIn(get(resources.configMaps, 'sbc-routing'));

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const world = new World(server);
  try {
    await run(world);
  } finally {
    world.close();
  }
}

test('an instance gets all of its children, owned by it, and the shards stand before the index that names them', () =>
  inWorld(async (world) => {
    manifests();
    await world.settle();
    const { uid } = get(resources.sbcInstances, 'sbc')?.metadata ?? {};
    const children = [
      get(resources.statefulSets, 'sbc'),
      get(resources.services, 'sbc-pods'),
      get(resources.serviceAccounts, 'sbc-runtime'),
      get(resources.roles, 'sbc-runtime'),
      get(resources.roleBindings, 'sbc-runtime'),
      get(resources.podDisruptionBudgets, 'sbc'),
      get(resources.secrets, 'sbc-status'),
      get(resources.configMaps, 'sbc-routing'),
      get(resources.configMaps, 'sbc-routing-copy'),
    ];
    for (const child of children) assert.equal(child?.metadata.ownerReferences?.[0]?.uid, uid);
    const names = server.requests.filter(({ method }) => method === 'PATCH').map(({ name }) => name ?? '');
    const index = names.indexOf('sbc-routing');
    const shards = names.filter((name) => /^sbc-routing-[0-9a-f]{10}$/.test(name));
    assert.ok(shards.length > 0);
    assert.ok(shards.every((name) => names.indexOf(name) < index));
    assert.ok(names.indexOf('sbc-runtime') < index);
    assert.ok(index < names.indexOf('sbc-routing-copy'));
  }));

test('who looks again and finds all as it should be writes nothing', () =>
  inWorld(async (world) => {
    manifests();
    await world.settle();
    const { writes } = server;
    for (let rounds = 0; rounds < 5; rounds++) await world.round();
    assert.equal(server.writes, writes);
  }));

test('after a restart everything is applied once more, and no object changes', async () => {
  manifests();
  await inWorld((world) => world.settle());
  const { version } = server.storage;
  await inWorld((world) => world.settle());
  assert.equal(server.storage.version, version);
});

test('after a restart nothing is told once more of a certificate that is as it was', async () => {
  manifests();
  const told = (world: World) => world.events.filter((reason) => reason.startsWith('Certificate'));
  // The certificate of the tests names nobody whom the trunks are called by.
  await inWorld(async (world) => {
    await world.settle();
    assert.notDeepEqual(told(world), []);
  });
  await inWorld(async (world) => {
    await world.settle();
    assert.deepEqual(told(world), []);
  });
});

test('killed after any request and started anew, the end is the same', async () => {
  manifests();
  await inWorld((world) => world.settle());
  const wanted = worldState(server);
  const requests = server.requests.length;
  assert.ok(requests > 15);
  for (let requestsToLive = 0; requestsToLive <= requests; requestsToLive++) {
    await server.close();
    server = await LoopbackApiServer.start();
    manifests();
    const first = new World(server, { requestsToLive });
    await first.settle().catch((error: unknown) => assert.ok(error instanceof Killed, String(error)));
    first.close();
    await inWorld((world) => world.settle());
    assert.deepEqual(worldState(server), wanted, `killed after ${String(requestsToLive)} requests`);
  }
});

test('killed after any request of a change, the end is the same, and old shards are collected', async () => {
  const change = () => put(aPbxTrunk({ peers: [{ name: 'a', host: '10.20.0.99' }] }, at));
  const pods = (world: World, hash: string) => {
    for (const each of server.list(resources.pods)) world.answers.set(each.metadata.name, answer(each, hash));
  };
  const finish = () =>
    inWorld(async (world) => {
      await world.settle();
      pods(world, hashInForce());
      await world.settle();
    });
  const start = async () => {
    await server.close();
    server = await LoopbackApiServer.start();
    manifests();
    pod(0);
    pod(1);
    await finish();
  };
  await start();
  change();
  const before = server.requests.length;
  await finish();
  const wanted = worldState(server);
  const requests = server.requests.length - before;
  for (let requestsToLive = 0; requestsToLive <= requests; requestsToLive++) {
    await start();
    change();
    const first = new World(server, { requestsToLive });
    pods(first, hashInForce());
    await first.settle().catch((error: unknown) => assert.ok(error instanceof Killed, String(error)));
    first.close();
    await finish();
    assert.deepEqual(worldState(server), wanted, `killed after ${String(requestsToLive)} requests`);
  }
});

test('a child that somebody edits or deletes is repaired, and told of', () =>
  inWorld(async (world) => {
    manifests();
    await world.settle();
    const state = worldState(server);
    const service = structuredClone(get(resources.services, 'sbc-pods')) as unknown as {
      spec: Record<string, unknown>;
    };
    service.spec['publishNotReadyAddresses'] = false;
    put(service);
    const shard = server.list(resources.configMaps).find(({ metadata }) => /-[0-9a-f]{10}$/.test(metadata.name));
    for (const [resource, name] of [
      [resources.roles, 'sbc-runtime'],
      [resources.configMaps, shard?.metadata.name ?? ''],
    ] as const) {
      const gone = get(resource, name);
      server.delete(resource, 'default', name);
      if (gone !== undefined) world.children.gone(gone);
    }
    await world.settle();
    assert.deepEqual(worldState(server), state);
    assert.ok(world.events.includes('ChildRepaired'));
  }));

test('a trunk is programmed when every ready pod runs a document that holds it as it is now', () =>
  inWorld(async (world) => {
    manifests();
    const pods = [pod(0), pod(1)];
    await world.settle();
    const first = hashInForce();
    for (const each of pods) world.answers.set(each.metadata.name, answer(each, first));
    await world.settle();
    assert.equal(conditions(resources.teamsTrunks, 'teams')['Programmed'], 'True InSync');
    assert.equal(conditions(resources.sbcInstances, 'sbc')['Programmed'], 'True InSync');
    put(aPbxTrunk({ peers: [{ name: 'a', host: '10.20.0.99' }] }, at));
    const version = get(resources.teamsTrunks, 'teams')?.metadata.resourceVersion;
    await world.settle();
    world.clock.advance(2000);
    await world.settle();
    assert.equal(conditions(resources.pbxTrunks, 'pbx')['Programmed'], 'False Pending');
    // The other trunk is in both documents, as it is: nothing is written for it.
    assert.equal(get(resources.teamsTrunks, 'teams')?.metadata.resourceVersion, version);
    world.clock.advance(20_000);
    await world.settle();
    assert.equal(conditions(resources.pbxTrunks, 'pbx')['Programmed'], 'False PodsOutOfSync');
    for (const each of pods) world.answers.set(each.metadata.name, answer(each, hashInForce()));
    await world.settle();
    assert.equal(conditions(resources.pbxTrunks, 'pbx')['Programmed'], 'True InSync');
  }));

test('a change that the pods take up within two seconds costs one status write', () =>
  inWorld(async (world) => {
    manifests();
    const pods = [pod(0), pod(1)];
    await world.settle();
    for (const each of pods) world.answers.set(each.metadata.name, answer(each, hashInForce()));
    await world.settle();
    put(aPbxTrunk({ peers: [{ name: 'a', host: '10.20.0.99' }] }, at));
    const count = () => server.count({ method: 'PATCH', resource: 'pbxtrunks' });
    const before = count();
    await world.settle();
    for (const each of pods) world.answers.set(each.metadata.name, answer(each, hashInForce()));
    await world.settle();
    assert.equal(count() - before, 1);
  }));

test('a trunk whose Secret is missing is left out and told so, and harms no other', () =>
  inWorld(async (world) => {
    manifests();
    put(aPbxTrunk({ auth: { secretRef: { name: 'login' } } }, { ...at, name: 'carrier' }));
    await world.settle();
    assert.equal(conditions(resources.pbxTrunks, 'carrier')['ResolvedRefs'], 'False SecretNotFound');
    assert.equal(conditions(resources.pbxTrunks, 'carrier')['Programmed'], 'False NotAccepted');
    assert.equal(conditions(resources.pbxTrunks, 'pbx')['ResolvedRefs'], 'True ResolvedRefs');
    const without = hashInForce();
    const login = (data: Record<string, string>) =>
      put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login', ...at }, data });
    login({ username: 'c2lw' });
    await world.notice();
    await world.settle();
    assert.equal(conditions(resources.pbxTrunks, 'carrier')['ResolvedRefs'], 'False InvalidCredentials');
    assert.equal(hashInForce(), without);
    login({ username: 'c2lw', password: Buffer.from('hunter-two').toString('base64') });
    await world.notice();
    await world.settle();
    assert.equal(conditions(resources.pbxTrunks, 'carrier')['ResolvedRefs'], 'True ResolvedRefs');
    assert.notEqual(hashInForce(), without);
    assert.ok(!JSON.stringify([...worldState(server).values()]).includes('hunter'));
  }));

test('of two trunks that want one FQDN the older keeps it', () =>
  inWorld(async (world) => {
    manifests();
    put(aTeamsTrunk({}, { ...at, name: 'younger' }));
    await world.settle();
    assert.equal(conditions(resources.teamsTrunks, 'teams')['Accepted'], 'True Accepted');
    assert.equal(conditions(resources.teamsTrunks, 'younger')['Accepted'], 'False Conflict');
    assert.match(messageOf(resources.teamsTrunks, 'younger', 'Accepted'), /TeamsTrunk\/teams/);
  }));

test('a trunk without its instance is told so, and taken up when that comes', () =>
  inWorld(async (world) => {
    put(aPbxTrunk({}, at));
    await world.settle();
    assert.equal(conditions(resources.pbxTrunks, 'pbx')['ResolvedRefs'], 'False InstanceNotFound');
    assert.equal(conditions(resources.pbxTrunks, 'pbx')['Ready'], 'False RefsNotResolved');
    manifests();
    await world.settle();
    assert.equal(conditions(resources.pbxTrunks, 'pbx')['Accepted'], 'True Accepted');
  }));

test('a pod with an older template is replaced, and no other before it is back', () =>
  inWorld(async (world) => {
    manifests();
    const pods = [pod(0), pod(1)];
    await world.settle();
    const set = structuredClone(get(resources.statefulSets, 'sbc')) as unknown as Record<string, unknown>;
    put({ ...set, status: { observedGeneration: 1, updateRevision: 'v2' } });
    for (const each of pods) world.answers.set(each.metadata.name, answer(each, hashInForce()));
    await world.settle();
    assert.deepEqual(
      server.list(resources.pods).map(({ metadata }) => metadata.name),
      ['sbc-0'],
    );
    await world.settle();
    assert.deepEqual(
      server.list(resources.pods).map(({ metadata }) => metadata.name),
      ['sbc-0'],
    );
    assert.equal(server.count({ method: 'DELETE', resource: 'pods' }), 1);
  }));

test('what the API server refuses is said in an event and in the conditions of all whom it concerns, and tried again', () =>
  inWorld(async (world) => {
    manifests();
    server.faults.order(
      { method: 'PATCH', resource: 'statefulsets' },
      { kind: 'status', code: 403, reason: 'Forbidden' },
    );
    await assert.rejects(world.settle(), /ordered by a test/);
    assert.ok(world.events.includes('ApplyFailed'));
    assert.equal(conditions(resources.sbcInstances, 'sbc')['Programmed'], 'False ApplyFailed');
    assert.equal(conditions(resources.sbcInstances, 'sbc')['Ready'], 'False NotProgrammed');
    const message = messageOf(resources.sbcInstances, 'sbc', 'Programmed');
    assert.match(message, /^the API server refused a part of it: .*ordered by a test.* tried again by itself$/);
    await world.settle();
    assert.equal(conditions(resources.sbcInstances, 'sbc')['Programmed'], 'False NoReadyPod');
    assert.equal(conditions(resources.sbcInstances, 'sbc')['Available'], 'False Starting');
    assert.equal(conditions(resources.sbcInstances, 'sbc')['Ready'], 'Unknown Progressing');
    assert.equal(conditions(resources.teamsTrunks, 'teams')['Programmed'], 'False NoReadyPod');
    assert.notEqual(get(resources.statefulSets, 'sbc'), undefined);
  }));

test('a document that no runtime would take keeps the last good one, also after a restart, and says so', async () => {
  manifests();
  put(anInstance({ replicas: 2 }, at));
  pod(0);
  const nodeWith = (address: string) =>
    put({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: { addresses: [{ type: 'ExternalIP', address }] },
    });
  nodeWith('203.0.113.7');
  await inWorld((world) => world.settle());
  const good = hashInForce();
  // Nobody checks what a cloud writes there.
  nodeWith('n1.example.com');
  put(aTeamsTrunk({ fqdns: ['a.late.example', 'b.late.example'] }, { ...at, name: 'late' }));
  for (let lives = 0; lives < 2; lives++) {
    await inWorld(async (world) => {
      await world.settle();
      world.clock.advance(2000);
      await world.settle();
      assert.equal(hashInForce(), good);
      assert.equal(conditions(resources.sbcInstances, 'sbc')['Accepted'], 'False DocumentInvalid');
      assert.match(messageOf(resources.sbcInstances, 'sbc', 'Accepted'), /publicAddress: .*n1\.example\.com/);
      assert.equal(conditions(resources.teamsTrunks, 'late')['Accepted'], 'False DocumentInvalid');
      assert.equal(conditions(resources.teamsTrunks, 'teams')['Accepted'], 'True Accepted');
      assert.ok(world.events.includes('DocumentInvalid'));
    });
  }
});
