/** All of an SBC comes back from what stands in Git: after its namespace was deleted, after the operator was, after the definitions were. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { until } from '../../cluster/kit/until.ts';
import { chart, systemNamespace } from '../../cluster/packaging/helm.ts';
import type { HeldCalls } from '../../kit/held-calls/held-calls.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { figure } from '../kit/figure.ts';
import { uidOf } from '../kit/rolled-pods.ts';
import { authority, voiceInstance, voiceTrunks } from '../kit/voice-manifests.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const DRAIN_SECONDS = 120;
const GONE_MS = 90_000;
const OURS = ['sbcinstances', 'teamstrunks', 'pbxtrunks', 'callroutes', 'numberpolicies'];

let stage: VoiceStage;
let git: string;
before(async () => {
  stage = await VoiceStage.raise({ name: 'restore', drainSeconds: DRAIN_SECONDS });
  git = inGit();
  await stage.apply();
});
after(() => (stage as VoiceStage | undefined)?.stop());

const kubectl = (...args: string[]) => stage.cluster.controlPlane.kubectl(...args);

/** A kustomization with all that a person wrote, and the Secret of the issuer, which stands for one that is decrypted on its way. */
function inGit(): string {
  const directory = join(stage.cluster.controlPlane.directory, 'git');
  mkdirSync(directory);
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const instance = voiceInstance({ mode: 'ClusterPod', replicas: 1, drainSeconds: DRAIN_SECONDS, maxCalls: 200 });
  const files: Readonly<Record<string, readonly object[]>> = {
    'namespace.yaml': [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'voice', labels } }],
    'issuer.yaml': authority(stage.pki),
    'sbc.yaml': [instance, ...voiceTrunks(stage.pki, stage.ends.pbx.media.address)],
  };
  for (const [name, objects] of Object.entries(files))
    writeFileSync(join(directory, name), objects.map((each) => JSON.stringify(each)).join('\n---\n'));
  const kustomization = { namespace: 'voice', resources: Object.keys(files) };
  writeFileSync(join(directory, 'kustomization.yaml'), JSON.stringify(kustomization));
  return directory;
}

/** Its manifests are applied. @returns milliseconds until the first call is answered */
async function comesBack(): Promise<number> {
  const fromMs = nowMs();
  await kubectl('apply', '-k', git);
  await stage.isReady();
  const calls = await stage.hold('teams', 1);
  const tookMs = nowMs() - fromMs;
  await over(calls);
  await over(await stage.hold('pbx', 1));
  return tookMs;
}

async function over(calls: HeldCalls): Promise<void> {
  const { alive } = calls;
  assert.deepEqual(await calls.hangUp({ by: calls.from }), Array(alive).fill(200));
  assert.equal(await calls.areOver(), true);
  await calls.forget();
}

async function goesOn(calls: HeldCalls, sinceMs: number): Promise<void> {
  assert.deepEqual(calls.ended, []);
  assert.equal((await calls.gaps(sinceMs)).unexplainedSilence, 0);
}

/** Its controller looks again after half of the bound that was left, or when the namespace is changed. */
async function namespaceIsGone(): Promise<void> {
  await until(async () => (await stage.pod()) === undefined, { what: 'the pod to be gone', withinMs: GONE_MS });
  await kubectl('label', 'namespace', 'voice', 'look=again');
  const isGone = async () => (await stage.cluster.controlPlane.api.get('/api/v1/namespaces/voice')).status === 404;
  await until(isGone, { what: 'the namespace to be gone', withinMs: GONE_MS });
}

test('a namespace that is deleted takes no call along: its pod drains, and nothing new can be made meanwhile', async (t) => {
  const calls = await stage.hold('teams', 3);
  const fromMs = nowMs();
  await kubectl('delete', 'namespace', 'voice', '--wait=false');
  await until(async () => (await stage.pod())?.metadata.deletionTimestamp !== undefined, { what: 'the pod to go' });
  await sleep(5000);
  await goesOn(calls, fromMs);
  await assert.rejects(stage.hold('teams', 1), /503/);
  await assert.rejects(kubectl('create', 'configmap', 'new', '--namespace=voice'), /being terminated/);
  const { metadata } = await stage.pod();
  assert.equal(metadata.deletionGracePeriodSeconds >= DRAIN_SECONDS, true);
  await over(calls);
  const hungUpMs = nowMs();
  await namespaceIsGone();
  figure(t, { event: 'namespace deleted: gone after its last call', tookMs: nowMs() - hungUpMs });
});

test('one command brings it back from Git', async (t) => {
  figure(t, { event: 'namespace restored from Git: first call answered', tookMs: await comesBack() });
});

test('in a hurry, the calls of a namespace that goes are ended by the annotation, with a BYE to both sides', async (t) => {
  const calls = await stage.hold('pbx', 2);
  await kubectl('delete', 'namespace', 'voice', '--wait=false');
  await until(async () => (await stage.pod())?.metadata.deletionTimestamp !== undefined, { what: 'the pod to go' });
  const fromMs = nowMs();
  await kubectl('annotate', 'pod', 'sbc-0', '--namespace=voice', 'teams-sbc.dev/end-calls=now');
  assert.equal(await calls.areOver(GONE_MS), true);
  assert.deepEqual(
    calls.ended.map(({ by }) => by),
    ['sbc', 'sbc'],
  );
  figure(t, { event: 'namespace deleted: calls ended by the annotation', tookMs: nowMs() - fromMs });
  await calls.forget();
  await namespaceIsGone();
  await comesBack();
});

test('the operator uninstalled and installed again takes objects and pods on, and no call notices', async () => {
  const calls = await stage.hold('teams', 2);
  const [fromMs, pod] = [nowMs(), await uidOf(stage, 0)];
  await stage.helm.run('uninstall', 'teams-sbc', `--namespace=${systemNamespace}`, '--wait');
  assert.match(await kubectl('get', 'sbci', '--namespace=voice', '-o', 'name'), /sbcinstance\.teams-sbc\.dev\/sbc/);
  await over(await stage.hold('pbx', 1));
  await stage.helm.run('install', 'teams-sbc', chart, `--namespace=${systemNamespace}`, '--wait');
  // A change that only an operator carries out.
  await stage.objects.patch('sbcinstances', 'sbc', { spec: { capacity: { maxCallsPerSecond: 99 } } });
  await stage.objects.runs();
  await goesOn(calls, fromMs);
  assert.equal(await uidOf(stage, 0), pod);
  await over(calls);
});

test('definitions that are deleted take every SBC along, after its calls; an upgrade and Git bring all back', async (t) => {
  const calls = await stage.hold('teams', 2);
  const fromMs = nowMs();
  await kubectl('delete', 'crd', ...OURS.map((plural) => `${plural}.teams-sbc.dev`));
  await until(async () => (await stage.pod())?.metadata.deletionTimestamp !== undefined, { what: 'the pod to go' });
  await sleep(3000);
  await goesOn(calls, fromMs);
  await over(calls);
  await until(async () => (await stage.pod()) === undefined, { what: 'the pod to be gone', withinMs: GONE_MS });
  const restoredMs = nowMs();
  await stage.helm.run('upgrade', 'teams-sbc', chart, `--namespace=${systemNamespace}`, '--wait');
  const tookMs = await comesBack();
  figure(t, { event: 'definitions installed again', upgradedMs: nowMs() - restoredMs - tookMs, firstCallMs: tookMs });
});
