/** The real Argo CD and calls: what is committed comes into force, what is done by hand is healed, what is wrong is said, and no call is lost. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { callRoute } from '../../cluster/calls/manifests.ts';
import { conditionIn } from '../../cluster/faults/stage.ts';
import type { Said } from '../../cluster/kit/api-client.ts';
import { repository } from '../../cluster/kit/binaries.ts';
import { until } from '../../cluster/kit/until.ts';
import { WatchHistory } from '../../cluster/kit/watch-history.ts';
import { objectsOf } from '../../cluster/packaging/objects.ts';
import type { HeldCalls } from '../../kit/held-calls/held-calls.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { FollowedApplication } from '../kit/argocd-application.ts';
import { ArgoCd } from '../kit/argocd-controllers.ts';
import { ManifestsInGit, type Manifests } from '../kit/argocd-git.ts';
import { figure } from '../kit/figure.ts';
import { uidOf, untilReplaced } from '../kit/rolled-pods.ts';
import { authority, DATA_CENTRES, voiceInstance, voiceTrunks } from '../kit/voice-manifests.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const DRAIN_SECONDS = 10;
const WELL_MS = 90_000;
const REFRESHES = 5;

let stage: VoiceStage;
let argocd: ArgoCd;
let git: ManifestsInGit;
let application: FollowedApplication;
before(async () => {
  stage = await VoiceStage.raise({ name: 'argocd-controller', drainSeconds: DRAIN_SECONDS });
  const { controlPlane } = stage.cluster;
  git = await ManifestsInGit.create(join(controlPlane.directory, 'git'));
  argocd = await ArgoCd.start(stage.cluster);
  stage.followAddresses();
});
after(() => (stage as VoiceStage | undefined)?.stop());

const kubectl = (...args: string[]) => stage.cluster.controlPlane.kubectl(...args);

/** Fields of the specs of the three. */
type Change = Partial<Record<'instance' | 'teams' | 'pbx', object>>;

/** Ours as the example has it: together in one wave, and what needs calls in a later one. */
function inGit(change: Change = {}): Manifests {
  const [trust, teams, pbx] = voiceTrunks(stage.pki, stage.ends.pbx.media.address);
  const instance = voiceInstance({ mode: 'ClusterPod', replicas: 1, drainSeconds: DRAIN_SECONDS, maxCalls: 200 });
  const later = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'needs-calls' } };
  return {
    'issuer.yaml': [...authority(stage.pki), trust],
    'sbc.yaml': [inWave(1, instance, change.instance), inWave(1, teams, change.teams), inWave(1, pbx, change.pbx)],
    'later.yaml': [inWave(2, later)],
  };
}

function inWave(wave: number, object: Said, spec?: object): unknown {
  const annotations = { 'argocd.argoproj.io/sync-wave': String(wave) };
  const changed = spec === undefined ? {} : { spec: { ...object.spec, ...spec } };
  return { ...object, ...changed, metadata: { ...object.metadata, annotations } };
}

/** Pushed, and Argo CD told of it. */
async function push(message: string, manifests: Manifests): Promise<string> {
  const revision = await git.commit(message, manifests);
  await application.refresh();
  return revision;
}

/** The Application of config/argocd with this repository. */
function voiceApplication(): Said {
  const text = readFileSync(join(repository, 'config/argocd/applications.yaml'), 'utf8');
  const found = objectsOf(text).find(({ metadata }) => metadata.name === 'voice');
  return { ...found, spec: { ...found.spec, source: git.source } };
}

const endpoints = (...hosts: (string | undefined)[]) => ({
  endpoints: hosts.map((host) => ({ host, port: 5061 })),
});

/** A new call of the PBX goes to that data centre. */
async function goesTo(host: string | undefined): Promise<boolean> {
  const calls = await stage.hold('pbx', 1);
  const uri = calls.pairs[0]?.teams.invite.uri ?? '';
  assert.deepEqual(await calls.hangUp({ by: 'teams' }), [200]);
  return uri.includes(`@${host}`);
}

async function over(calls: HeldCalls, sinceMs: number): Promise<void> {
  assert.deepEqual(calls.ended, []);
  assert.equal((await calls.gaps(sinceMs)).unexplainedSilence, 0);
  const { alive } = calls;
  assert.deepEqual(await calls.hangUp({ by: calls.from }), Array(alive).fill(200));
  assert.equal(await calls.areOver(), true);
  await calls.forget();
}

