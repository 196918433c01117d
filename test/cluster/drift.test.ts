/** What somebody does to the children of an SBC by hand is undone; who finds nothing to undo writes nothing. */
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

/** Ten of the longest period that the operator looks at anything here (faults/operators.ts). */
const IDLE_MS = 30_000;

let cluster: ControlPlane;
let operator: OperatorProcess;
let stage: Stage;
let podUid: string;
before(async () => {
  cluster = await startControlPlane({ name: 'drift' });
  await ProcessKubelet.start(cluster, { refreshMs: 500 });
  await installRights(cluster);
  operator = await startOperator(cluster, { name: 'operator-a', host: 50 });
  stage = await Stage.create(cluster, 'voice');
  await stage.apply(sbc(), teamsTrunk('teams'), pbxTrunk('pbx', '10.20.0.10'));
  await stage.runs();
  await stage.says('teamstrunks', 'teams', 'Reachable', 'False NoAnswer');
  await stage.says('pbxtrunks', 'pbx', 'Programmed', 'True InSync');
  podUid = (await stage.get('pods', 'sbc-0')).metadata.uid;
});
after(() => cluster.stop());

/** All that somebody meant; of Secrets whether there is something. */
function meaning({ kind, metadata, data, ...rest }: Said): unknown {
  const { name, labels, annotations, ownerReferences } = metadata;
  const values: unknown = kind === 'Secret' ? Object.keys(data as object) : data;
  return { ...rest, status: undefined, name, labels, annotations, ownerReferences, values };
}

test('an operator that has nothing to do writes nothing but its lease, however often it looks', async () => {
  await operator.untilItRests();
  const startMs = Date.now();
  const renewals = operator.leaseWrites().length;
  await delay(IDLE_MS);
  assert.deepEqual(operator.writes(startMs), []);
  // One in ten seconds keeps it.
  assert.ok(operator.leaseWrites().length > renewals + 5, 'it was the leader, and renewed its lease');
});

const edits: readonly (readonly [what: string, plural: Plural, name: string, patch: unknown])[] = [
  ['a Service', 'services', 'sbc-pods', { spec: { publishNotReadyAddresses: false } }],
  ['a Role', 'roles', 'sbc-runtime', { rules: [] }],
  ['a RoleBinding', 'rolebindings', 'sbc-runtime', { subjects: [] }],
  ['a ServiceAccount', 'serviceaccounts', 'sbc-runtime', { automountServiceAccountToken: true }],
  ['a PodDisruptionBudget', 'poddisruptionbudgets', 'sbc', { spec: { maxUnavailable: 2 } }],
  ['a NetworkPolicy', 'networkpolicies', 'sbc', { spec: { ingress: [] } }],
  ['the index of the routing state', 'configmaps', 'sbc-routing', { data: { 'index.json': '{}' } }],
  ['its copy', 'configmaps', 'sbc-routing-copy', { binaryData: { 'routing-state.json.gz': 'AAAA' } }],
  ['a StatefulSet', 'statefulsets', 'sbc', { spec: { updateStrategy: { type: 'RollingUpdate' } } }],
  ['an owner', 'poddisruptionbudgets', 'sbc', { metadata: { ownerReferences: [] } }],
  ['a label', 'services', 'sbc-pods', { metadata: { labels: { 'app.kubernetes.io/part-of': 'another' } } }],
  [
    'the label that the operator finds it by',
    'roles',
    'sbc-runtime',
    { metadata: { labels: { 'teams-sbc.dev/instance': null } } },
  ],
];

for (const [what, plural, name, patch] of edits) {
  test(`${what} that somebody edits is as it was`, async () => {
    const before = await stage.get(plural, name);
    assert.notDeepEqual(meaning(await stage.patch(plural, name, patch)), meaning(before));
    await until(
      async () => {
        const after = await stage.get(plural, name);
        assert.equal(after.metadata.uid, before.metadata.uid);
        assert.deepEqual(meaning(after), meaning(before));
        return true;
      },
      { what: 'the repair' },
    );
  });
}

/** What stood by itself needs nobody who waits for it: `orphan` leaves the pods. */
const deletions: readonly (readonly [what: string, plural: Plural, name: () => Promise<string> | string])[] = [
  ['a Service', 'services', () => 'sbc-pods'],
  ['a Role', 'roles', () => 'sbc-runtime'],
  ['a RoleBinding', 'rolebindings', () => 'sbc-runtime'],
  ['a PodDisruptionBudget', 'poddisruptionbudgets', () => 'sbc'],
  ['a NetworkPolicy', 'networkpolicies', () => 'sbc'],
  ['the index of the routing state', 'configmaps', () => 'sbc-routing'],
  ['its copy', 'configmaps', () => 'sbc-routing-copy'],
  ['a shard, which nobody can edit,', 'configmaps', async () => (await stage.index()).shards[0] ?? ''],
  ['a StatefulSet', 'statefulsets', () => 'sbc'],
  // The operator may not watch Secrets: it looks now and then.
  ['the Secret of the status endpoint', 'secrets', () => 'sbc-status'],
];

for (const [what, plural, nameOf] of deletions) {
  test(`${what} that somebody deletes is there again`, async () => {
    const name = await nameOf();
    const before = await stage.get(plural, name);
    await stage.delete(plural, name, { propagationPolicy: 'Orphan' });
    const after = await until(
      async () => {
        const found = await stage.get(plural, name);
        return found?.metadata.uid === before.metadata.uid ? undefined : (found as object);
      },
      { what: 'another one', withinMs: 45_000 },
    );
    // Values that the API server gives out, such as an address, are others.
    if (plural !== 'services') assert.deepEqual(meaning(after), meaning(before));
  });
}

test('an immutable shard cannot be edited', async () => {
  const [shard = ''] = await stage.index().then(({ shards }) => shards);
  await assert.rejects(stage.patch('configmaps', shard, { data: { 'shard.json': '{}' } }), /immutable/);
});

test('after all of it the pod is the same, runs what it ran, and takes up what comes', async () => {
  await stage.apply(pbxTrunk('later', '10.20.0.99'));
  await stage.says('pbxtrunks', 'later', 'Programmed', 'True InSync');
  await stage.runs();
  const pod = await stage.get('pods', 'sbc-0');
  assert.equal(pod.metadata.uid, podUid);
  assert.equal(pod.status.containerStatuses[0].restartCount, 0);
  assert.ok((await stage.eventReasons()).includes('ChildRepaired'));
});

test('a ServiceAccount that somebody deletes is there again; the pods keep what they have until they get a token of the new one', async () => {
  const before = await stage.get('serviceaccounts', 'sbc-runtime');
  await stage.delete('serviceaccounts', 'sbc-runtime');
  const after = await until(async () => (await stage.get('serviceaccounts', 'sbc-runtime')) as object | undefined, {
    what: 'another one',
  });
  assert.deepEqual(meaning(after), meaning(before));
  const { hash } = await stage.index();
  assert.equal((await stage.summary('sbc-0')).hash, hash);
});
