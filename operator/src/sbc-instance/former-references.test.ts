/** A trunk that is served and then names what is not there: calls go on as before, and its status says so. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { certificate } from '../../test/certificates.ts';
import { anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { World } from '../../test/world.ts';
import { answer, conditionsIn, hashIn, messageIn, podObject } from '../../test/world-objects.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';

const at = { namespace: 'default' };
const good = { username: 'c2lw', password: 'c2VjcmV0' };
const pbx = (secret: string, spec = {}) => aPbxTrunk({ auth: { secretRef: { name: secret } }, ...spec }, at);
const teams = (key: string) =>
  aTeamsTrunk({ tls: { trust: { caBundleRef: { kind: 'ConfigMap', name: 'ca', key } } } }, at);
let server: LoopbackApiServer;
let world: World;
let served: string;
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  world = new World(server);
  for (const object of [anInstance({}, at), teams('ca.crt'), pbx('login'), podObject(0)]) put(object);
  login('sbc-tls', {});
  login('login', good);
  put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ca', ...at }, data: { 'ca.crt': certificate } });
  await world.settle();
  served = hashInForce();
  await podFollows();
  assert.deepEqual(wordsOf(pbxTrunk()), ['True ResolvedRefs', 'True InSync']);
});
afterEach(async () => {
  world.close();
  await server.close();
});

function put(object: object): void {
  server.put(structuredClone(object) as KubeObject);
}

function login(name: string, data: object): void {
  put({ apiVersion: 'v1', kind: 'Secret', metadata: { name, ...at }, data });
}

function podRuns(hash: string | undefined): void {
  const [pod] = server.list(resources.pods);
  assert.ok(pod);
  world.answers.set('sbc-0', answer(pod, hash));
}

async function noticed(): Promise<void> {
  await world.notice();
  await world.settle();
}

/** What is on its way is told once it has come. */
async function podFollows(): Promise<void> {
  podRuns(hashInForce());
  await world.settle();
}

const pbxTrunk = () => server.get(resources.pbxTrunks, 'default', 'pbx');
const teamsTrunk = () => server.get(resources.teamsTrunks, 'default', 'teams');
const hashInForce = () => hashIn(server.get(resources.configMaps, 'default', 'sbc-routing'));

function wordsOf(trunk: KubeObject | undefined): readonly (string | undefined)[] {
  const { ResolvedRefs, Programmed } = conditionsIn(trunk);
  return [ResolvedRefs, Programmed];
}

test('changed to name a Secret that is not there, it goes on with the one before, also for pods that start anew', async () => {
  put(pbx('typo', { codecs: ['PCMA'] }));
  await world.settle();
  assert.equal(hashInForce(), served);
  assert.deepEqual(wordsOf(pbxTrunk()), ['False SecretNotFound', 'False NotAccepted']);
  const { Accepted, Ready } = conditionsIn(pbxTrunk());
  assert.deepEqual([Accepted, Ready], ['True Accepted', 'False RefsNotResolved']);
  const message =
    /: found typo, but .*kubectl create secret .*; what was accepted before \(generation \d+\) stays in force$/;
  assert.match(messageIn(pbxTrunk(), 'ResolvedRefs'), message);
  assert.match(messageIn(pbxTrunk(), 'Programmed'), /^the pods run it as it was before: /);
  podRuns(undefined);
  await world.settle();
  assert.equal(hashInForce(), served, 'what it goes on with is there');
  login('typo', good);
  await noticed();
  assert.notEqual(hashInForce(), served);
  await podFollows();
  assert.equal(wordsOf(pbxTrunk())[0], 'True ResolvedRefs');
});

test('changed to name a key that is not there, it goes on with the one before', async () => {
  put(teams('typo.crt'));
  await world.settle();
  assert.equal(hashInForce(), served);
  assert.deepEqual(wordsOf(teamsTrunk()), ['False KeyNotFound', 'False NotAccepted']);
  assert.match(messageIn(teamsTrunk(), 'ResolvedRefs'), /it has ca\.crt; what was accepted before .* stays in force$/);
});

