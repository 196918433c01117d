/** What Argo CD makes of an SBC that really runs: health by its own Lua, and no difference to Git while the operator works. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pbxTrunk, secret } from '../../cluster/calls/manifests.ts';
import type { Said } from '../../cluster/kit/api-client.ts';
import { repository } from '../../cluster/kit/binaries.ts';
import { until } from '../../cluster/kit/until.ts';
import { conditionIn } from '../../cluster/faults/stage.ts';
import { assess, type Assessment } from '../../cluster/packaging/argocd.ts';
import { systemNamespace } from '../../cluster/packaging/helm.ts';
import { idOf, objectsOf } from '../../cluster/packaging/objects.ts';
import { voiceInstance, voiceTrunks } from '../kit/voice-manifests.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const OPERATOR = 'deployment/teams-sbc-operator';

let stage: VoiceStage;
/** As they stand in Git. */
let inGit: Said[];
before(async () => {
  stage = await VoiceStage.raise({ name: 'argocd-live', drainSeconds: 10 });
  const { pki, ends } = stage;
  const instance = voiceInstance({ mode: 'ClusterPod', replicas: 1, drainSeconds: 10, maxCalls: 200 });
  inGit = [instance, ...voiceTrunks(pki, ends.pbx.media.address)].map(inVoice).filter(isOurs);
});
after(() => stage.stop());

const kubectl = (...args: string[]) => stage.cluster.controlPlane.kubectl(...args);
const scaleOperator = (replicas: number) =>
  kubectl('scale', OPERATOR, `--replicas=${replicas}`, `--namespace=${systemNamespace}`);
const inVoice = (object: Said): Said => ({ ...object, metadata: { ...object.metadata, namespace: 'voice' } });
const isOurs = ({ apiVersion }: Said): boolean => (apiVersion as string).startsWith('teams-sbc.dev/');

/** The same objects as they are in the cluster, in that order. */
async function live(objects: readonly Said[]): Promise<Said[]> {
  const input = textOf(objects);
  const list = await stage.cluster.controlPlane.kubectlWith({ input }, 'get', '--filename=-', '--output=json');
  const found: Said = JSON.parse(list);
  return (found.kind === 'List' ? found.items : [found]) as Said[];
}

const textOf = (objects: readonly Said[]) => objects.map((object) => JSON.stringify(object)).join('\n---\n');

async function assessed(objects: readonly Said[]): Promise<Map<string, Assessment>> {
  const { directory } = stage.cluster.controlPlane;
  const found = await live(objects);
  return new Map(objects.map((target, at) => [idOf(target), assess(directory, found[at], target)]));
}

async function healths(): Promise<Record<string, string>> {
  const all = await assessed(inGit);
  return Object.fromEntries([...all].map(([id, { health }]) => [id, health.status]));
}

/** Both of Argo CD's ways to compare: by the fields that stand in Git, and by what the API server would make of them. */
async function differences(objects: readonly Said[]): Promise<string[]> {
  const modified = [...(await assessed(objects))].flatMap(([id, assessment]) =>
    assessment.modified === false ? [] : [id],
  );
  const manager = ['--server-side', '--force-conflicts', '--field-manager=argocd-controller'];
  const options = { input: textOf(objects), codes: [0, 1] };
  const diff = await stage.cluster.controlPlane.kubectlWith(options, 'diff', ...manager, '--filename=-');
  return diff === '' ? modified : [...modified, diff];
}

const all = (health: string) => ({
  'SbcInstance voice/sbc': health,
  'TeamsTrunk voice/teams': health,
  'PbxTrunk voice/pbx': health,
});

