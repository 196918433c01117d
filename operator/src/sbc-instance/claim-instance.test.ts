/** Two operators that serve the same namespace. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { anInstance, aPbxTrunk } from '../../test/manifests.ts';
import { World } from '../../test/world.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import { LONGEST_LEAVE_MS, OBJECTION_MS, operatorAnnotation } from '../plan/plan-claim.ts';

let server: LoopbackApiServer;
let first: World;
let second: World;
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  for (const object of [anInstance({}, { namespace: 'default' }), aPbxTrunk({}, { namespace: 'default' })])
    server.put(structuredClone(object) as unknown as KubeObject);
  first = new World(server, { identity: 'one/teams-sbc-operator' });
  second = new World(server, { identity: 'two/teams-sbc-operator' });
  await first.settle();
});
afterEach(async () => {
  first.close();
  second.close();
  await server.close();
});

const annotation = () => {
  const set = server.get(resources.statefulSets, 'default', 'sbc');
  return set?.metadata.annotations?.[operatorAnnotation];
};
const applied = () => server.count({ method: 'PATCH' });
const claimEvents = ({ events }: World) => events.filter((each) => each === 'OtherOperator' || each === 'TakenOver');
const pass = (ms: number) => {
  first.clock.advance(ms);
  second.clock.advance(ms);
};

test('the StatefulSet says whose the instance is, and who has it writes nothing more for that', async () => {
  assert.equal(annotation(), 'one/teams-sbc-operator');
  const { writes } = server;
  await first.round();
  assert.equal(server.writes, writes);
  assert.deepEqual(claimEvents(first), []);
});

test('the second one asks by the annotation alone, hears that the first lives, and leaves all as it is', async () => {
  pass(OBJECTION_MS);
  await first.settle();
  const before = applied();
  await second.round();
  assert.equal(applied(), before + 1);
  assert.equal(annotation(), 'two/teams-sbc-operator');
  await first.settle();
  assert.equal(annotation(), 'one/teams-sbc-operator');
  pass(OBJECTION_MS);
  const { writes } = server;
  await second.settle();
  await second.settle();
  assert.equal(server.writes, writes);
  assert.deepEqual(claimEvents(second), ['OtherOperator']);
  assert.equal(second.followed.size, 0);
});

test('where the first is gone for good the second takes its place without a hand', async () => {
  await second.round();
  assert.equal(annotation(), 'two/teams-sbc-operator');
  pass(OBJECTION_MS);
  await second.settle();
  assert.deepEqual(claimEvents(second), ['TakenOver']);
  assert.equal(second.followed.size, 1);
});

test('where the first goes later the second notices by itself', async () => {
  pass(OBJECTION_MS);
  await second.round();
  await first.round();
  pass(OBJECTION_MS);
  await second.round();
  pass(LONGEST_LEAVE_MS);
  await second.round();
  pass(OBJECTION_MS);
  await second.settle();
  assert.deepEqual(claimEvents(second), ['OtherOperator', 'TakenOver']);
});

test('who could not ask asks again, before the time that the first has to object begins', async () => {
  pass(OBJECTION_MS);
  await first.settle();
  server.faults.order({ method: 'PATCH' }, { kind: 'status', code: 500, reason: 'InternalError' });
  await assert.rejects(second.look());
  assert.equal(annotation(), 'one/teams-sbc-operator');
  await second.look();
  assert.equal(annotation(), 'two/teams-sbc-operator');
});

test('an operator to which the manifest is not valid writes nothing of it where another looks after it', async () => {
  pass(OBJECTION_MS);
  await first.settle();
  const present = server.get(resources.sbcInstances, 'default', 'sbc');
  server.put({ ...present, spec: { network: 'nonsense' } } as unknown as KubeObject);
  const { writes } = server;
  await second.round();
  assert.equal(server.writes, writes + 1, 'it asks');
  assert.deepEqual(claimEvents(second), []);
});
