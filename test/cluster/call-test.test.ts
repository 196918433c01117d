/** `helm test`: its pod calls through an SBC of its own on a real API server, with a real RTPEngine; and what it says when it cannot. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Said } from './kit/api-client.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { ProcessKubelet } from './kit/process-kubelet.ts';
import { until } from './kit/until.ts';
import { Helm, chart, systemNamespace } from './packaging/helm.ts';

const inSystem = ['--namespace', systemNamespace];
const name = 'teams-sbc-operator-call-test';

let cluster: ControlPlane;
let helm: Helm;
before(async () => {
  cluster = await startControlPlane({ name: 'call-test', crds: false });
  helm = new Helm(cluster);
  await ProcessKubelet.start(cluster, { refreshMs: 500 });
  await cluster.createNamespace(systemNamespace);
  const restricted = 'pod-security.kubernetes.io/enforce=restricted';
  await cluster.kubectl('label', 'namespace', systemNamespace, restricted);
  await helm.run('install', 'teams-sbc', chart, ...inSystem, '--set', 'replicas=1', '--wait', '--timeout=60s');
});
after(() => cluster.stop());

const logFile = () => join(cluster.logs, `${name}-call-test.log`);
const log = () => readFileSync(logFile(), 'utf8').trim().split('\n');

async function runs(): Promise<string[]> {
  rmSync(logFile(), { force: true });
  await helm.run('test', 'teams-sbc', ...inSystem, '--timeout=150s');
  return log();
}

async function fails(): Promise<string[]> {
  rmSync(logFile(), { force: true });
  await helm.refused('test', 'teams-sbc', ...inSystem, '--timeout=150s');
  return log();
}

const upgrade = (...values: string[]) =>
  helm.run('upgrade', 'teams-sbc', chart, ...inSystem, '--set', ['replicas=1', ...values].join(','));

/** Of the test, in its namespace; its pod stays for its log. */
async function left(): Promise<string[]> {
  const kinds = 'sbci,tmst,pbxt,sts,svc,secret,cm,sa,role,rolebinding,pdb,netpol,pods';
  const names = await cluster.kubectl('get', kinds, ...inSystem, '-o', 'name');
  return names.split('\n').filter((each) => each.includes('call-test'));
}

test('calls work both ways with sound, each step has its line, and nothing is left but the pod', async () => {
  const lines = await runs();
  for (const line of lines.slice(0, -1)) assert.match(line, /^ok {6}/);
  const said = lines.map((line) => line.replace(/\d+(\.\d+)*/g, 'N'));
  assert.deepEqual(said, [
    'ok      Teams and a PBX are played by this pod, at N',
    `ok      SbcInstance ${name}, its trunks, Secret and ConfigMap are applied in namespace ${systemNamespace}`,
    'ok      The SBC is ready after N s, at N',
    'ok      Teams calls the PBX: answered after N ms',
    'ok      Teams calls the PBX: Teams heard N of N packets, the PBX heard N of N packets',
    'ok      Teams calls the PBX: hold, resume, and the sound is back',
    'ok      Teams calls the PBX: Teams hangs up, and the PBX knows',
    'ok      the PBX calls Teams: answered after N ms',
    'ok      the PBX calls Teams: Teams heard N of N packets, the PBX heard N of N packets',
    'ok      the PBX calls Teams: the PBX hangs up, and Teams knows',
    'ok      All that the test made is deleted',
    'The test has passed: calls work both ways',
  ]);
  assert.deepEqual(await left(), [`pod/${name}`]);
});

test('an image that cannot run is named, with its container’s pod, and the test leaves nothing', async () => {
  await upgrade('runtime.image.repository=ghcr.io/teams-sbc/missing', 'callTest.readySeconds=10');
  await cluster.kubectl('rollout', 'status', 'deployment/teams-sbc-operator', ...inSystem, '--timeout=60s');
  const said = (await fails()).join('\n');
  assert.match(said, /^failed {2}The SBC is not ready after 10 s: .*ghcr\.io\/teams-sbc\/missing/m);
  assert.match(said, /^ {8}remedy: /m);
  assert.match(said, /The test has failed$/);
  assert.deepEqual(await left(), [`pod/${name}`]);
});

test('with watchNamespaces it says where it has to run', async () => {
  await cluster.createNamespace('voice');
  await upgrade('watchNamespaces={voice}');
  assert.deepEqual(await fails(), [
    `failed  The operator serves voice (watchNamespaces), and this test runs in ${systemNamespace}`,
    '        remedy: Set callTest.namespace to one of them',
    'The test has failed',
  ]);
  await upgrade();
});

test('without an operator it says so, and an interrupted test deletes what it made', async () => {
  await cluster.kubectl('scale', 'deployment/teams-sbc-operator', ...inSystem, '--replicas=0');
  const noPods = async () => (await operators()).length === 0;
  await until(noPods, { what: 'the end of the operator', withinMs: 40_000 });
  const said = (await fails()).join('\n');
  assert.match(said, /^failed {2}No operator has looked at the SbcInstance in 15 s$/m);
  assert.match(said, /^ok {6}All that the test made is deleted$/m);
  assert.deepEqual(await left(), [`pod/${name}`]);

  const interrupted = fails();
  await until(async () => (await left()).includes(`sbcinstance.teams-sbc.dev/${name}`), { what: 'its SbcInstance' });
  await cluster.kubectl('delete', 'pod', name, ...inSystem);
  const words = (await interrupted).join('\n');
  assert.match(words, /^failed {2}The test was interrupted$/m);
  assert.match(words, /^ok {6}All that the test made is deleted$/m);
  assert.deepEqual(await left(), []);
});

async function operators(): Promise<Said[]> {
  const { body } = await cluster.api.get(`/api/v1/namespaces/${systemNamespace}/pods`, {
    labelSelector: 'app.kubernetes.io/component=operator',
  });
  return body.items as Said[];
}