/** Writes of Argo CD that were more than a question. */
async function writes(): Promise<number> {
  const of = (verb: string) => argocd.counted('argocd_app_k8s_request_total', { dry_run: 'false', verb });
  const counts = await Promise.all(['Create', 'Update', 'Patch', 'Delete'].map(of));
  return counts.reduce((sum, count) => sum + count, 0);
}

test('a commit becomes calls: Progressing until the operator says Ready, then Synced and Healthy, and the next wave waits for that', async (t) => {
  const revision = await git.commit('An SBC', inGit());
  const fromMs = nowMs();
  application = await FollowedApplication.create(stage.cluster.controlPlane, voiceApplication());
  await application.isWell(revision, WELL_MS);
  figure(t, { event: 'Argo CD: first commit to Healthy', tookMs: nowMs() - fromMs });
  const said = (resource: string) => application.states.flatMap(({ resources }) => resources[resource] ?? []);
  for (const resource of ['SbcInstance sbc', 'TeamsTrunk teams', 'PbxTrunk pbx']) {
    // Argo CD applies the PbxTrunk of a wave before the SbcInstance, and may look between them.
    const lasting = said(resource).filter((health) => !health.includes('has no SbcInstance of that name'));
    const statuses = lasting.map((health) => health.split(':')[0]);
    const inTurn = statuses.filter((status, at) => status !== statuses[at - 1]);
    assert.deepEqual(inTurn, ['Missing', 'Progressing', 'Healthy'], resource);
  }
  const ready = conditionIn(await stage.objects.get('sbcinstances', 'sbc'), 'Ready');
  const later = await stage.objects.get('configmaps', 'needs-calls');
  assert.ok(Date.parse(later.metadata.creationTimestamp) >= Date.parse(ready?.lastTransitionTime ?? ''));
  for (const from of ['teams', 'pbx'] as const) await over(await stage.hold(from, 1), nowMs());
});

test('it stays Synced, and Argo CD writes nothing, while the operator writes its status and a pod is replaced', async (t) => {
  const { revision } = application.state;
  const statuses = await WatchHistory.start(stage.cluster.controlPlane.api, stage.objects.path('sbcinstances'));
  const compared = () => argocd.counted('argocd_app_reconcile_count');
  const [from, operations] = [application.states.length, application.operations.length];
  const [comparedBefore, writesBefore] = [await compared(), await writes()];
  const uid = await uidOf(stage, 0);
  await stage.objects.delete('pods', 'sbc-0');
  for (let refresh = 0; refresh < REFRESHES; refresh += 1) await application.refresh();
  await untilReplaced(stage, 0, uid);
  await stage.isReady();
  await application.isWell(revision);
  await application.refresh('hard');
  for (let refresh = 0; refresh < REFRESHES; refresh += 1) await application.refresh();
  await statuses.stop();
  const states = application.states.slice(from);
  assert.deepEqual([...new Set(states.map(({ sync }) => sync))], ['Synced']);
  assert.deepEqual([...new Set(states.map(({ phase }) => phase))], ['Succeeded']);
  assert.equal(application.operations.length, operations);
  assert.equal(await writes(), writesBefore);
  const [seen, comparisons] = [statuses.events.length - 1, (await compared()) - comparedBefore];
  figure(t, { event: 'Argo CD: a pod replaced', statusWrites: seen, comparisons, syncs: 0 });
  assert.ok(seen >= 2 && comparisons > REFRESHES * 2, `${seen} status writes, ${comparisons} comparisons`);
});

const instance = { podTemplate: { annotations: { 'example.com/rolled': 'once' } } };

test('a commit that rolls the pod is one sync, however often Argo CD looks meanwhile', async () => {
  const { length } = application.operations;
  const uid = await uidOf(stage, 0);
  const revision = await push('Roll it', inGit({ instance }));
  await untilReplaced(stage, 0, uid);
  for (let refresh = 0; refresh < REFRESHES; refresh += 1) await application.refresh();
  await application.isWell(revision);
  await stage.isReady();
  for (let refresh = 0; refresh < REFRESHES; refresh += 1) await application.refresh();
  assert.equal(application.state.sync, 'Synced');
  assert.equal(application.operations.length, length + 1);
});

const [first, second, third] = DATA_CENTRES;
const good = (change: Change = {}) => inGit({ instance, teams: endpoints(second, third), ...change });

test('a commit that changes a trunk is in force for the next call, and those that are up go on', async (t) => {
  const [calls, pod, fromMs] = [await stage.hold('teams', 2), await uidOf(stage, 0), nowMs()];
  assert.equal(await goesTo(first), true);
  const revision = await push('Without the first data centre', good());
  await application.isWell(revision);
  figure(t, { event: 'Argo CD: trunk committed to Healthy', tookMs: nowMs() - fromMs });
  assert.equal(await goesTo(second), true);
  assert.equal(await uidOf(stage, 0), pod);
  await over(calls, fromMs);
});

