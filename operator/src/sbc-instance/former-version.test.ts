/** A route, policy or trunk that is changed into something that is not accepted: calls go on as before, and its status says so. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { aCallRoute, anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { World } from '../../test/world.ts';
import { conditionsIn, hashIn, messageIn } from '../../test/world-objects.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';

const at = { namespace: 'default' };
const good = { match: { calledNumbers: [{ prefix: '+49' }] } };
const bad = { match: { calledNumbers: [{ pattern: '(1*)*' }] } };
let server: LoopbackApiServer;
let world: World;
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  world = new World(server);
  for (const object of [anInstance({}, at), aTeamsTrunk({}, at), aPbxTrunk({}, at)]) put(object);
  put(aCallRoute(good, at));
  await world.settle();
});
afterEach(async () => {
  world.close();
  await server.close();
});

function put(object: object): void {
  server.put(structuredClone(object) as KubeObject);
}

const route = () => server.get(resources.callRoutes, 'default', 'route');
const hashInForce = () => hashIn(server.get(resources.configMaps, 'default', 'sbc-routing'));

test('a route with a bad pattern keeps its last accepted version in force, and is new once it is mended', async () => {
  const hash = hashInForce();
  const { generation } = route()?.metadata ?? {};
  put(aCallRoute(bad, at));
  await world.settle();
  assert.equal(hashInForce(), hash);
  const { Accepted, Programmed, Ready } = conditionsIn(route());
  assert.deepEqual([Accepted, Programmed, Ready], ['False InvalidPattern', 'False NotAccepted', 'False NotAccepted']);
  const kept = new RegExp(`; what was accepted before \\(generation ${String(generation)}\\) stays in force$`);
  assert.match(messageIn(route(), 'Accepted'), kept);
  assert.match(messageIn(route(), 'Programmed'), /^the pods run it as it was before: /);
  put(aTeamsTrunk({ codecs: ['PCMA'] }, at));
  await world.settle();
  const changed = hashInForce();
  assert.notEqual(changed, hash, 'others change meanwhile');
  assert.match(messageIn(route(), 'Accepted'), kept);
  put(aCallRoute({ match: { calledNumbers: [{ prefix: '+43' }] } }, at));
  await world.settle();
  assert.notEqual(hashInForce(), changed);
  assert.equal(conditionsIn(route())['Accepted'], 'True Accepted');
});

test('an operator that starts anew finds the last accepted version in the document in force', async () => {
  const hash = hashInForce();
  world.close();
  put(aCallRoute(bad, at));
  world = new World(server);
  await world.settle();
  assert.equal(hashInForce(), hash);
  assert.match(messageIn(route(), 'Accepted'), /; what was accepted before stays in force$/);
});

test('a route that was deleted is not kept', async () => {
  const hash = hashInForce();
  put(aCallRoute(bad, at));
  await world.settle();
  server.delete(resources.callRoutes, 'default', 'route');
  await world.settle();
  assert.notEqual(hashInForce(), hash);
});
