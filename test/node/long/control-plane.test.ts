/** The control plane goes and comes back, what a node runs beside the pods is started anew, its cable is pulled for a moment: calls are up meanwhile. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { until } from '../../cluster/kit/until.ts';
import { figure } from '../kit/figure.ts';
import { assertCallsLived, assertUntouched, holdThrough } from '../kit/held-through.ts';
import { asksRuntime, operatorsAreReady, servesFor, takesUp } from '../kit/taken-up.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

let stage: VoiceStage;
before(async () => {
  stage = await VoiceStage.raise({ name: 'control-plane' });
  await stage.apply();
});
after(() => stage.stop());

/** Longer than the lease of an operator. */
const AWAY_MS = 20_000;
/** New calls are to come within that of an event that nobody planned. */
const SOON_MS = 5000;
const CUT_MS = 5000;

/** The kubelet has spoken since, with whom containerd works for, and node and pod are well. */
async function nodeIsReady(): Promise<void> {
  const kubectl = (...args: string[]) => stage.cluster.controlPlane.kubectl(...args);
  const spoken = () => kubectl('get', 'lease/n1', '--namespace=kube-node-lease', '-o', 'jsonpath={.spec.renewTime}');
  const last = await spoken();
  await until(async () => (await spoken()) !== last, { what: 'a word from the kubelet', withinMs: 60_000 });
  await kubectl('wait', '--for=condition=Ready', 'node/n1', '--timeout=60s');
  await kubectl('wait', '--for=condition=Ready', 'pod/sbc-0', '--namespace=voice', '--timeout=60s');
}

for (const program of ['kubeProxy', 'kubelet', 'containerd'] as const)
  test(`${program} is killed and started again: nobody on the phone notices`, async (t) => {
    const happened = await holdThrough(
      t,
      stage,
      { event: `${program} killed and started again`, afterMs: 4000 },
      async () => {
        await stage.cluster.node(1)[program].restart();
        await nodeIsReady();
      },
    );
    assertUntouched(happened);
    await stage.isReady();
  });

test('the cable of the node is pulled for five seconds: calls live, their sound of that time is lost, new ones come within seconds', async (t) => {
  const happened = await holdThrough(t, stage, { event: 'cable pulled for 5 s', afterMs: SOON_MS + 2000 }, async () => {
    await stage.cluster.node(1).cut();
    await sleep(CUT_MS);
    await stage.cluster.node(1).mend();
  });
  assertCallsLived(happened);
  const { fromMs, toMs, gaps, attempts } = happened;
  // Both directions of every call, for as long as there was no way; and no second longer than a second is.
  for (const { streams } of gaps)
    for (const { maxGapMs, unexplainedSilence } of streams) {
      assert.ok(maxGapMs >= CUT_MS - 500, `a gap of ${maxGapMs} ms`);
      assert.ok(unexplainedSilence <= CUT_MS / 1000 + 1, `${unexplainedSilence} silent seconds`);
    }
  for (const side of ['teams', 'pbx'] as const) {
    const refused = attempts[side].refused(fromMs).filter(({ startedMs }) => startedMs > toMs);
    const [first] = attempts[side].answered(toMs);
    figure(t, {
      event: `cable pulled for 5 s, new calls from ${side}`,
      refusedOfTheCut: attempts[side].refused(fromMs).length,
      firstAnsweredAfterMs: first === undefined ? -1 : first.startedMs + first.tookMs - toMs,
    });
    assert.deepEqual(refused, []);
    assert.ok(first && first.startedMs + first.tookMs - toMs < SOON_MS, `new calls from ${side}`);
  }
  await nodeIsReady();
  await stage.isReady();
  // Microsoft does not say goodbye twice: a call that ended in the cut is known here until its session timer asks for it.
  figure(t, { event: 'cable pulled for 5 s, calls that nobody hung up', calls: await stage.calls() });
});

test('the API server is killed and started again: calls and new calls go on, and what comes after it is taken up', async (t) => {
  const { apiServer } = stage.cluster.controlPlane;
  const happened = await holdThrough(t, stage, { event: 'API server killed and started again' }, () =>
    apiServer.restart(),
  );
  assertUntouched(happened);
  figure(t, { event: 'change after the API server was back', ...(await takesUp(stage)) });
});

test('etcd is killed, and the API server is away for 20 s: calls and new calls go on, and what comes after it is taken up', async (t) => {
  const { apiServer, etcd } = stage.cluster.controlPlane;
  const ask = await asksRuntime(stage);
  const happened = await holdThrough(t, stage, { event: 'etcd killed, API server away for 20 s' }, async () => {
    await etcd.kill();
    await apiServer.kill();
    await servesFor(AWAY_MS, ask);
    await etcd.start();
    await apiServer.start();
  });
  assertUntouched(happened);
  figure(t, { event: 'change after etcd and API server were back', ...(await takesUp(stage)) });
  await operatorsAreReady(stage);
  await stage.isReady();
});