for (const [what, lose, word] of [
  ['deleted', () => server.delete(resources.secrets, 'default', 'login'), 'SecretNotFound'],
  ['emptied of its password', () => login('login', { username: 'c2lw' }), 'InvalidCredentials'],
] as const)
  test(`its Secret is ${what}: it goes on while each pod has what that held`, async () => {
    lose();
    await noticed();
    assert.equal(hashInForce(), served);
    assert.deepEqual(wordsOf(pbxTrunk()), [`False ${word}`, 'False NotAccepted']);
    const held =
      /; what was accepted before .* stays in force; the pods have what Secret\/login held last, a pod that starts anew has not: then it is left out$/;
    assert.match(messageIn(pbxTrunk(), 'ResolvedRefs'), held);
    put(teams('typo.crt'));
    await world.settle();
    assert.equal(hashInForce(), served, 'others change meanwhile');
    podRuns(undefined);
    await world.settle();
    assert.notEqual(hashInForce(), served, 'a pod that has nothing to serve by is not kept from it');
    assert.match(messageIn(pbxTrunk(), 'Programmed'), /^it is left out of the routing state: /);
  });

test('left out for a pod that started anew, it comes back with its Secret alone', async () => {
  server.delete(resources.secrets, 'default', 'login');
  podRuns(undefined);
  await noticed();
  await podFollows();
  assert.match(messageIn(pbxTrunk(), 'Programmed'), /^it is left out/);
  login('login', good);
  await noticed();
  assert.equal(hashInForce(), served);
  await podFollows();
  assert.equal(wordsOf(pbxTrunk())[0], 'True ResolvedRefs');
});

test('an operator that starts anew goes on with what is in force', async () => {
  world.close();
  server.delete(resources.secrets, 'default', 'login');
  put(teams('typo.crt'));
  world = new World(server);
  await world.settle();
  assert.equal(hashInForce(), served);
  assert.equal(wordsOf(pbxTrunk())[0], 'False SecretNotFound');
  assert.match(messageIn(teamsTrunk(), 'ResolvedRefs'), /; what was accepted before stays in force$/);
});

test('a namesake that was created anew has no past', async () => {
  server.delete(resources.pbxTrunks, 'default', 'pbx');
  put(pbx('typo'));
  await world.settle();
  assert.notEqual(hashInForce(), served);
  assert.match(messageIn(pbxTrunk(), 'Programmed'), /^it is left out/);
});

test('no pod that has what a deleted Secret held is replaced by one that would not have it', async () => {
  login('sbc-tls', { 'tls.crt': 'AA==', 'tls.key': 'AA==' });
  await noticed();
  server.delete(resources.secrets, 'default', 'login');
  await noticed();
  const set = server.get(resources.statefulSets, 'default', 'sbc');
  put({ ...set, status: { observedGeneration: set?.metadata.generation, updateRevision: 'v2' } });
  await podFollows();
  const deleted = () => server.count({ method: 'DELETE', resource: 'pods' });
  assert.equal(deleted(), 0);
  login('login', good);
  await noticed();
  assert.equal(deleted(), 1);
});

test('an instance that is changed to name a certificate that is not there loses no pod for it', async () => {
  put(anInstance({ tls: { secretRef: { name: 'typo' } } }, at));
  await world.settle();
  const set = server.get(resources.statefulSets, 'default', 'sbc');
  const status = { observedGeneration: set?.metadata.generation, updateRevision: 'v2' };
  put({ ...set, status });
  await podFollows();
  const deleted = () => server.count({ method: 'DELETE', resource: 'pods' });
  assert.equal(deleted(), 0);
  assert.equal(conditionsIn(server.get(resources.sbcInstances, 'default', 'sbc'))['Ready'], 'False RefsNotResolved');
  login('typo', { 'tls.crt': 'AA==', 'tls.key': 'AA==' });
  await noticed();
  assert.equal(deleted(), 1);
});
