/** Others who write to the same objects: by force, all the time, or about something else. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { installRights, startOperator, type OperatorProcess } from './faults/operators.ts';
import { pbxTrunk, sbc, teamsTrunk } from './faults/manifests.ts';
import { Stage, type Plural } from './faults/stage.ts';
import type { Said } from './kit/api-client.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { ProcessKubelet } from './kit/process-kubelet.ts';
import { until } from './kit/until.ts';

/** At least. */
const STORM_MS = 8000;
/** 50 writes a second. */
const EVERY_MS = 20;

let cluster: ControlPlane;
let operator: OperatorProcess;
let stage: Stage;
before(async () => {
  cluster = await startControlPlane({ name: 'conflicts' });
  await ProcessKubelet.start(cluster, { refreshMs: 500 });
  await installRights(cluster);
  operator = await startOperator(cluster, { name: 'operator-a', host: 50 });
  stage = await Stage.create(cluster, 'voice');
  await stage.apply(sbc(), teamsTrunk('teams'), pbxTrunk('pbx', '10.20.0.10'));
  await stage.runs();
  await stage.says('teamstrunks', 'teams', 'Reachable', 'False NoAnswer');
});
after(() => cluster.stop());

function managerOf({ metadata }: Said, field: string): string[] {
  const managed = metadata.managedFields as Said[];
  const owners = managed.filter(({ fieldsV1 }) => fieldsV1['f:spec']?.[field] !== undefined);
  return owners.map(({ manager }) => manager as string);
}

test('what another field manager takes by force is taken back, and told of', async () => {
  const taken = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'sbc', namespace: 'voice' },
    spec: { maxUnavailable: 5 },
  };
  await cluster.kubectlWith(
    { input: JSON.stringify(taken) },
    ...['apply', '--server-side', '--force-conflicts', '--field-manager=intruder', '-f', '-'],
  );
  const budget = await until(
    async () => {
      const found = await stage.get('poddisruptionbudgets', 'sbc');
      return found.spec.maxUnavailable === 1 && (found as object);
    },
    { what: 'the operator to take it back' },
  );
  assert.deepEqual(managerOf(budget, 'f:maxUnavailable'), ['teams-sbc-operator']);
  const about = (event: Said): boolean => event.reason === 'ChildRepaired' && event.regarding.name === 'sbc';
  const event = await until(
    async () => (await stage.list('events')).find(about) as Record<string, string> | undefined,
    {
      what: 'an event',
    },
  );
  assert.equal(event['type'], 'Warning');
  assert.equal(event['note'], 'PodDisruptionBudget sbc was changed by somebody else and is as it should be again');
});

test('without force the other one is refused, with the name of the operator', async () => {
  await assert.rejects(
    cluster.apply(
      [
        {
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          metadata: { name: 'sbc', namespace: 'voice' },
          spec: { updateStrategy: { type: 'RollingUpdate' } },
        },
      ],
      'intruder',
    ),
    /conflict with "teams-sbc-operator".*updateStrategy/s,
  );
});

test('labels and annotations of others on a child stay, also when the child is written again', async () => {
  const own = { labels: { 'example.com/team': 'voice' }, annotations: { 'example.com/note': 'ask Ada first' } };
  await stage.patch('statefulsets', 'sbc', { metadata: own });
  await stage.patch('services', 'sbc-pods', { metadata: own });
  const grace = async (): Promise<unknown> =>
    (await stage.get('statefulsets', 'sbc')).spec.template.spec.terminationGracePeriodSeconds;
  const before = await grace();
  await stage.patch('sbcinstances', 'sbc', { spec: { drain: { timeoutSeconds: 6 } } });
  await until(async () => (await grace()) !== before, { what: 'another template' });
  await stage.patch('poddisruptionbudgets', 'sbc', { spec: { maxUnavailable: 3 } });
  await until(async () => (await stage.get('poddisruptionbudgets', 'sbc')).spec.maxUnavailable === 1, {
    what: 'the repair',
  });
  for (const [plural, name] of [['statefulsets', 'sbc'] as const, ['services', 'sbc-pods'] as const]) {
    const { labels, annotations } = (await stage.get(plural, name)).metadata;
    assert.equal(labels['example.com/team'], 'voice');
    assert.equal(annotations['example.com/note'], 'ask Ada first');
  }
  await stage.runs();
});

const bothered: readonly (readonly [Plural, string])[] = [
  ['sbcinstances', 'sbc'],
  ['teamstrunks', 'teams'],
  ['pbxtrunks', 'pbx'],
  ['statefulsets', 'sbc'],
  ['services', 'sbc-pods'],
  ['configmaps', 'sbc-routing'],
  ['roles', 'sbc-runtime'],
];

/** Annotations of objects of both kinds in turn, and a status that is not its writer's. */
async function storm(over: AbortSignal): Promise<number> {
  const writes: Promise<unknown>[] = [];
  for (const endMs = Date.now() + STORM_MS; Date.now() < endMs || !over.aborted;) {
    await delay(EVERY_MS);
    const count = writes.length;
    const [plural, name] = bothered[count % bothered.length] ?? ['pbxtrunks', 'pbx'];
    if (count % 10 === 9) writes.push(stage.patch('pbxtrunks', 'pbx', { status: { peers: [] } }, '/status'));
    else writes.push(stage.patch(plural, name, { metadata: { annotations: { 'example.com/count': `${count}` } } }));
  }
  await Promise.all(writes);
  return writes.length;
}

test('a storm of writes by others delays nothing for long, and costs no more writes than it has itself', async (t) => {
  await operator.untilItRests();
  const startMs = Date.now();
  const over = new AbortController();
  const raging = storm(over.signal);
  try {
    for (let change = 1; change <= 5; change++) {
      await stage.apply(pbxTrunk('moving', `10.20.1.${change}`));
      await stage.says('pbxtrunks', 'moving', 'Programmed', 'True InSync', 20_000);
    }
  } finally {
    over.abort();
  }
  const theirs = await raging;
  await stage.runs();
  await operator.untilItRests();
  const ours = operator.writes(startMs).filter(({ resource }) => resource !== 'events');
  t.diagnostic(`${ours.length} writes of the operator for ${theirs} of others`);
  assert.ok(theirs > 100, `the storm had ${theirs} writes`);
  assert.ok(ours.length < theirs, `the operator wrote ${ours.length} times for ${theirs} of theirs`);
  const [moving] = (await stage.document()).trunks.filter(({ name }) => name === 'moving');
  assert.equal(moving?.kind === 'PbxTrunk' && moving.peers[0]?.host, '10.20.1.5');
  const { annotations } = (await stage.get('statefulsets', 'sbc')).metadata;
  assert.match(annotations['example.com/count'], /^\d+$/);
  assert.equal((await stage.get('pbxtrunks', 'pbx')).status.peers.length, 1, 'the status says again what is');
});