test('What is new is Progressing until the operator has looked, and Healthy once calls can be made', async () => {
  await scaleOperator(0);
  await kubectl('wait', '--for=delete', 'pod', '--all', `--namespace=${systemNamespace}`, '--timeout=60s');
  const applied = stage.apply();
  applied.catch(() => undefined);
  await until(async () => (await live(inGit)).length === inGit.length, { what: 'the manifests in the cluster' });
  assert.deepEqual(await healths(), all('Progressing'));
  // As the chart has it.
  await scaleOperator(2);
  await applied;
  await until(async () => Object.values(await healths()).every((health) => health === 'Healthy'), { what: 'health' });
  assert.deepEqual(await healths(), all('Healthy'));
});

test('Nothing differs from Git while the SBC runs and takes calls', async () => {
  const calls = await stage.hold('teams', 2);
  assert.deepEqual(await differences(inGit), []);
  await calls.hangUp({ by: 'teams' });
});

test('A trunk whose Secret is missing is Degraded in words, the others stay Healthy, and nothing differs from Git', async (t) => {
  const address = stage.ends.pbx.media.address;
  const broken = inVoice(pbxTrunk('pbx', address, { auth: { secretRef: { name: 'pbx-login' } } }));
  const changed: Said[] = inGit.map((object): unknown => (object.kind === 'PbxTrunk' ? broken : object));
  await stage.objects.apply(broken);
  await stage.objects.says('pbxtrunks', 'pbx', 'Ready', 'False RefsNotResolved');
  // The instance is Progressing while the pod takes up that it has a trunk less.
  await stage.objects.runs();
  await stage.objects.says('sbcinstances', 'sbc', 'Ready', 'True Ready');
  assert.deepEqual(await healths(), { ...all('Healthy'), 'PbxTrunk voice/pbx': 'Degraded' });
  const message = (await assessed([broken])).get('PbxTrunk voice/pbx')?.health.message ?? '';
  t.diagnostic(message);
  assert.match(message, /pbx-login/);
  assert.deepEqual(await differences(changed), []);
  // Mended beside Git: a Secret does not stand in it.
  await stage.objects.apply(
    secret('pbx-login', 'kubernetes.io/basic-auth', { username: 'sbc', password: 'Hochzeit-4711' }),
  );
  await stage.isReady();
  await until(async () => (await healths())['PbxTrunk voice/pbx'] === 'Healthy', { what: 'health' });
  assert.deepEqual(await differences(changed), []);
  await stage.objects.apply(inGit.find(({ kind }) => kind === 'PbxTrunk'));
});

test('Nothing differs from the chart while its operator runs', async () => {
  const rendered = objectsOf(await stage.helm.template());
  const lasting = rendered.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined);
  assert.ok(lasting.length > 8, `${lasting.length} objects`);
  assert.deepEqual(await differences(lasting), []);
});

test('Nothing differs from the samples after they were applied, and the operator has looked', async () => {
  await stage.cluster.controlPlane.createNamespace('samples');
  for (const file of ['minimal.yaml', 'routing.yaml', 'full.yaml']) {
    const text = readFileSync(join(repository, 'config/samples', file), 'utf8');
    const objects = objectsOf(text).map(({ metadata, ...rest }): Said => ({
      ...rest,
      metadata: { ...metadata, namespace: 'samples' },
    }));
    await stage.cluster.controlPlane.apply(objects, 'argocd-controller');
    await until(
      async () => {
        const reasons = (await live(objects.filter(isOurs))).map((object) => conditionIn(object, 'Accepted')?.reason);
        return reasons.every((reason) => reason !== undefined && reason !== 'Pending');
      },
      { what: `the operator's word on ${file}`, withinMs: 40_000 },
    );
    assert.deepEqual(await differences(objects), [], file);
    await kubectl(
      'delete',
      'sbcinstances,teamstrunks,pbxtrunks,callroutes,numberpolicies',
      '--all',
      '--namespace=samples',
    );
  }
  assert.deepEqual(
    readdirSync(join(repository, 'config/samples'))
      .filter((name) => name !== 'kustomization.yaml')
      .toSorted(),
    ['full.yaml', 'minimal.yaml', 'routing.yaml'],
  );
});
