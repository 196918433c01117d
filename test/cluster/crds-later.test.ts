/** An operator that is there before its CustomResourceDefinitions. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pbxTrunk, sbc } from './faults/manifests.ts';
import { Stage } from './faults/stage.ts';
import { RunningProcess } from '../kit/process.ts';
import { repository } from './kit/binaries.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';

let cluster: ControlPlane;
before(async () => {
  cluster = await startControlPlane({ name: 'crds-later', crds: false });
});
after(() => cluster.stop());

test('without the CustomResourceDefinitions the operator waits and says for what, and goes on when they come', async () => {
  const main = join(repository, 'operator/src/cluster/main.ts');
  const host = cluster.block.address(50);
  const args = ['--leader-election-namespace=default', '--health-port=8081'];
  const operator = new RunningProcess(process.execPath, [main, ...args], {
    name: 'operator',
    env: { KUBECONFIG: cluster.kubeconfig, HEALTH_HOST: host },
  });
  cluster.endsWith(() => operator.end());
  await until(() => operator.lines.some((line) => line.includes('CustomResourceDefinitions are not installed')), {
    what: 'the operator to say what it waits for',
  });
  const isReady = () => fetch(`http://${host}:8081/readyz`).then(({ ok }) => ok);
  const lives = () => fetch(`http://${host}:8081/livez`).then(({ ok }) => ok);
  await until(lives, { what: 'the operator to live' });
  assert.equal(await isReady(), false);

  await cluster.installCrds();
  const stage = await Stage.create(cluster, 'voice');
  await stage.apply(sbc(), pbxTrunk('pbx', '10.20.0.10'));
  await until(isReady, { what: 'a ready operator', withinMs: 60_000 });
  await stage.says('pbxtrunks', 'pbx', 'Accepted', 'True Accepted', 60_000);
  await until(async () => (await stage.get('configmaps', 'sbc-routing')) !== undefined, { what: 'the routing state' });
  assert.equal(await operator.end(), 0);
});
