/** What a person reads on a route or policy: all that is wrong at once, and what is hardly meant so. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { aCallRoute, anInstance, aNumberPolicy, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { World } from '../../test/world.ts';
import { conditionsIn, messageIn } from '../../test/world-objects.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';

const at = { namespace: 'default' };
let server: LoopbackApiServer;
let world: World;
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  world = new World(server);
  for (const object of [anInstance({}, at), aTeamsTrunk({}, at), aPbxTrunk({}, at)]) put(object);
});
afterEach(async () => {
  world.close();
  await server.close();
});

function put(object: object): void {
  server.put(structuredClone(object) as KubeObject);
}

test('a policy names every rule that is wrong, the first eight of many', async () => {
  const rules = Array.from({ length: 10 }, (_, index) => ({
    name: `r${String(index)}`,
    pattern: '1',
    replacement: '$1',
  }));
  put(aNumberPolicy({ rules: [{ name: 'good', pattern: '1', replacement: '2' }, ...rules] }, at));
  await world.settle();
  const message = messageIn(server.get(resources.numberPolicies, 'default', 'policy'), 'Accepted');
  assert.deepEqual(
    [...message.matchAll(/spec\.rules\[(\d+)\]\.replacement: /g)].map(([, rule]) => Number(rule)),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.match(message, /; and 2 more like these$/);
});

test('a route that no call reaches is accepted, says so, and is told of once', async () => {
  const spec = { match: { calledNumbers: [{ prefix: '+49' }] } };
  put(aCallRoute(spec, { ...at, name: 'first' }));
  put(aCallRoute(spec, { ...at, name: 'second' }));
  await world.settle();
  const told = () => world.events.filter((reason) => reason === 'UnlikelyRoute').length;
  assert.equal(told(), 1);
  const second = () => server.get(resources.callRoutes, 'default', 'second');
  assert.equal(conditionsIn(second())['Accepted'], 'True Accepted');
  assert.match(
    messageIn(second(), 'Accepted'),
    /^The manifest is valid; spec\.match: no call reaches .* CallRoute\/first/,
  );
  put(aCallRoute({ match: { calledNumbers: [{ prefix: '+43' }] } }, { ...at, name: 'first' }));
  await world.settle();
  assert.equal(messageIn(second(), 'Accepted'), 'The manifest is valid');
  assert.equal(told(), 1);
});
