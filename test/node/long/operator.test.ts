/** The operator is killed, away for two minutes, and upgraded, while calls are up: they take no notice, and nothing rolls. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repository } from '../../cluster/kit/binaries.ts';
import { until } from '../../cluster/kit/until.ts';
import { chart, systemNamespace } from '../../cluster/packaging/helm.ts';
import { run } from '../../kit/process.ts';
import { figure } from '../kit/figure.ts';
import { assertUntouched, holdThrough } from '../kit/held-through.ts';
import {
  asksRuntime,
  change,
  operatorPods,
  operatorsAreReady,
  servesFor,
  takesUp,
  untilTakenUp,
  type TakenUp,
} from '../kit/taken-up.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const ABSENT_MS = 120_000;
const NEXT_TAG = '0.1.1';
const deployment = 'deployment/teams-sbc-operator';

let stage: VoiceStage;
before(async () => {
  stage = await VoiceStage.raise({ name: 'operator-away' });
  await stage.apply();
});
after(() => stage.stop());

const inSystem = (...args: string[]) => stage.cluster.controlPlane.kubectl('-n', systemNamespace, ...args);

test('both operators are killed, their containers first and then their pods: others take over, and no pod of calls is touched', async (t) => {
  const happened = await holdThrough(t, stage, { event: 'operators killed' }, async () => {
    const before = await operatorPods(stage);
    const restarts = new Map(
      before.map(({ metadata, status }) => [metadata.name, status.containerStatuses[0].restartCount]),
    );
    for (const { status } of before) {
      const [, id] = (status.containerStatuses[0].containerID as string).split('://');
      await stage.cluster.node(1).exec('ctr', '--namespace=k8s.io', 'tasks', 'kill', '--signal=SIGKILL', id ?? '');
    }
    await operatorsAreReady(
      stage,
      ({ metadata, status }) => status.containerStatuses[0].restartCount > (restarts.get(metadata.name) as number),
    );
    const names = before.map(({ metadata }) => `pod/${metadata.name}`);
    await inSystem('delete', ...names, '--grace-period=0', '--force');
    await operatorsAreReady(stage, ({ metadata }) => !restarts.has(metadata.name));
  });
  assertUntouched(happened);
  figure(t, { event: 'change after the operators were killed', ...(await takesUp(stage)) });
});

test('the operator is away for two minutes: the runtime serves what it has; back again, the operator takes up what was changed, and nothing rolls', async (t) => {
  const ask = await asksRuntime(stage);
  const { generation } = (await stage.objects.get('statefulsets', 'sbc')).metadata;
  let taken: TakenUp | undefined;
  const happened = await holdThrough(t, stage, { event: 'operator away for 120 s' }, async () => {
    await inSystem('scale', deployment, '--replicas=0');
    await until(async () => (await operatorPods(stage)).length === 0, { what: 'no operator', withinMs: 60_000 });
    await change(stage);
    const hash = await ask();
    await servesFor(ABSENT_MS, ask);
    await inSystem('scale', deployment, '--replicas=2');
    taken = await untilTakenUp(stage, hash);
    await operatorsAreReady(stage);
  });
  assertUntouched(happened);
  assert.equal((await stage.objects.get('statefulsets', 'sbc')).metadata.generation, generation);
  figure(t, { event: 'change made while the operator was away', ...taken });
});

test('the operator is upgraded and the images of the pods stay: no pod of calls is replaced or restarted', async (t) => {
  await stage.cluster.importImages([await nextOperator()]);
  const { generation } = (await stage.objects.get('statefulsets', 'sbc')).metadata;
  const happened = await holdThrough(t, stage, { event: 'operator upgraded' }, async () => {
    const tags = [`--set=image.tag=${NEXT_TAG}`];
    await stage.helm.run('upgrade', 'teams-sbc', chart, `--namespace=${systemNamespace}`, '--wait', ...tags);
    await operatorsAreReady(stage, ({ spec }) => (spec.containers[0].image as string).endsWith(`:${NEXT_TAG}`));
  });
  assertUntouched(happened);
  figure(t, { event: 'change after the operator was upgraded', ...(await takesUp(stage)) });
  assert.equal((await stage.objects.get('statefulsets', 'sbc')).metadata.generation, generation);
  await stage.isReady();
});

/** The archive of the same operator under another version. */
async function nextOperator(): Promise<string> {
  const output = join(stage.cluster.controlPlane.directory, 'images');
  const script = join(repository, 'scripts/images.ts');
  await run(process.execPath, [script, `--tag=${NEXT_TAG}`, `--output=${output}`, '--only=operator']);
  return join(output, 'operator.tar');
}
