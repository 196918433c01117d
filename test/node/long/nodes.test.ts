/** Nodes that are drained, get another address or are lost, with pods of an SBC on their network and calls on the pods. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test, type TestContext } from 'node:test';
import { until } from '../../cluster/kit/until.ts';
import { systemNamespace } from '../../cluster/packaging/helm.ts';
import { isShed, type Attempt } from '../../kit/held-calls/attempts.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { holdBothWays, NewCalls } from '../kit/both-ways.ts';
import type { ClusterNode } from '../kit/cluster-node.ts';
import { figure } from '../kit/figure.ts';
import { isGoing, uidOf, untilReplaced, untilSaid } from '../kit/rolled-pods.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const EACH = 2;
const ON_A_POD = 2 * EACH;
/** After what an unplanned event takes to be seen by who calls: Microsoft waits 10 s for a word, this PBX 4 s. */
const TAKEN_WITHIN_MS = 5000;
const NEW_ADDRESS = '172.30.0.22';

let stage: VoiceStage;
before(async () => {
  stage = await VoiceStage.raise({ name: 'nodes', nodes: 2, mode: 'HostNetwork', replicas: 2, drainSeconds: 60 });
  await kubectl('label', 'namespace', 'voice', 'pod-security.kubernetes.io/enforce=privileged');
  await stage.apply();
});
after(() => stage.stop());

const kubectl = (...args: string[]) => stage.cluster.controlPlane.kubectl('--namespace=voice', ...args);
const seconds = (sinceMs: number) => (nowMs() - sinceMs) / 1000;

async function nodeOf(ordinal: number): Promise<ClusterNode> {
  const name = (await stage.pod(ordinal))?.spec.nodeName as string | undefined;
  const node = stage.cluster.nodes.find((each) => each.name === name);
  if (!node) throw new Error(`sbc-${ordinal} is on no node of this cluster`);
  return node;
}

async function ordinalOn({ name }: ClusterNode): Promise<number> {
  return (await nodeOf(0)).name === name ? 0 : 1;
}

/** Until the end of the test at the latest. */
function callAllTheTime(t: TestContext): NewCalls {
  const newCalls = new NewCalls(stage, [0, 1]);
  t.after(() => newCalls.stop());
  return newCalls;
}

const drain = (node: ClusterNode, ...more: string[]) =>
  kubectl('drain', node.name, '--ignore-daemonsets', '--delete-emptydir-data', ...more);

/** Name of the operator's pod that acts, and its node. */
async function leader(): Promise<{ readonly pod: string; readonly node: ClusterNode }> {
  const find = async () => {
    const [system, path] = [`--namespace=${systemNamespace}`, 'jsonpath={.items[0].spec.holderIdentity}'];
    const [pod = ''] = (await kubectl(system, 'get', 'leases', '-o', path)).split('_');
    const name = await kubectl(system, 'get', 'pod', pod, '-o', 'jsonpath={.spec.nodeName}');
    const node = stage.cluster.nodes.find((each) => each.name === name);
    return node && { pod, node };
  };
  return until(find, { what: 'an operator that acts', withinMs: 60_000 });
}

/** From the first that was tried after an event: when it began, and until it was answered. */
function firstAnswered(attempts: readonly Attempt[], sinceMs: number) {
  const [first] = attempts.filter(({ startedMs, isAnswered }) => isAnswered && startedMs >= sinceMs);
  const { startedMs = Infinity, tookMs = Infinity } = first ?? {};
  return { firstTakenBeganMs: startedMs - sinceMs, firstTakenTookMs: tookMs };
}

/** Either side is served again within the bound: a call that begins later than that is taken. */
function areTaken(t: TestContext, event: string, newCalls: NewCalls, sinceMs: number): void {
  for (const [side, attempts] of Object.entries(newCalls.decided)) {
    const first = firstAnswered(attempts, sinceMs);
    const lateOnes = attempts.filter(({ startedMs }) => startedMs >= sinceMs + TAKEN_WITHIN_MS);
    const refusedLate = lateOnes.filter((attempt) => !attempt.isAnswered && !isShed(attempt));
    const refused = attempts.filter(({ startedMs, isAnswered }) => startedMs >= sinceMs && !isAnswered);
    figure(t, { event: `${event}: new calls from ${side}`, ...first, refused: refused.length, of: attempts.length });
    assert.ok(first.firstTakenBeganMs < TAKEN_WITHIN_MS, `${side}: ${JSON.stringify(first)}`);
    assert.deepEqual(refusedLate, []);
  }
}

