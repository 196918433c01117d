/** The life of an SBC on a real API server, its pods real runtimes: what becomes of its manifests, and what people read. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { installRights, startOperator, type OperatorProcess } from './faults/operators.ts';
import { pbxTrunk, sbc, teamsTrunk } from './faults/manifests.ts';
import { conditionIn, Stage } from './faults/stage.ts';
import type { Said, WatchEvent } from './kit/api-client.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { ProcessKubelet } from './kit/process-kubelet.ts';
import { until } from './kit/until.ts';
import { WatchHistory } from './kit/watch-history.ts';

let cluster: ControlPlane;
let kubelet: ProcessKubelet;
let stage: Stage;
let operator: OperatorProcess;
before(async () => {
  cluster = await startControlPlane({ name: 'lifecycle' });
  kubelet = await ProcessKubelet.start(cluster, { refreshMs: 500 });
  await installRights(cluster);
  operator = await startOperator(cluster, { name: 'operator-a', host: 50 });
  stage = await Stage.create(cluster, 'voice');
});
after(() => cluster.stop());

const kubectl = (...args: string[]) => cluster.kubectl('--namespace=voice', ...args);

/** Without addresses and times. */
async function columns(...args: string[]): Promise<string[]> {
  const text = await kubectl('get', ...args);
  const lines = text.replaceAll(/\b127(\.\d+){3}\b/g, 'POD-IP').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) =>
      line
        .trim()
        .split(/ {2,}/)
        .map((cell) => (/^\d+[smh](\d+s)?$/.test(cell) ? 'AGE' : cell))
        .join(' | '),
    );
}

async function outcomes(plural: 'sbcinstances' | 'teamstrunks' | 'pbxtrunks', name: string): Promise<string[]> {
  const conditions = await stage.conditions(plural, name);
  return conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
}

const runsHash = async (pod: string) => (await stage.summary(pod)).hash as string;
const podUids = async () => (await stage.list('pods')).map(({ metadata }) => metadata.uid as string).toSorted();
const isReady = (pod: Said) =>
  pod.metadata.deletionTimestamp === undefined && conditionIn(pod, 'Ready')?.status === 'True';

