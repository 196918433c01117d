/** Pods that are rolled, added, taken away and hurried, with calls on them: what goes on, what is said, what ends and how. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test, type TestContext } from 'node:test';
import { repository } from '../../cluster/kit/binaries.ts';
import { until } from '../../cluster/kit/until.ts';
import { chart, systemNamespace } from '../../cluster/packaging/helm.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { run } from '../../kit/process.ts';
import { type BothWays, holdBothWays, NewCalls } from '../kit/both-ways.ts';
import { figure } from '../kit/figure.ts';
import {
  imageOf,
  isReady,
  optionsAnswers,
  optionsOf,
  uidOf,
  uidsOf,
  untilOneGoes,
  untilReplaced,
  untilSaid,
} from '../kit/rolled-pods.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const DRAIN_SECONDS = 40;
/** Of the template that the rollback brings: for calls that outlive it. */
const SHORT_DRAIN_SECONDS = 20;
/** The stage's period and some: in that time each data centre is asked once at least. */
const WITHOUT_OPTIONS_MS = 7000;
const EACH = 2;
/** On a pod: in both directions. */
const ON_A_POD = 2 * EACH;
/** With new ones that it took at the last moment: that they are over is told ten seconds later, for a number alone is no haste. */
const ON_A_BUSY_POD = [ON_A_POD, ON_A_POD + 1, ON_A_POD + 2];
const NEWER = '0.1.1';
const OUT_OF_SERVICE = 'Q.850;cause=41;text="The SBC is taken out of service"';

let stage: VoiceStage;
before(async () => {
  const building = newerRuntime();
  building.catch(() => undefined);
  stage = await VoiceStage.raise({ name: 'rollouts', replicas: 2, drainSeconds: DRAIN_SECONDS });
  await stage.cluster.importImages([await building]);
  await stage.apply();
});
after(() => (stage as VoiceStage | undefined)?.stop());

const kubectl = (...args: string[]) => stage.cluster.controlPlane.kubectl('--namespace=voice', ...args);
const boundDrains = (timeoutSeconds: number) =>
  kubectl('patch', 'sbci', 'sbc', '--type=merge', `--patch=${JSON.stringify({ spec: { drain: { timeoutSeconds } } })}`);
const helm = (...args: string[]) => stage.helm.run(...args, `--namespace=${systemNamespace}`, '--wait');

/** The same runtime under another version, as the next release will be. */
async function newerRuntime(): Promise<string> {
  const output = join(repository, 'work/images', NEWER);
  const script = join(repository, 'scripts/images.ts');
  await run(process.execPath, [script, `--tag=${NEWER}`, `--output=${output}`, '--only=sbc-runtime']);
  return join(output, 'sbc-runtime.tar');
}

const seconds = (sinceMs: number) => (nowMs() - sinceMs) / 1000;

/** It waits for its calls, and says so. @param calls one of these numbers @returns what the condition says */
async function seesDrain(ordinal: number, calls: readonly number[]): Promise<string> {
  const words = `PodsDraining: .*sbc-${ordinal} has (${calls.join('|')}) calls? left, hung up at \\d{4}-\\d\\d-\\d\\dT[\\d:]+Z at the latest`;
  return untilSaid(stage, 'Draining', new RegExp(words));
}

/** Its calls are hung up; then another pod has its name. @returns seconds until that takes calls */
async function comesBack(calls: BothWays, ordinal: number, former: string): Promise<number> {
  const sinceMs = nowMs();
  await calls.hangUp([ordinal]);
  await untilReplaced(stage, ordinal, former);
  return seconds(sinceMs);
}

/** New calls all the time, of which none is refused by all. */
async function withNewCalls(t: TestContext, event: string, ordinals: readonly number[], act: () => Promise<void>) {
  const newCalls = new NewCalls(stage, ordinals);
  const sinceMs = nowMs();
  try {
    await act();
  } finally {
    const summary = await newCalls.stop();
    figure(t, { event, tookSeconds: seconds(sinceMs), ...summary, refused: summary.refused.length });
    assert.deepEqual(summary.refused, []);
    assert.ok(summary.newCalls > 0);
  }
}

test('Calls that nothing happens to', async (t) => {
  const calls = await holdBothWays(stage, [0, 1], EACH);
  await sleep(4000);
  figure(t, { event: 'nothing, for comparison', ...(await calls.isUntouched()) });
  await calls.hangUp();
});