test('what is changed or deleted by hand is as in Git again, and the calls go on', async (t) => {
  const [calls, fromMs] = [await stage.hold('teams', 2), nowMs()];
  const { revision } = application.state;
  const { length } = application.operations;
  await stage.objects.patch('teamstrunks', 'teams', { spec: endpoints(third) });
  await application.becomes('another sync', () => application.operations.length > length);
  await application.isWell(revision);
  figure(t, { event: 'Argo CD: hand edit healed', tookMs: nowMs() - fromMs });
  // What Argo CD says of its health may be of before the edit.
  await until(() => goesTo(second), { what: 'calls to go as Git says', withinMs: WELL_MS });
  const { uid } = (await stage.objects.get('pbxtrunks', 'pbx')).metadata;
  await stage.objects.delete('pbxtrunks', 'pbx');
  const isBack = async () => ((await stage.objects.get('pbxtrunks', 'pbx'))?.metadata.uid ?? uid) !== uid;
  await until(isBack, { what: 'another trunk', withinMs: WELL_MS });
  await application.isWell(revision);
  await stage.isReady();
  await over(calls, fromMs);
  await over(await stage.hold('pbx', 1), nowMs());
});

test('a commit that the API server refuses is not applied and says why; the next commit mends it', async (t) => {
  const { hash } = await stage.objects.index();
  const [calls, fromMs] = [await stage.hold('teams', 1), nowMs()];
  const nowhere = callRoute('nowhere', { match: {}, destinations: [] });
  await push('A route to nowhere', { ...good(), 'route.yaml': [nowhere] });
  const words = /a route without destinations leads nowhere: add one, or set action to Reject/;
  const says = ({ operation, results }: FollowedApplication['state']) =>
    words.test(operation.message) || results.some((result) => words.test(result));
  const { sync, health, ...state } = await application.becomes('refused', says);
  t.diagnostic(JSON.stringify({ sync, health, ...state }));
  assert.deepEqual([sync, health === 'Degraded'], ['OutOfSync', false]);
  assert.equal((await stage.objects.index()).hash, hash);
  await over(await stage.hold('pbx', 1), nowMs());
  await application.isWell(await push('Without it', good()));
  await over(calls, fromMs);
});

test('a commit that is wrong in what it means is Degraded in our words, and what was in force goes on; the next commit mends it', async (t) => {
  const [calls, fromMs] = [await stage.hold('teams', 1), nowMs()];
  const auth = { secretRef: { name: 'pbx-login' } };
  await push('A login that is not there', good({ pbx: { auth } }));
  const isSaid = ({ resources }: FollowedApplication['state']) =>
    /^Degraded: .*pbx-login/.test(resources['PbxTrunk pbx'] ?? '');
  const { health, ...state } = await application.becomes('Degraded', isSaid);
  t.diagnostic(JSON.stringify({ health, ...state }));
  assert.equal(health, 'Degraded');
  assert.match(state.resources['TeamsTrunk teams'] ?? '', /^Healthy/);
  for (const from of ['teams', 'pbx'] as const) await over(await stage.hold(from, 1), nowMs());
  const revision = await push('Without it', good());
  await application.isWell(revision);
  await over(calls, fromMs);
  await over(await stage.hold('pbx', 1), nowMs());
});

test('a namespace that was deleted comes back from Git with one sync, and takes calls', async (t) => {
  const uidOfNamespace = async () =>
    (await stage.cluster.controlPlane.api.get('/api/v1/namespaces/voice')).body.metadata.uid as string | undefined;
  const uid = await uidOfNamespace();
  const { revision } = application.state;
  const deletedMs = nowMs();
  await kubectl('delete', 'namespace', 'voice', '--wait=false');
  const isGone = async () => (await uidOfNamespace()) !== uid;
  await until(isGone, { what: 'the namespace to be gone', withinMs: WELL_MS });
  const fromMs = nowMs();
  // By itself it may stay at a part of it: self-heal syncs what was missing when it looked, an Issuer without its Secret.
  await application.sync();
  await application.isWell(revision, WELL_MS);
  await stage.isReady();
  await over(await stage.hold('teams', 1), nowMs());
  await over(await stage.hold('pbx', 1), nowMs());
  figure(t, { event: 'Argo CD: namespace deleted', goneMs: fromMs - deletedMs, firstCallMs: nowMs() - fromMs });
});
