/** Containers that are killed while people talk: what goes on, what ends, how soon new calls work. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { until } from '../../cluster/kit/until.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { figure } from '../kit/figure.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const EACH = 3;
/** After something died a new call is answered within that: nobody redials an emergency number for longer. */
const NEW_CALLS_WITHIN_MS = 5000;

let stage: VoiceStage;
before(async () => {
  stage = await VoiceStage.raise({ name: 'crashes' });
  await stage.apply();
});
after(() => stage.stop());

interface ContainerState {
  readonly name: string;
  readonly containerID: string;
  readonly restartCount: number;
}

async function container(name: 'runtime' | 'rtpengine'): Promise<ContainerState> {
  const { status } = await stage.pod();
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])] as ContainerState[];
  const found = all.find((each) => each.name === name);
  if (!found) throw new Error(`Cannot find the container ${name}`);
  return found;
}

/** As a bug or the kernel's OOM killer would. Resolves with the moment. */
async function kill(
  name: 'runtime' | 'rtpengine',
): Promise<{ readonly atMs: number; readonly before: ContainerState }> {
  const before = await container(name);
  const id = before.containerID.replace('containerd://', '');
  await stage.cluster.node(1).exec('ctr', '-n', 'k8s.io', 'tasks', 'kill', '--signal', 'SIGKILL', id);
  return { atMs: nowMs(), before };
}

async function restarted(before: ContainerState): Promise<void> {
  const name = before.name as 'runtime' | 'rtpengine';
  await until(async () => (await container(name)).restartCount > before.restartCount, { what: `${name} to be back` });
}

/** From the kill to the beginning of the first call that was answered. */
async function firstAnswered(attempts: ReturnType<VoiceStage['attempt']>, atMs: number): Promise<number> {
  await until(() => attempts.answered(atMs).some(({ startedMs }) => startedMs > atMs + 50), { what: 'a new call' });
  return (attempts.answered(atMs).find(({ startedMs }) => startedMs > atMs + 50)?.startedMs ?? Infinity) - atMs;
}

test('the runtime is killed: calls go on with their sound, and hold, resume and hang-up work afterwards', async (t) => {
  const held = { teams: await stage.hold('teams', EACH), pbx: await stage.hold('pbx', EACH) };
  await until(async () => (await stage.calls()) === 2 * EACH, { what: 'all calls' });
  // Longer than the journal gathers.
  await sleep(500);
  const uid = (await stage.pod()).metadata.uid as string;
  const attempts = stage.attempt('teams', { everyMs: 200, failoverMs: 2000 });
  const { atMs, before } = await kill('runtime');
  await restarted(before);
  const newCallMs = await firstAnswered(attempts, atMs);
  await attempts.stop();
  await sleep(1000);
  const all = [held.teams, held.pbx];
  const gaps = await Promise.all(all.map((calls) => calls.gaps(atMs)));
  figure(t, {
    event: 'runtime killed',
    calls: 2 * EACH,
    ended: all.flatMap(({ ended }) => ended).length,
    maxGapMs: Math.max(...gaps.map(({ maxMs }) => maxMs)),
    ownLatenessMs: Math.max(...gaps.map(({ ownLatenessMs }) => ownLatenessMs)),
    lost: gaps.reduce((sum, { lost }) => sum + lost, 0),
    newCallMs,
  });
  assert.equal((await stage.pod()).metadata.uid, uid);
  assert.deepEqual(
    all.flatMap(({ ended }) => ended),
    [],
  );
  assert.deepEqual(
    gaps.map(({ unexplainedSilence, lost }) => [unexplainedSilence, lost]),
    [
      [0, 0],
      [0, 0],
    ],
  );
  await until(async () => (await stage.calls()) === 2 * EACH, { what: 'the calls that were taken over' });
  const [pair] = held.teams.pairs;
  assert.ok(pair);
  await pair.teams.hold();
  await pair.teams.resume();
  const backMs = nowMs();
  await sleep(2000);
  assert.equal((await held.teams.gaps(backMs + 500)).unexplainedSilence, 0);
  assert.deepEqual(await held.teams.hangUp({ by: 'pbx' }), Array(EACH).fill(200));
  assert.deepEqual(await held.pbx.hangUp({ by: 'teams' }), Array(EACH).fill(200));
  assert.deepEqual(await Promise.all(all.map((calls) => calls.areOver())), [true, true]);
  assert.equal(await stage.calls(), 0);
  assert.ok(newCallMs < NEW_CALLS_WITHIN_MS, `${newCallMs} ms to a new call`);
});

test('RTPEngine is killed: both sides of every call are told, and new calls have sound', async (t) => {
  const held = { teams: await stage.hold('teams', EACH), pbx: await stage.hold('pbx', EACH) };
  const all = [held.teams, held.pbx];
  const { atMs, before } = await kill('rtpengine');
  const attempts = stage.attempt('teams', { everyMs: 200, failoverMs: 2000 });
  await restarted(before);
  assert.deepEqual(await Promise.all(all.map((calls) => calls.areOver(10_000))), [true, true]);
  const ended = all.flatMap((calls) => calls.ended);
  const newCallMs = await firstAnswered(attempts, atMs);
  await attempts.stop();
  figure(t, {
    event: 'RTPEngine killed',
    calls: 2 * EACH,
    ended: ended.length,
    toldMs: Math.max(...ended.map((end) => end.atMs - atMs)),
    newCallMs,
  });
  assert.equal(ended.length, 2 * EACH);
  for (const { by, reasons } of ended) {
    assert.equal(by, 'sbc');
    assert.equal(reasons.length, 2);
    for (const reason of reasons) assert.match(reason, /^Q\.850;cause=41;/);
  }
  const next = await stage.hold('teams', 1);
  const sinceMs = nowMs();
  await sleep(1500);
  assert.equal((await next.gaps(sinceMs)).unexplainedSilence, 0);
  assert.deepEqual(await next.hangUp({ by: 'teams' }), [200]);
  assert.ok(newCallMs < NEW_CALLS_WITHIN_MS, `${newCallMs} ms to a new call`);
});