test('A newer runtime comes to one pod after the other; each waits for its calls, and no new one is refused', async (t) => {
  const calls = await holdBothWays(stage, [0, 1], EACH);
  const former = await uidsOf(stage, [0, 1]);
  const sinceMs = nowMs();
  await withNewCalls(t, 'upgrade of the runtime', [0, 1], async () => {
    await helm('upgrade', 'teams-sbc', chart, '--reuse-values', `--set=runtime.image.tag=${NEWER}`);
    const first = await untilOneGoes(stage, [0, 1]);
    const other = 1 - first;
    await seesSilence(t, first, other);
    figure(t, { event: 'upgrade of the runtime, while a pod drains', ...(await calls.isUntouched(sinceMs)) });
    assert.equal(await uidOf(stage, other), former[other], 'The other is not touched meanwhile');

    const optionsSinceMs = stage.simulator.log.nowMs;
    const backSeconds = await comesBack(calls, first, former[first] ?? '');
    await seesOptions(t, first, optionsSinceMs);
    assert.equal(await untilOneGoes(stage, [0, 1]), other);
    await seesDrain(other, ON_A_BUSY_POD);
    const sound = await calls.isUntouched(sinceMs, [other]);
    figure(t, { event: 'upgrade of the runtime, second pod drains', backSeconds, ...sound });
    await comesBack(calls, other, former[other] ?? '');
    await stage.objects.runs();
  });
  for (const ordinal of [0, 1]) {
    assert.equal(imageOf(await stage.pod(ordinal)), `ghcr.io/teams-sbc/sbc-runtime:${NEWER}`);
    assert.equal((await stage.objects.summary(`sbc-${ordinal}`)).version, NEWER);
  }
  await stage.objects.says('sbcinstances', 'sbc', 'Draining', 'False NotDraining');
});

/** A pod that drains says where a person looks, and to Microsoft, that it takes no more. */
async function seesSilence(t: TestContext, going: number, other: number): Promise<void> {
  t.diagnostic(await seesDrain(going, ON_A_BUSY_POD));
  const sinceMs = stage.simulator.log.nowMs;
  await sleep(WITHOUT_OPTIONS_MS);
  assert.equal(optionsOf(stage, going, sinceMs).length, 0, 'OPTIONS have stopped');
  assert.ok(optionsOf(stage, other, sinceMs).length > 0, 'Those of the other have not');
  assert.ok(optionsAnswers(stage, going, 503, sinceMs).length > 0, 'Microsoft is answered 503');
  assert.equal(optionsAnswers(stage, going, 200, sinceMs).length, 0);
  assert.ok(optionsAnswers(stage, other, 200, sinceMs).length > 0);
}

/** To every data centre, within the minute after which it would be too late for three periods of sixty seconds. */
async function seesOptions(t: TestContext, ordinal: number, sinceMs: number): Promise<void> {
  const { simulator } = stage;
  const heard = () => new Set(optionsOf(stage, ordinal, sinceMs).map(({ dataCentre }) => dataCentre));
  const all = () => heard().size === simulator.dataCentres.length;
  await until(all, { what: 'OPTIONS to every data centre', withinMs: 60_000 });
  const [first] = optionsOf(stage, ordinal, sinceMs);
  const optionsAfterSeconds = ((first?.atMs ?? Infinity) - sinceMs) / 1000;
  figure(t, { event: 'OPTIONS of the new pod, since the last call on the former was hung up', optionsAfterSeconds });
  assert.ok(optionsAfterSeconds < 60);
}

test('A rollout that is held touches no pod; set free, the older runtime comes back in the same way', async (t) => {
  const calls = await holdBothWays(stage, [0, 1], EACH);
  const former = await uidsOf(stage, [0, 1]);
  const sinceMs = nowMs();
  await withNewCalls(t, 'rollback of the chart', [0, 1], async () => {
    await kubectl('annotate', 'sbci', 'sbc', 'teams-sbc.dev/hold-rollout=true');
    await boundDrains(SHORT_DRAIN_SECONDS);
    await helm('rollback', 'teams-sbc');
    t.diagnostic(await untilSaid(stage, 'Ready', /^True RollingOut: .*held by the annotation/));
    await sleep(3000);
    assert.deepEqual(await uidsOf(stage, [0, 1]), former);
    figure(t, { event: 'rollout held', ...(await calls.isUntouched(sinceMs)) });

    await kubectl('annotate', 'sbci', 'sbc', 'teams-sbc.dev/hold-rollout-');
    for (let rolled = 0; rolled < 2; rolled++) {
      const going = await untilOneGoes(stage, [0, 1]);
      await seesDrain(going, ON_A_BUSY_POD);
      await calls.isUntouched(sinceMs, [going]);
      const backSeconds = await comesBack(calls, going, former[going] ?? '');
      figure(t, { event: 'rollback of the chart, a pod', backSeconds });
    }
    await stage.objects.runs();
  });
  for (const ordinal of [0, 1]) assert.equal(imageOf(await stage.pod(ordinal)), 'ghcr.io/teams-sbc/sbc-runtime:0.1.0');
});

