/** An event while calls are held in both directions, with sound, and new ones come steadily: what it did to them. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { Said } from '../../cluster/kit/api-client.ts';
import type { Attempts } from '../../kit/held-calls/attempts.ts';
import type { From } from '../../kit/held-calls/call-ends.ts';
import type { Gaps, HeldCalls } from '../../kit/held-calls/held-calls.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { figure } from './figure.ts';
import type { VoiceStage } from './voice-stage.ts';

export interface Through {
  readonly event: string;
  /** Held in each direction. @default 3 */
  readonly count?: number;
  /** Calls go on that long after the event. @default 2000 */
  readonly afterMs?: number;
}

export interface Happened {
  /** The event began, as `nowMs()` of media-words.ts. */
  readonly fromMs: number;
  /** It was over. */
  readonly toMs: number;
  /** From its beginning to the end of the time after it. */
  readonly gaps: readonly Gaps[];
  readonly ended: HeldCalls['ended'];
  readonly attempts: Readonly<Record<From, Attempts>>;
  /** New calls that the runtime refused because the processor was the limit: the machine did that, not the event. */
  readonly overload: number;
  /** Which pod it was and how often its containers had started, before and after. */
  readonly lives: readonly [string, string];
}

const SIDES = ['teams', 'pbx'] as const;
const QUIET_MS = 2000;
const EVERY_MS = 1000;
/** What overtook another may be asked for too early. */
const SETTLED_MS = 300;

/** Does it, tells the figures, and hangs up: calls that are up must be answered 200. The rest is for the caller to judge. */
export async function holdThrough(
  t: TestContext,
  stage: VoiceStage,
  { event, count = 3, afterMs = 2000 }: Through,
  happen: () => Promise<unknown>,
): Promise<Happened> {
  const held = [await stage.hold('teams', count), await stage.hold('pbx', count)];
  const attempt = (side: From) => stage.attempt(side, { everyMs: EVERY_MS });
  const attempts = { teams: attempt('teams'), pbx: attempt('pbx') };
  const stop = () => Promise.all(SIDES.map((side) => attempts[side].stop()));
  try {
    const quietMs = nowMs();
    await sleep(QUIET_MS);
    const pod = await stage.pod();
    const overloadBefore = await refusedByOverload(pod);
    const fromMs = nowMs();
    const quiet = await gapsOf(held, quietMs, fromMs);
    await happen();
    const toMs = nowMs();
    await sleep(afterMs);
    const endMs = nowMs();
    await Promise.all([stop(), sleep(SETTLED_MS)]);
    const gaps = await gapsOf(held, fromMs, endMs);
    const overload = (await refusedByOverload(pod)) - overloadBefore;
    const ended = held.flatMap((calls) => calls.ended);
    const decided = SIDES.flatMap((side) => attempts[side].decided.filter(({ startedMs }) => startedMs >= fromMs));
    const refused = decided.filter(({ isAnswered }) => !isAnswered);
    figure(t, {
      ...{ event, tookMs: toMs - fromMs, calls: count * 2, ended: ended.length },
      ...{ maxGapMs: longest(gaps), lost: lostOf(gaps), silentSeconds: silentOf(gaps) },
      ...{ quietGapMs: longest(quiet), quietLost: lostOf(quiet) },
      ownLatenessMs: Math.max(...gaps.map(({ ownLatenessMs }) => ownLatenessMs)),
      ...{ attempts: decided.length, refused: refused.length, overload },
      slowestAnswerMs: Math.max(0, ...decided.flatMap(({ isAnswered, tookMs }) => (isAnswered ? [tookMs] : []))),
    });
    await hangUpAll(held);
    return { fromMs, toMs, gaps, ended, attempts, overload, lives: [lifeOf(pod), lifeOf(await stage.pod())] };
  } finally {
    await stop();
    await Promise.all(held.map((calls) => calls.forget()));
  }
}

/** No packet was lost, no call ended, no new one was refused, and the pod is the same. */
export function assertUntouched(happened: Happened): void {
  assertCallsLived(happened);
  const unexplained = happened.gaps.reduce((sum, { unexplainedSilence }) => sum + unexplainedSilence, 0);
  assert.deepEqual([lostOf(happened.gaps), unexplained], [0, 0], 'lost packets, silent seconds');
  assertNoneRefused(happened);
}

/** No call ended, and the pod is the same. */
export function assertCallsLived({ ended, lives: [before, after] }: Happened): void {
  assert.deepEqual(ended, []);
  assert.equal(after, before);
}

function assertNoneRefused({ fromMs, attempts, overload }: Happened): void {
  const refused = SIDES.flatMap((side) => attempts[side].refused(fromMs));
  assert.deepEqual(refused.slice(overload), []);
  for (const side of SIDES) assert.ok(attempts[side].answered(fromMs).length > 0, `no new calls from ${side}`);
}

/** Counted since its start, from its metrics. */
async function refusedByOverload(pod: Said): Promise<number> {
  const metrics = await (await fetch(`http://${pod.status.podIP}:8080/metrics`)).text();
  const lines = metrics.split('\n').filter((line) => line.startsWith('sbc_calls') && line.includes('"overload"'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** `<uid> rtpengine:0 runtime:0` */
function lifeOf(pod: Said): string {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status;
  const restarts = [...initContainerStatuses, ...containerStatuses].map(
    ({ name, restartCount }) => `${name}:${restartCount}`,
  );
  return [pod.metadata.uid, ...restarts].join(' ');
}

/** Those that Teams placed by the PBX, the others by Teams. */
async function hangUpAll(held: readonly HeldCalls[]): Promise<void> {
  for (const calls of held) {
    const { alive } = calls;
    const statuses = await calls.hangUp({ by: calls.from === 'teams' ? 'pbx' : 'teams' });
    assert.deepEqual(statuses, Array<number>(alive).fill(200));
    assert.equal(await calls.areOver(), true);
  }
}

function gapsOf(held: readonly HeldCalls[], fromMs: number, toMs: number): Promise<Gaps[]> {
  return Promise.all(held.map((calls) => calls.gaps(fromMs, toMs)));
}

const longest = (gaps: readonly Gaps[]) => Math.max(...gaps.map(({ maxMs }) => maxMs));
const lostOf = (gaps: readonly Gaps[]) => gaps.reduce((sum, { lost }) => sum + lost, 0);
const silentOf = (gaps: readonly Gaps[]) => gaps.reduce((sum, { silentSeconds }) => sum + silentSeconds, 0);
