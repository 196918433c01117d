/** The control plane goes away in parts and comes back: calls are served meanwhile, nothing is lost, nobody has to help. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { certificatesOf } from '../../operator/src/sbc-instance/status-certificate.ts';
import { pbxTrunk, sbc, teamsTrunk } from './faults/manifests.ts';
import { conditionIn, Stage } from './faults/stage.ts';
import type { Said } from './kit/api-client.ts';
import { repository } from './kit/binaries.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { ProcessKubelet } from './kit/process-kubelet.ts';
import { until } from './kit/until.ts';

/** Longer than a lease, and than a node is believed without a word from it. */
const OUTAGE_MS = 25_000;
const NODE_GRACE_SECONDS = 20;
const operators = '/api/v1/namespaces/teams-sbc-system/pods';

let cluster: ControlPlane;
let kubelet: ProcessKubelet;
let stage: Stage;
let podUid: string;
before(async () => {
  cluster = await startControlPlane({ name: 'outages', crds: false, nodeGraceSeconds: NODE_GRACE_SECONDS });
  kubelet = await ProcessKubelet.start(cluster, { refreshMs: 500 });
  // Two replicas in the hands of a kubelet: one that loses its lease ends, and is started again.
  await cluster.kubectl('apply', '--server-side', '-k', join(repository, 'config/default'));
  await cluster.definitionsAreEstablished('crd', '--all');
  await operatorsAreReady();
  stage = await Stage.create(cluster, 'voice');
  await stage.apply(sbc(), teamsTrunk('teams'), pbxTrunk('pbx', '10.20.0.10'));
  await stage.runs();
  await stage.says('pbxtrunks', 'pbx', 'Ready', 'True Ready');
  podUid = (await stage.get('pods', 'sbc-0')).metadata.uid;
});
after(() => cluster.stop());

function operatorsAreReady(): Promise<boolean> {
  const ask = async () => {
    const pods = (await cluster.api.get(operators)).body.items as Said[];
    return pods.length === 2 && pods.every((pod) => conditionIn(pod, 'Ready')?.status === 'True');
  };
  return until(ask, { what: 'two operators that are ready', withinMs: 60_000 });
}

/** Its process has not ended, and what it says is what it said. */
async function isUntouched(): Promise<void> {
  const pod = await stage.get('pods', 'sbc-0');
  assert.equal(pod.metadata.uid, podUid);
  assert.equal(kubelet.pod('voice', 'sbc-0').container('runtime').restartCount, 0);
}

/** How often their processes were started again. */
async function operatorRestarts(): Promise<number> {
  const pods = (await cluster.api.get(operators)).body.items as Said[];
  const counts = pods.map(
    ({ metadata }) => kubelet.pod('teams-sbc-system', metadata.name).container('operator').restartCount,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A change made now is programmed: a runtime asks every five seconds, an operator's watches ask every three, a standby every two. */
async function takesUp(name: string, host: string): Promise<void> {
  // Whoever uses kubectl tries again too: an API server that is ready may have no connection to etcd for this kind yet.
  await until(() => stage.apply(pbxTrunk(name, host)).then(() => true), { what: name });
  await stage.says('pbxtrunks', name, 'Programmed', 'True InSync', 20_000);
  await stage.runs();
}

test('the API server is away for longer than a lease: the runtime serves what it had, and what comes right after is programmed', async () => {
  const { podIP } = (await stage.get('pods', 'sbc-0')).status;
  const { data } = await stage.get('secrets', 'sbc-status');
  const text = (key: string) => Buffer.from(data[key] as string, 'base64').toString();
  const credentials = { certificates: certificatesOf(text('tls.crt')), token: text('token') };
  const { hash } = await stage.index();
  await cluster.apiServer.kill();
  for (const endMs = Date.now() + OUTAGE_MS; Date.now() < endMs;) {
    await delay(2000);
    assert.equal((await fetch(`http://${podIP}:8080/livez`)).status, 200);
    assert.equal((await fetch(`http://${podIP}:8080/readyz`)).status, 200);
    assert.equal((await stage.ask(podIP, credentials)).hash, hash);
  }
  await cluster.apiServer.start();
  await takesUp('after-api-server', '10.20.0.20');
  await operatorsAreReady();
  // The leader ended with its lease; started again, it waited: a kubelet would soon let minutes pass between starts.
  assert.equal(await operatorRestarts(), 1);
  await stage.says('sbcinstances', 'sbc', 'Ready', 'True Ready');
  await isUntouched();
});

test('etcd is killed and started again: what comes right after is programmed', async () => {
  await cluster.etcd.kill();
  await cluster.etcd.start();
  await until(async () => (await cluster.api.get('/readyz')).status === 200, {
    what: 'the API server',
    withinMs: 60_000,
  });
  await takesUp('after-etcd', '10.20.0.30');
  await isUntouched();
});

test('every watch is cut, again and again, while trunks come, change and go: in the end all is as the manifests say', async () => {
  const wanted = new Map<string, string>();
  const over = new AbortController();
  const load = (async () => {
    for (let count = 0; !over.signal.aborted; count++) {
      const name = `load-${count % 12}`;
      const host = `10.20.${100 + (count % 100)}.1`;
      const isDeleted = count % 5 === 4;
      // Whoever uses kubectl tries again too.
      await until(
        async () => {
          if (!isDeleted) await stage.apply(pbxTrunk(name, host));
          else if ((await stage.get('pbxtrunks', name)) !== undefined) await stage.delete('pbxtrunks', name);
          return true;
        },
        { what: `a change of ${name}`, withinMs: 60_000, everyMs: 200 },
      );
      if (isDeleted) wanted.delete(name);
      else wanted.set(name, host);
    }
  })();
  for (let cut = 0; cut < 3; cut++) {
    await cluster.apiServer.restart();
    await stage.apply(pbxTrunk(`cut-${cut}`, '10.20.0.40'));
    wanted.set(`cut-${cut}`, '10.20.0.40');
  }
  over.abort();
  await load;
  for (const name of wanted.keys()) await stage.says('pbxtrunks', name, 'Programmed', 'True InSync', 60_000);
  const programmed = async () => {
    const { trunks } = await stage.document();
    return trunks.flatMap((trunk) =>
      trunk.kind === 'PbxTrunk' && /^(load|cut)-/.test(trunk.name) ? [`${trunk.name} ${trunk.peers[0]?.host}`] : [],
    );
  };
  const manifests = [...wanted].map(([name, host]) => `${name} ${host}`).toSorted();
  await until(
    async () => {
      assert.deepEqual((await programmed()).toSorted(), manifests);
      return true;
    },
    { what: 'the manifests to be the routing state' },
  );
  await stage.runs();
  assert.equal((await stage.summary('sbc-0')).hash, (await stage.index()).hash);
  await isUntouched();
});