test('three manifests become children that the instance owns, and a pod that runs them before anybody is told so', async () => {
  const told: { readonly hash: string; readonly runs: Promise<string> }[] = [];
  const history = await WatchHistory.start(cluster.api, stage.path('sbcinstances'), ({ object }) => {
    if (conditionIn(object, 'Programmed')?.status === 'True')
      told.push({ hash: object.status.routing.hash, runs: runsHash('sbc-0').catch(String) });
  });
  await stage.apply(sbc(), teamsTrunk('teams'), pbxTrunk('pbx', '10.20.0.10'));
  await stage.runs();
  await stage.says('teamstrunks', 'teams', 'Programmed', 'True InSync');
  await stage.says('pbxtrunks', 'pbx', 'Programmed', 'True InSync');
  await stage.says('teamstrunks', 'teams', 'Reachable', 'False NoAnswer');
  await until(() => told.length > 0, { what: 'the watch to tell of it' });
  for (const { hash, runs } of told) assert.equal(await runs, hash);
  const first = history.events.find(({ object }) => object.status?.conditions !== undefined)?.object;
  assert.notEqual(conditionIn(first, 'Programmed')?.status, 'True');
  await history.stop();

  const { shards } = await stage.index();
  assert.deepEqual(
    await stage.childNames(),
    [
      'configmaps/sbc-routing',
      'configmaps/sbc-routing-copy',
      ...shards.map((name) => `configmaps/${name}`),
      'networkpolicies/sbc',
      'poddisruptionbudgets/sbc',
      'rolebindings/sbc-runtime',
      'roles/sbc-runtime',
      'secrets/sbc-status',
      'serviceaccounts/sbc-runtime',
      'services/sbc-pods',
      'statefulsets/sbc',
    ].toSorted(),
  );
  const { uid } = (await stage.get('sbcinstances', 'sbc')).metadata;
  for (const { kind, metadata } of await stage.children()) {
    assert.deepEqual(
      metadata.ownerReferences,
      [
        {
          apiVersion: 'teams-sbc.dev/v1alpha1',
          kind: 'SbcInstance',
          name: 'sbc',
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      `${kind} ${metadata.name}`,
    );
    const isShard = metadata.labels['teams-sbc.dev/routing-shard'] !== undefined;
    assert.deepEqual(
      metadata.labels,
      {
        ...(isShard && { 'teams-sbc.dev/routing-shard': 'true' }),
        'app.kubernetes.io/component': 'sbc-runtime',
        'app.kubernetes.io/managed-by': 'teams-sbc-operator',
        'app.kubernetes.io/name': 'teams-sbc',
        'app.kubernetes.io/part-of': 'teams-sbc',
        'teams-sbc.dev/instance': 'sbc',
      },
      `${kind} ${metadata.name}`,
    );
  }
});

test('conditions and columns say what is and what is not', async () => {
  assert.deepEqual(await outcomes('sbcinstances', 'sbc'), [
    'Accepted True Accepted',
    'ResolvedRefs True ResolvedRefs',
    'CertificateReady True KeyNotRsa',
    'AddressesAssigned True Assigned',
    'Programmed True InSync',
    'Available True Available',
    'Draining False NotDraining',
    'Ready True Ready',
  ]);
  assert.deepEqual(await outcomes('teamstrunks', 'teams'), [
    'Accepted True Accepted',
    'ResolvedRefs True ResolvedRefs',
    'Programmed True InSync',
    'Reachable False NoAnswer',
    'Ready False NotReachable',
  ]);
  assert.deepEqual(await outcomes('pbxtrunks', 'pbx'), [
    'Accepted True Accepted',
    'ResolvedRefs True ResolvedRefs',
    'Programmed True InSync',
    'Reachable Unknown OptionsDisabled',
    'Ready True Ready',
  ]);
  assert.deepEqual(await columns('sbci,tmst,pbxt'), [
    'NAME | REPLICAS | READY PODS | DOMAIN | ADDRESS | CERTIFICATE UNTIL | PROGRAMMED | READY | AGE',
    'sbcinstance.teams-sbc.dev/sbc | 1 | 1 | voice.example.com | POD-IP | 2095-05-05T03:23:06Z | True | True | AGE',
    'NAME | SBC | GATEWAY | REACHABLE | READY | AGE',
    'teamstrunk.teams-sbc.dev/teams | sbc | sbc-0.voice.example.com | False | False | AGE',
    'NAME | SBC | TRANSPORT | FIRST PEER | REACHABLE | READY | AGE',
    'pbxtrunk.teams-sbc.dev/pbx | sbc | UDP | 10.20.0.10 | Unknown | True | AGE',
  ]);
});

test('a trunk that comes, changes or goes has another hash, and shards that nobody needs go; no pod is touched', async () => {
  const before = { pods: await podUids(), set: await stage.get('statefulsets', 'sbc') };
  let index = await stage.index();
  const changes = [
    () => stage.apply(pbxTrunk('second', '10.20.0.20')),
    () => stage.apply(pbxTrunk('second', '10.20.0.21')),
    () => stage.delete('pbxtrunks', 'second'),
  ];
  const hashes = [index.hash];
  for (const change of changes) {
    const previous = index;
    await change();
    index = await until(
      async () => {
        const now = await stage.index();
        return now.hash !== previous.hash && now;
      },
      { what: 'another routing state' },
    );
    hashes.push(index.hash);
    await stage.runs();
    assert.equal(await runsHash('sbc-0'), index.hash);
    const kept = new Set([...index.shards, ...previous.shards]);
    await until(async () => (await stage.shards()).every((name) => kept.has(name)), {
      what: 'the collection of shards',
    });
  }
  assert.deepEqual(hashes.length, new Set(hashes.slice(0, 3)).size + 1, 'what is taken back has the hash of before');
  assert.equal(hashes.at(-1), hashes[0]);
  const set = await stage.get('statefulsets', 'sbc');
  assert.deepEqual(await podUids(), before.pods);
  assert.equal(set.metadata.generation, before.set.metadata.generation);
  assert.equal(set.status.updateRevision, before.set.status.updateRevision);
  assert.equal(kubelet.pod('voice', 'sbc-0').container('runtime').restartCount, 0);
});

test('a trunk is not programmed while the runtime stands still, and is when it goes on', async () => {
  const runtime = kubelet.pod('voice', 'sbc-0').container('runtime');
  runtime.kill('SIGSTOP');
  await stage.apply(pbxTrunk('third', '10.20.0.30'));
  const said = await until(() => stage.condition('pbxtrunks', 'third', 'Programmed'), { what: 'a word about it' });
  assert.equal(said.status, 'False');
  const late = await stage.says('sbcinstances', 'sbc', 'Available', 'False NoReadyPod');
  assert.match(late.message, /sbc-0/);
  await stage.says('pbxtrunks', 'third', 'Programmed', 'False NoReadyPod');
  runtime.kill('SIGCONT');
  await stage.says('pbxtrunks', 'third', 'Programmed', 'True InSync');
  await stage.runs();
  assert.equal(runtime.restartCount, 0);
});

test('kubectl scale adds a pod with an address and a gateway of its own, and takes it back', async () => {
  await kubectl('scale', 'sbci/sbc', '--replicas=2');
  await stage.runs();
  const instance = async (): Promise<Said> => (await stage.get('sbcinstances', 'sbc')).status;
  await until(async () => (await instance()).readyReplicas === 2, { what: 'two replicas that are ready' });
  const { addresses } = await instance();
  assert.deepEqual(
    (addresses as Said[]).map(({ pod, fqdn }) => `${pod} ${fqdn}`),
    ['sbc-0 sbc-0.voice.example.com', 'sbc-1 sbc-1.voice.example.com'],
  );
  assert.equal(new Set((addresses as Said[]).map(({ address }) => address as string)).size, 2);
  const gateways = async () => {
    const { status } = await stage.get('teamstrunks', 'teams');
    return (status.gateways as Said[]).map(({ fqdn, port, pod }) => `${fqdn}:${port} ${pod}`);
  };
  const both = ['sbc-0.voice.example.com:5061 sbc-0', 'sbc-1.voice.example.com:5061 sbc-1'];
  await until(async () => (await gateways()).join() === both.join(), { what: 'two gateways' });
  await kubectl('scale', 'sbci/sbc', '--replicas=1');
  await until(async () => (await stage.get('pods', 'sbc-1')) === undefined, { what: 'the second pod to go' });
  await until(async () => (await gateways()).join() === both[0], { what: 'one gateway' });
  await stage.runs();
  await until(async () => (await instance()).replicas === 1, { what: 'one replica in the status' });
});

test('another image replaces one pod after the other, and there is always one that takes calls', async () => {
  await kubectl('scale', 'sbci/sbc', '--replicas=2');
  await stage.runs();
  await until(async () => (await stage.get('sbcinstances', 'sbc')).status.readyReplicas === 2, {
    what: 'two ready pods',
  });
  const before = await podUids();
  const ready = new Map<string, boolean>();
  let fewest = Infinity;
  const history = await WatchHistory.start(cluster.api, stage.path('pods'), ({ type, object }) => {
    if (type === 'DELETED') ready.delete(object.metadata.uid);
    else ready.set(object.metadata.uid, isReady(object));
    if (ready.size >= 2) fewest = Math.min(fewest, [...ready.values()].filter(Boolean).length);
  });
  await stage.patch('sbcinstances', 'sbc', {
    spec: { images: { runtime: 'registry.example.com/another/sbc-runtime:0.1.1' } },
  });
  await until(
    async () => {
      const uids = await podUids();
      return uids.length === 2 && uids.every((uid) => !before.includes(uid));
    },
    { what: 'two new pods', withinMs: 60_000 },
  );
  await stage.runs();
  await history.stop();
  assert.equal(fewest, 1);
  for (const { spec } of await stage.list('pods'))
    assert.equal(spec.containers[0].image, 'registry.example.com/another/sbc-runtime:0.1.1');
  await stage.says('sbcinstances', 'sbc', 'Ready', 'True Ready');
});

test('a runtime that is killed is told of, and taken back when the kubelet has started it again', async () => {
  const history = await WatchHistory.start(cluster.api, stage.path('sbcinstances'));
  const runtime = kubelet.pod('voice', 'sbc-1').container('runtime');
  runtime.kill('SIGKILL');
  const isPartly = ({ object }: WatchEvent) => conditionIn(object, 'Available')?.reason === 'PartlyAvailable';
  const { object } = await history.find(isPartly, 'a word about the pod');
  assert.match(conditionIn(object, 'Available')?.message ?? '', /^1 of 2 pods take calls, not ready: sbc-1/);
  await stage.runs();
  await history.stop();
  assert.equal(runtime.restartCount, 1);
});

test('a deleted instance takes everything with it, and its trunks say what they lack', async () => {
  await kubectl('delete', 'sbci/sbc');
  const count = async () => (await stage.childNames()).length + (await stage.list('pods')).length;
  // The garbage collector learns of new kinds twice a minute.
  await until(async () => (await count()) === 0, { what: 'the collection of all children', withinMs: 60_000 });
  const { message } = await stage.says('pbxtrunks', 'pbx', 'ResolvedRefs', 'False InstanceNotFound');
  assert.match(message, /sbc/);
  await stage.says('pbxtrunks', 'pbx', 'Ready', 'False RefsNotResolved');
});

test('a namespace goes with everything in it', async () => {
  await stage.apply(sbc());
  await stage.runs();
  await cluster.kubectl('delete', 'namespace/voice', '--timeout=90s');
  assert.deepEqual(await stage.childNames(), []);
  assert.deepEqual(await stage.list('pods'), []);
  await until(() => !kubelet.runs('voice', 'sbc-0'), { what: 'its process to end' });
  // What it makes again is refused while the namespace goes: that is nobody's trouble.
  assert.deepEqual(
    operator.process.lines.filter((line) => line.includes('"error"') && /terminated|not found/.test(line)),
    [],
  );
});