/** Both pods are there, and each takes calls in both directions. */
async function isWhole(): Promise<void> {
  await stage.isReady();
  const calls = await holdBothWays(stage, [0, 1], 1);
  await calls.hangUp();
}

test('A node with the operator that acts and with calls is drained; the calls go on, and other nodes wait for it', async (t) => {
  const { pod: acting, node } = await leader();
  const [going, other] = (await ordinalOn(node)) === 0 ? [0, 1] : [1, 0];
  const otherNode = await nodeOf(other);
  const calls = await holdBothWays(stage, [0, 1], EACH);
  const former = await uidOf(stage, going);
  const newCalls = callAllTheTime(t);
  const sinceMs = nowMs();
  const draining = drain(node, '--timeout=120s');
  draining.catch(() => undefined);
  await until(async () => isGoing(await stage.pod(going)), { what: 'the eviction', withinMs: 30_000 });
  const successor = await until(
    async () => {
      const next = await leader();
      return next.pod !== acting && next;
    },
    { what: 'another operator that acts', withinMs: 60_000 },
  );
  const leaderAfterSeconds = seconds(sinceMs);
  t.diagnostic(await untilSaid(stage, 'Draining', new RegExp(`sbc-${going} has ${ON_A_POD} calls left`)));
  // The budget: one pod of the instance at a time.
  await assert.rejects(drain(otherNode, '--timeout=3s'), /violate the pod's disruption budget|timed? ?out/);
  await kubectl('uncordon', otherNode.name);
  await sleep(2000);
  figure(t, { event: 'node drained, calls go on', leaderAfterSeconds, ...(await calls.isUntouched(sinceMs)) });
  assert.ok(successor.pod !== acting);

  const hungUpMs = nowMs();
  await calls.hangUp([going]);
  await draining;
  const drainedSeconds = seconds(hungUpMs);
  const waits = async () => (await stage.pod(going))?.status.phase === 'Pending';
  await until(waits, { what: 'a successor that waits for a free node', withinMs: 30_000 });
  await untilSaid(stage, 'Available', /^True PartlyAvailable/);

  const uncordonedMs = nowMs();
  await kubectl('uncordon', node.name);
  await untilReplaced(stage, going, former);
  const backSeconds = seconds(uncordonedMs);
  figure(t, {
    event: 'node drained and back',
    drainedSeconds,
    backSeconds,
    ...(await calls.isUntouched(sinceMs, [other])),
  });
  const summary = await newCalls.stop();
  figure(t, { event: 'node drained: new calls', ...summary, refused: summary.refused.length });
  assert.deepEqual(summary.refused, []);
  await calls.hangUp();
  await isWhole();
});

test('A node gets another address: its pod is replaced, its calls are lost, those of the other are not', async (t) => {
  const node = stage.cluster.node(2);
  const moved = await ordinalOn(node);
  const other = 1 - moved;
  const calls = await holdBothWays(stage, [0, 1], EACH);
  const former = await uidOf(stage, moved);
  const newCalls = callAllTheTime(t);
  await sleep(1500);
  const sinceMs = nowMs();
  await node.changeAddress(NEW_ADDRESS);
  const changedMs = nowMs();
  await untilReplaced(stage, moved, former);
  const backSeconds = seconds(changedMs);
  const told = async () =>
    (await stage.objects.get('sbcinstances', 'sbc')).status.addresses[moved].address === NEW_ADDRESS;
  await until(told, { what: 'the new address in the status' });
  const reasons = await stage.objects.eventReasons();
  assert.ok(reasons.includes('NodeAddressChanged'), reasons.join());
  await stage.isReady();
  const onIt = await holdBothWays(stage, [moved], 1);
  figure(t, {
    event: 'address of a node changed',
    changeSeconds: (changedMs - sinceMs) / 1000,
    backSeconds,
    callsAgainSeconds: seconds(changedMs),
  });
  await onIt.hangUp();
  figure(t, { event: 'address of a node changed, the other pod', ...(await calls.isUntouched(sinceMs, [other])) });
  const lost = await calls.sound(changedMs, [moved]);
  assert.ok(lost.silentSeconds > 0, 'What listened on the former address is gone');
  await newCalls.stop();
  areTaken(t, 'address of a node changed', newCalls, changedMs);
  await calls.hangUp([other]);
  await calls.forget();
});

/**
 * After a node was drained both operators stand on the other one, and Kubernetes leaves them there: with that node the status
 * would be lost for a minute or two, until both start elsewhere. docs/guide/operate.md says so.
 */
async function spreadOperators(): Promise<void> {
  const pods = async (path: string) => {
    const selector = '--selector=app.kubernetes.io/component=operator';
    const output = `--output=jsonpath={.items[*].${path}}`;
    return (await kubectl('get', 'pods', `--namespace=${systemNamespace}`, selector, output)).split(' ');
  };
  const areSpread = async () => new Set(await pods('spec.nodeName')).size > 1;
  if (await areSpread()) return;
  const [one = ''] = await pods('metadata.name');
  await kubectl('delete', 'pod', one, `--namespace=${systemNamespace}`, '--wait');
  await until(areSpread, { what: 'operators on both nodes', withinMs: 30_000 });
  await kubectl(
    'rollout',
    'status',
    'deployment/teams-sbc-operator',
    `--namespace=${systemNamespace}`,
    '--timeout=60s',
  );
}

test('A node is lost: its calls are, new ones are taken by the other; taint, boot and untaint bring the pod back', async (t) => {
  await spreadOperators();
  const node = stage.cluster.node(2);
  const lostOne = await ordinalOn(node);
  const other = 1 - lostOne;
  const calls = await holdBothWays(stage, [0, 1], EACH);
  const former = await uidOf(stage, lostOne);
  const newCalls = callAllTheTime(t);
  await sleep(1500);
  const sinceMs = nowMs();
  await node.kill();
  const killedMs = nowMs();
  t.diagnostic(await untilSaid(stage, 'Available', /^True PartlyAvailable: .*not ready/, 60_000));
  const saidSeconds = seconds(killedMs);
  figure(t, {
    event: 'node lost, calls of the other pod',
    saidSeconds,
    ...(await calls.isUntouched(sinceMs, [other])),
  });
  const lost = await calls.sound(killedMs, [lostOne]);
  figure(t, { event: 'node lost, its own calls', ...lost, toldToEitherSide: calls.ended([lostOne]).length });
  assert.ok(lost.silentSeconds >= ON_A_POD, 'Nobody carries their sound');

  // What the guide says of a machine that is off.
  await kubectl('delete', 'pod', `sbc-${lostOne}`, '--wait=false');
  await sleep(2000);
  assert.equal(await uidOf(stage, lostOne), former, 'Kubernetes waits for the node');
  const taint = 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute';
  await kubectl('taint', 'nodes', node.name, taint);
  await until(async () => (await uidOf(stage, lostOne)) !== former, {
    what: 'the end of the lost pod',
    withinMs: 60_000,
  });
  const givenUpSeconds = seconds(killedMs);
  await newCalls.stop();
  areTaken(t, 'node lost', newCalls, killedMs);

  const bootedMs = nowMs();
  await node.boot();
  await kubectl('wait', '--for=condition=Ready', `node/${node.name}`, '--timeout=60s');
  await kubectl('taint', 'nodes', node.name, `${taint}-`);
  await untilReplaced(stage, lostOne, former);
  await calls.hangUp([other]);
  await calls.forget();
  figure(t, { event: 'node lost and back', givenUpSeconds, backSeconds: seconds(bootedMs) });
  await isWhole();
});
