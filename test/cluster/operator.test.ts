/** The operator on a real API server, its pods real runtimes in the hands of the process kubelet. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { certificate, key } from '../../operator/test/certificates.ts';
import { RunningProcess } from '../kit/process.ts';
import { conditionIn } from './faults/stage.ts';
import type { Said } from './kit/api-client.ts';
import { repository } from './kit/binaries.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { ProcessKubelet } from './kit/process-kubelet.ts';
import { until } from './kit/until.ts';

let cluster: ControlPlane;
let operator: RunningProcess;
before(async () => {
  cluster = await startControlPlane({ name: 'operator' });
  await ProcessKubelet.start(cluster, { refreshMs: 500 });
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
  const metadata = { name: 'sbc-tls', namespace: 'default' };
  await cluster.apply([{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data }]);
  operator = startOperator();
});
after(() => cluster.stop());

const base64 = (text: string) => Buffer.from(text).toString('base64');

function startOperator(): RunningProcess {
  const running = new RunningProcess(
    process.execPath,
    [join(repository, 'operator/src/cluster/main.ts'), '--leader-election-namespace=default', '--health-port=8081'],
    { name: 'operator', env: { KUBECONFIG: cluster.kubeconfig, HEALTH_HOST: cluster.block.address(50) } },
  );
  cluster.endsWith(() => running.end());
  return running;
}

const apiVersion = 'teams-sbc.dev/v1alpha1';
const instance = (spec: object = {}) => ({
  apiVersion,
  kind: 'SbcInstance',
  metadata: { name: 'sbc', namespace: 'default' },
  spec: {
    replicas: 2,
    domain: 'voice.example.com',
    tls: { secretRef: { name: 'sbc-tls' } },
    network: { mode: 'ClusterPod', hostAliases: [{ ip: cluster.block.address(90), hostnames: ['sip.teams.test'] }] },
    media: { engine: 'None' },
    drain: { timeoutSeconds: 5 },
    ...spec,
  },
});
const pbx = (host: string, codecs: readonly string[] = []) => ({
  apiVersion,
  kind: 'PbxTrunk',
  metadata: { name: 'pbx', namespace: 'default' },
  spec: { sbcRef: { name: 'sbc' }, peers: [{ name: 'a', host }], options: { periodSeconds: 0 }, codecs },
});
const teams = {
  apiVersion,
  kind: 'TeamsTrunk',
  metadata: { name: 'teams', namespace: 'default' },
  // Nobody is there: what it says of Microsoft is another test's.
  spec: { sbcRef: { name: 'sbc' }, endpoints: [{ host: 'sip.teams.test', port: 5061 }] },
};

const read = (...args: string[]) => cluster.kubectl('get', ...args);
const condition = (object: string, type: string) =>
  read(
    object,
    '-o',
    `jsonpath={.status.conditions[?(@.type=="${type}")].status} {.status.conditions[?(@.type=="${type}")].reason}`,
  );
const says = (object: string, type: string, text: string) =>
  until(async () => (await condition(object, type)) === text, { what: `${object} ${type} ${text}`, withinMs: 40_000 });
const children = 'sts,svc,cm,sa,role,rolebinding,pdb,netpol,secret';
const versions = () =>
  read(
    `${children},sbci,tmst,pbxt`,
    '-l',
    'teams-sbc.dev/instance=sbc',
    '-o',
    'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
  );

/** What the objects say may still be of pods before these. */
async function arePodsWhole(): Promise<boolean> {
  const { items } = JSON.parse(await read('pods', '-o', 'json')) as { items: Said[] };
  return items.length === 2 && items.every(isWhole) && (await read('sts/sbc', '-o', `jsonpath=${counts}`)) === '2 2';
}

const counts = '{.status.replicas} {.status.readyReplicas}';
const isWhole = (pod: Said) =>
  pod.metadata.deletionTimestamp === undefined && conditionIn(pod, 'Ready')?.status === 'True';

async function restingVersions(): Promise<string | undefined> {
  const first = await versions();
  await delay(1000);
  return (await versions()) === first ? first : undefined;
}

test('manifests become pods that run them, and the trunks say so', async () => {
  await cluster.apply([instance(), teams, pbx('10.20.0.10')]);
  await says('sbci/sbc', 'Available', 'True Available');
  for (const object of ['sbci/sbc', 'tmst/teams', 'pbxt/pbx']) await says(object, 'Programmed', 'True InSync');
  await says('sbci/sbc', 'AddressesAssigned', 'True Assigned');
  await says('sbci/sbc', 'CertificateReady', 'True KeyNotRsa');
  const gateways = await read(
    'tmst/teams',
    '-o',
    'jsonpath={range .status.gateways[*]}{.fqdn}:{.port} {.pod}{"\\n"}{end}',
  );
  assert.deepEqual(gateways.trim().split('\n'), [
    'sbc-0.voice.example.com:5061 sbc-0',
    'sbc-1.voice.example.com:5061 sbc-1',
  ]);
  assert.equal(await read('sbci/sbc', '-o', 'jsonpath={.status.routing.podsInSync}'), '2');
});