/** Long before they are hurried: the operator has heard of them by then, and tells them at once. */
let onFirst: BothWays;
let onThird: BothWays;
test('A third pod becomes a gateway with an address that takes calls, and the others notice nothing', async (t) => {
  onFirst = await holdBothWays(stage, [0, 1], EACH);
  const former = await uidsOf(stage, [0, 1]);
  const sinceMs = nowMs();
  await withNewCalls(t, 'a third pod', [0, 1], async () => {
    await kubectl('scale', 'sbci', 'sbc', '--replicas=3');
    await until(() => stage.addressOf(2) !== undefined, { what: 'an address of the third', withinMs: 60_000 });
    await untilReplaced(stage, 2, '');
    await stage.objects.runs();
    const readySeconds = seconds(sinceMs);
    const { addresses } = (await stage.objects.get('sbcinstances', 'sbc')).status;
    assert.equal(addresses[2].fqdn, 'sbc-2.voice.example.com');
    assert.equal(addresses[2].address, (await stage.pod(2)).status.podIP);
    onThird = await holdBothWays(stage, [2], EACH);
    figure(t, { event: 'a third pod', readySeconds, ...(await onFirst.isUntouched(sinceMs)) });
  });
  assert.deepEqual(await uidsOf(stage, [0, 1]), former);
});

let drainsSinceMs: number;
test('With a pod less the highest one drains, and its calls go on', async (t) => {
  const former = await uidsOf(stage, [0, 1]);
  drainsSinceMs = nowMs();
  await kubectl('scale', 'sbci', 'sbc', '--replicas=2');
  assert.equal(await untilOneGoes(stage, [0, 1, 2]), 2);
  t.diagnostic(await seesDrain(2, [ON_A_POD]));
  await onThird.isUntouched(drainsSinceMs);
  await onFirst.isUntouched(drainsSinceMs);
  assert.deepEqual(await uidsOf(stage, [0, 1]), former);
});

test('The annotation end-calls ends the calls of its pod at once, and of no other', async (t) => {
  const former = await uidOf(stage, 1);
  await withNewCalls(t, 'drain hurried by the annotation', [0, 1], async () => {
    await kubectl('delete', 'pod', 'sbc-1', '--wait=false');
    await seesDrain(1, ON_A_BUSY_POD);
    const sinceMs = nowMs();
    await kubectl('annotate', 'pod', 'sbc-1', 'teams-sbc.dev/end-calls=now');
    assert.equal(await onFirst.areOver([1], 10_000), true, 'Both sides of each call know it');
    const endedSeconds = seconds(sinceMs);
    isEndedByUs(onFirst, 1);
    await untilReplaced(stage, 1, former);
    figure(t, { event: 'drain hurried by the annotation', endedSeconds, backSeconds: seconds(sinceMs) });
  });
  await onFirst.isUntouched(undefined, [0]);
  await onFirst.forget([1]);
});

/** With a BYE to both sides that says why. */
function isEndedByUs(calls: BothWays, ordinal: number, count = ON_A_POD): void {
  const ended = calls.ended([ordinal]);
  assert.equal(ended.length, count);
  for (const { by, reasons } of ended)
    assert.deepEqual({ by, reasons }, { by: 'sbc', reasons: [OUT_OF_SERVICE, OUT_OF_SERVICE] });
}

test('Calls that outlive the bound of the drain get a BYE on both sides, and the pod goes', async (t) => {
  assert.equal(await onThird.areOver([2], SHORT_DRAIN_SECONDS * 1000), true);
  isEndedByUs(onThird, 2);
  const [first] = onThird.ended([2]);
  const drainSeconds = ((first?.atMs ?? 0) - drainsSinceMs) / 1000;
  assert.ok(drainSeconds >= SHORT_DRAIN_SECONDS - 1, `They had their time: ${drainSeconds} s`);
  await until(async () => (await stage.pod(2)) === undefined, { what: 'the end of the third pod' });
  figure(t, {
    event: 'bound of the drain',
    boundSeconds: SHORT_DRAIN_SECONDS,
    drainSeconds,
    goneSeconds: seconds(drainsSinceMs),
  });
  await onThird.forget();
});

test('A lower drain.timeoutSeconds ends a drain that has begun; held, it rolls nobody else', async (t) => {
  const onSecond = await holdBothWays(stage, [1], EACH);
  const former = await uidsOf(stage, [0, 1]);
  await withNewCalls(t, 'drain hurried by a lower bound', [0, 1], async () => {
    await kubectl('annotate', 'sbci', 'sbc', 'teams-sbc.dev/hold-rollout=true');
    await kubectl('delete', 'pod', 'sbc-0', '--wait=false');
    await seesDrain(0, ON_A_BUSY_POD);
    const sinceMs = nowMs();
    await boundDrains(2);
    assert.equal(await onFirst.areOver([0], 20_000), true);
    const endedSeconds = seconds(sinceMs);
    isEndedByUs(onFirst, 0);
    await untilReplaced(stage, 0, former[0] ?? '');
    figure(t, { event: 'drain hurried by a lower bound', endedSeconds, backSeconds: seconds(sinceMs) });
  });
  assert.equal(await uidOf(stage, 1), former[1]);
  assert.ok(isReady(await stage.pod(1)));
  await onSecond.isUntouched();
  await onSecond.hangUp();
});
