/** What installing, draining and holding calls cost on a real node. Runs inside in-namespace.sh. */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../cluster/kit/until.ts';
import type { HeldCalls } from '../../kit/held-calls/held-calls.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { archiveOf, VoiceStage } from '../../node/kit/voice-stage.ts';

export interface Figures {
  readonly calls: number;
  /** From the beginning of `helm install`. */
  readonly installedMs: number;
  readonly readyMs: number;
  readonly firstCallMs: number;
  readonly memory: { readonly idle: PodMemory; readonly held: PodMemory };
  readonly operatorMiB: number;
  readonly drain: DrainFigures;
  readonly archives: Readonly<Record<string, number>>;
}

export interface PodMemory {
  readonly runtimeMiB: number;
  readonly rtpengineMiB: number;
}

export interface DrainFigures {
  readonly quietGapMs: number;
  readonly maxGapMs: number;
  readonly ownLatenessMs: number;
  readonly lost: number;
  readonly sent: number;
  readonly ended: number;
  /** From the last BYE until the pod is gone. */
  readonly goneMs: number;
  /** From the last BYE until a new pod of that name takes calls. */
  readonly backMs: number;
}

const MIB = 1_048_576;
const QUIET_MS = 5000;
const DRAIN_MS = 10_000;

export async function measure(calls: number, say: (line: string) => void): Promise<Figures> {
  const stage = await VoiceStage.raise({ name: 'bench-node', maxCalls: 2 * calls, drainSeconds: 300 });
  try {
    await stage.apply();
    const readyMs = nowMs() - stage.installingMs;
    const first = await stage.hold('teams', 1);
    const firstCallMs = nowMs() - stage.installingMs;
    await first.hangUp({ by: 'teams' });
    say(`first call ${(firstCallMs / 1000).toFixed(1)} s after helm install began`);
    await sleep(QUIET_MS);
    const idle = await podMemory(stage);
    const { drain, held } = await drainWith(stage, calls);
    return {
      ...{ calls, installedMs: stage.installedMs - stage.installingMs, readyMs, firstCallMs },
      memory: { idle, held },
      operatorMiB: await operatorMemory(stage),
      drain,
      archives: Object.fromEntries(
        (['operator', 'sbc-runtime', 'rtpengine', 'call-test'] as const).map((name) => [
          name,
          statSync(archiveOf(name)).size / MIB,
        ]),
      ),
    };
  } finally {
    await stage.stop();
  }
}

/** The pod is deleted with that many calls on it, as `kubectl drain` and a rollout do. */
async function drainWith(stage: VoiceStage, calls: number) {
  const half = Math.ceil(calls / 2);
  const all = [await stage.hold('teams', half), await stage.hold('pbx', calls - half)];
  await sleep(QUIET_MS);
  const held = await podMemory(stage);
  const uid = (await stage.pod()).metadata.uid as string;
  const quietMs = nowMs();
  await sleep(QUIET_MS);
  const fromMs = nowMs();
  const quiet = await gapsOf(all, quietMs, fromMs);
  await stage.objects.delete('pods', 'sbc-0');
  await sleep(DRAIN_MS);
  const gaps = await gapsOf(all, fromMs, nowMs());
  const ended = all.flatMap((each) => each.ended).length;
  for (const each of all) await each.hangUp({ by: 'teams' });
  const lastMs = nowMs();
  await until(async () => (await stage.pod())?.metadata.uid !== uid, { what: 'the pod to go', withinMs: 60_000 });
  const goneMs = nowMs() - lastMs;
  await stage.isReady();
  const drain: DrainFigures = { ...{ quietGapMs: quiet.maxGapMs, ...gaps, ended, goneMs }, backMs: nowMs() - lastMs };
  return { drain, held };
}

async function gapsOf(all: readonly HeldCalls[], fromMs: number, toMs: number) {
  const gaps = await Promise.all(all.map((calls) => calls.gaps(fromMs, toMs)));
  return {
    maxGapMs: Math.max(...gaps.map(({ maxMs }) => maxMs)),
    ownLatenessMs: Math.max(...gaps.map(({ ownLatenessMs }) => ownLatenessMs)),
    lost: gaps.reduce((sum, { lost }) => sum + lost, 0),
    sent: gaps.reduce((sum, { lost, received }) => sum + lost + received, 0),
  };
}

/** As the kubelet tells them (stats/summary). */
interface PodStats {
  readonly podRef: { readonly name: string };
  readonly containers: readonly { readonly name: string; readonly memory: { readonly workingSetBytes: number } }[];
}

/** Working sets in MiB, by container. */
async function memoryOf(stage: VoiceStage, isWanted: (pod: string) => boolean): Promise<Map<string, number>> {
  const { body } = await stage.cluster.controlPlane.api.get('/api/v1/nodes/n1/proxy/stats/summary');
  const pods = (body.pods as PodStats[]).filter(({ podRef }) => isWanted(podRef.name));
  const containers = pods.flatMap((pod) => pod.containers);
  return new Map(containers.map(({ name, memory }) => [name, memory.workingSetBytes / MIB]));
}

async function podMemory(stage: VoiceStage): Promise<PodMemory> {
  const found = await memoryOf(stage, (pod) => pod === 'sbc-0');
  return { runtimeMiB: found.get('runtime') ?? NaN, rtpengineMiB: found.get('rtpengine') ?? NaN };
}

async function operatorMemory(stage: VoiceStage): Promise<number> {
  const found = await memoryOf(stage, (pod) => pod.startsWith('teams-sbc-operator'));
  return found.get('operator') ?? NaN;
}