test('a changed trunk reaches every pod, and the shard that nobody needs any more goes', async () => {
  const hash = () => read('sbci/sbc', '-o', 'jsonpath={.status.routing.hash}');
  const before = await hash();
  await cluster.apply([pbx('10.20.0.11')]);
  await until(async () => (await hash()) !== before, { what: 'another routing state' });
  await says('pbxt/pbx', 'Programmed', 'True InSync');
  await says('sbci/sbc', 'Programmed', 'True InSync');
  await cluster.apply([pbx('10.20.0.12')]);
  await until(
    async () =>
      (await read('cm', '-l', 'teams-sbc.dev/routing-shard=true', '-o', 'name')).trim().split('\n').length <= 4,
    {
      what: 'the collection of old shards',
    },
  );
  await says('pbxt/pbx', 'Programmed', 'True InSync');
});

test('a child that somebody edits or deletes is as it should be again', async () => {
  await cluster.kubectl('label', 'pdb/sbc', 'app.kubernetes.io/part-of=another', '--overwrite');
  await cluster.kubectl('patch', 'sts/sbc', '--type=merge', '-p', '{"spec":{"replicas":0}}');
  await cluster.kubectl('delete', 'role/sbc-runtime', 'cm/sbc-routing-copy');
  const repaired = async () =>
    `${await read('pdb/sbc', '-o', 'jsonpath={.metadata.labels.app\\.kubernetes\\.io/part-of}')} ${await read('sts/sbc', '-o', 'jsonpath={.spec.replicas}')}`;
  await until(async () => (await repaired()) === 'teams-sbc 2', { what: 'the repair' });
  await until(async () => (await read('role/sbc-runtime', 'cm/sbc-routing-copy', '-o', 'name')) !== '', {
    what: 'both again',
  });
  await says('sbci/sbc', 'Available', 'True Available');
  await says('sbci/sbc', 'Programmed', 'True InSync');
});

test('an operator that is killed and started again changes nothing', async () => {
  await says('sbci/sbc', 'Ready', 'True Ready');
  await until(arePodsWhole, { what: 'pods and StatefulSet after the test before this one' });
  // The address that the trunk had stays open for `drain.timeoutSeconds`.
  await until(async () => !(await read('netpol/sbc', '-o', 'yaml')).includes('teams-sbc.dev/former-ranges'), {
    what: 'the end of the former range',
  });
  // Kubernetes tells what it counts a moment later.
  const before = await until(restingVersions, { what: 'a second without a write' });
  process.kill(operator.pid ?? 0, 'SIGKILL');
  await operator.ended;
  operator = startOperator();
  await operator.waitForLine(/"message":"Became the leader"/, 40_000);
  // It has looked at everything when it has taken up a change.
  await cluster.apply([pbx('10.20.0.12', ['PCMA'])]);
  await until(async () => (await read('pbxt/pbx', '-o', 'jsonpath={.status.observedGeneration}')) === '4', {
    what: 'the change',
  });
  const kept = (text: string) =>
    text
      .split('\n')
      .filter((line) =>
        /^(Service|StatefulSet|Role|RoleBinding|ServiceAccount|Secret|PodDisruptionBudget|NetworkPolicy) /.test(line),
      );
  assert.deepEqual(kept(await versions()), kept(before));
});

test('a new template replaces one pod after the other', async () => {
  const uids = () => read('pods', '-o', 'jsonpath={.items[*].metadata.uid}');
  const before = (await uids()).split(' ');
  await cluster.apply([instance({ drain: { timeoutSeconds: 6 } })]);
  const isReplaced = async () => {
    const current = (await uids()).split(' ');
    return current.length === 2 && before.every((uid) => !current.includes(uid));
  };
  await until(isReplaced, { what: 'two new pods', withinMs: 90_000 });
  await says('sbci/sbc', 'Programmed', 'True InSync');
});

test('a deleted instance takes everything with it, and its trunks say what they lack', async () => {
  await cluster.kubectl('delete', 'sbci/sbc', '--wait=false');
  await says('pbxt/pbx', 'ResolvedRefs', 'False InstanceNotFound');
  await until(async () => (await read(children, '-l', 'teams-sbc.dev/instance=sbc', '-o', 'name')).trim() === '', {
    what: 'the collection of all children',
    withinMs: 60_000,
  });
});
