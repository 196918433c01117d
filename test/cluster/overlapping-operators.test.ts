/** Two operators of two namespaces that serve the same SbcInstance, with images of their own: one of them does, the other waits. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sbc } from './faults/manifests.ts';
import { installRights, startOperator, type OperatorProcess } from './faults/operators.ts';
import { Stage } from './faults/stage.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';

interface ToldEvent {
  readonly reason: string;
  readonly note: string;
  readonly deprecatedLastTimestamp?: string;
  readonly deprecatedCount?: number;
}

const annotation = 'teams-sbc.dev/operator';

let cluster: ControlPlane;
let stage: Stage;
let first: OperatorProcess;
before(async () => {
  cluster = await startControlPlane({ name: 'overlapping' });
  for (const system of ['one', 'two']) await installRights(cluster, system);
  stage = await Stage.create(cluster, 'voice');
  first = await startOperator(cluster, { name: 'first', host: 50, system: 'one' });
  await first.untilItLeads();
  await stage.apply(sbc());
  await until(async () => (await owner()) === 'one/teams-sbc-operator', { what: 'the StatefulSet' });
  await first.untilItRests();
});
after(() => cluster.stop());

const set = () => stage.get('statefulsets', 'sbc');
const owner = async () => (await set())?.metadata.annotations?.[annotation] as string | undefined;
const images = async () => JSON.stringify((await set())?.spec.template.spec.containers as unknown);
const told = async (reason: string) =>
  ((await stage.list('events')) as readonly ToldEvent[]).find((event) => event.reason === reason);

const otherImage = ['--image-runtime=registry.example.com/runtime:2'];

test('the second one changes nothing but the name in an annotation, for a moment, and says why', async () => {
  const before = await set();
  const pods = (await stage.list('pods')).map(({ metadata }) => metadata.uid as string);
  const second = await startOperator(cluster, { name: 'second', host: 51, system: 'two', args: otherImage });
  await second.untilItLeads();
  await until(() => told('OtherOperator'), { what: 'a word of the second one', withinMs: 60_000 });
  assert.match((await told('OtherOperator'))?.note ?? '', /^It is looked after by the operator of namespace one: /);
  const now = await set();
  assert.equal(now.metadata.generation, before.metadata.generation);
  assert.equal(await owner(), 'one/teams-sbc-operator');
  assert.deepEqual((await stage.list('pods')).map(({ metadata }) => metadata.uid as string), pods); // prettier-ignore
  const wrote = second.writes().filter(({ resource }) => resource !== 'events');
  assert.deepEqual(wrote.map(({ resource }) => resource), ['statefulsets']); // prettier-ignore
  await second.kill();
});

test('its events have the times and the count that people sort by', async () => {
  const event = await told('OtherOperator');
  assert.match(event?.deprecatedLastTimestamp ?? '', /^\d{4}-/);
  assert.equal(event?.deprecatedCount, 1);
});

test('an operator of another namespace takes the place of one that is gone, without a hand', async () => {
  await first.kill();
  const before = await images();
  const third = await startOperator(cluster, { name: 'third', host: 52, system: 'two', args: otherImage });
  await third.untilItLeads();
  await until(() => told('TakenOver'), { what: 'the third one to take its place', withinMs: 60_000 });
  await until(async () => (await images()).includes('runtime:2'), { what: 'its image' });
  assert.notEqual(await images(), before);
  assert.equal(await owner(), 'two/teams-sbc-operator');
});
