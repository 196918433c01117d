/** Two nodes: their network, and what a cluster says when one of them is lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../cluster/kit/until.ts';
import { startNodeCluster, type NodeCluster } from '../kit/node-cluster.ts';
import { toolContainer, toolPod, toolService } from '../kit/tool-pod.ts';

let cluster: NodeCluster;
before(async () => {
  cluster = await startNodeCluster({ name: 'two-nodes', nodes: 2 });
  const pods = ['n1', 'n2'].map((node) =>
    toolPod({ name: `on-${node}`, node, containers: [toolContainer('web', 'serve', '8080')] }),
  );
  await cluster.controlPlane.apply([...pods, toolService('on-n2', 80, 8080)]);
  await kubectl('wait', '--for=condition=Ready', 'pod/on-n1', 'pod/on-n2', '--timeout=60s');
});
after(() => cluster.stop());

const kubectl = (...args: string[]) => cluster.controlPlane.kubectl(...args);
const fetchIn = (pod: string, url: string) => kubectl('exec', pod, '--', '/pod-tools', 'fetch', url);
const addressOf = (pod: string) => kubectl('get', 'pod', pod, '-o', 'jsonpath={.status.podIP}');

async function untilReady(node: string, wanted: 'True' | 'Unknown'): Promise<void> {
  const says = async () =>
    (await kubectl('get', 'node', node, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')) === wanted;
  await until(says, { what: `${node} to be Ready=${wanted}`, withinMs: 90_000, everyMs: 200 });
}

test('A pod reaches the pods of the other node, with its own address, and its Services', async () => {
  const [one, two] = await Promise.all([addressOf('on-n1'), addressOf('on-n2')]);
  assert.match(one, /^10\.245\.1\./);
  assert.match(two, /^10\.245\.2\./);
  assert.equal(await fetchIn('on-n1', `http://${two}:8080/`), `on-n2 answers ${one}\n`);
  // DNS and kube-proxy hear of a Service when they hear of it.
  const url = 'http://on-n2.default.svc.cluster.local/';
  const answers = async () => (await fetchIn('on-n1', url).catch(() => '')) === `on-n2 answers ${one}\n`;
  await until(answers, { what: 'the Service to answer' });
});

test('A node without its cable becomes NotReady, and Ready again with it; its pods never ended', async () => {
  const node = cluster.node(2);
  await node.cut();
  await untilReady('n2', 'Unknown');
  await node.mend();
  await untilReady('n2', 'True');
  assert.match(await fetchIn('on-n2', `http://${await addressOf('on-n1')}:8080/`), /^on-n1 answers/);
  assert.equal(await kubectl('get', 'pod', 'on-n2', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'), '0');
});

test('A node with another address tells it, and is reached there', async () => {
  await cluster.node(2).changeAddress('172.30.0.22');
  const told = async () =>
    (await kubectl('get', 'node', 'n2', '-o', 'jsonpath={.status.addresses[0].address}')) === '172.30.0.22';
  await until(told, { what: 'the node to tell its address' });
  assert.match(await fetchIn('on-n1', `http://${await addressOf('on-n2')}:8080/`), /^on-n2 answers/);
  // A kubelet that starts answers 404 to requests for logs until it has all of its handlers.
  const logged = async () => (await kubectl('logs', 'on-n2').catch(() => '')) === 'serving on port 8080\n';
  await until(logged, { what: 'the log of a pod there' });
});

test('A node that is switched off becomes NotReady; switched on, it starts its pods again', async () => {
  const node = cluster.node(2);
  await node.kill();
  assert.equal(node.isOn, false);
  await untilReady('n2', 'Unknown');
  await node.boot();
  await untilReady('n2', 'True');
  const restarted = async () =>
    (await kubectl('get', 'pod', 'on-n2', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}')) === '1';
  await until(restarted, { what: 'the pod to be started again', withinMs: 60_000 });
  await kubectl('wait', '--for=condition=Ready', 'pod/on-n2', '--timeout=60s');
  assert.match(await fetchIn('on-n1', `http://${await addressOf('on-n2')}:8080/`), /^on-n2 answers/);
});
