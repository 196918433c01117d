/** The node itself: what a pod may expect of it, and what is left of it afterwards. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Said } from '../../cluster/kit/api-client.ts';
import { until } from '../../cluster/kit/until.ts';
import { run } from '../../kit/process.ts';
import { cgroupsBelow } from '../kit/cgroups.ts';
import { startNodeCluster, type NodeCluster } from '../kit/node-cluster.ts';
import { toolContainer, toolPod, toolService } from '../kit/tool-pod.ts';

let cluster: NodeCluster;
before(async () => {
  cluster = await startNodeCluster({ name: 'node' });
});
after(() => cluster.stop());

const kubectl = (...args: string[]) => cluster.controlPlane.kubectl(...args);
// What is sent to a Service that kube-proxy does not know yet is lost without a word.
const body = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(1000) })).text();

test('The node is Ready, with the versions and the address that it has', async () => {
  const { body: node } = await cluster.controlPlane.api.get('/api/v1/nodes/n1');
  const { status } = node;
  const conditions = status.conditions as Said[];
  assert.equal(conditions.find(({ type }: Said) => type === 'Ready').status, 'True');
  assert.match(status.nodeInfo.kubeletVersion, /^v1\.\d+\.\d+$/);
  assert.match(status.nodeInfo.containerRuntimeVersion, /^containerd:\/\/2\./);
  assert.deepEqual(status.addresses, [
    { type: 'InternalIP', address: '172.30.0.11' },
    { type: 'Hostname', address: 'n1' },
  ]);
});

test('A pod with a native sidecar runs under the profile restricted, and is reached through its Service', async () => {
  await kubectl('label', 'namespace', 'default', 'pod-security.kubernetes.io/enforce=restricted');
  const sidecar = {
    ...toolContainer('sidecar', 'serve', '8081'),
    restartPolicy: 'Always',
    startupProbe: { httpGet: { path: '/healthz', port: 8081 }, periodSeconds: 1 },
  };
  const web = toolPod({ name: 'web', containers: [toolContainer('web', 'serve', '8080')], initContainers: [sidecar] });
  await cluster.controlPlane.apply([web, toolService('web', 80, 8080)]);
  await kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
  const { body: pod } = await cluster.controlPlane.api.get('/api/v1/namespaces/default/pods/web');
  assert.match(pod.status.podIP, /^10\.245\.1\.\d+$/);
  const { body: service } = await cluster.controlPlane.api.get('/api/v1/namespaces/default/services/web');
  await until(async () => (await body(`http://${service.spec.clusterIP}/`)).startsWith('web answers'), {
    what: 'the Service to reach the pod',
  });
  assert.match(await body(`http://${pod.status.podIP}:8081/`), /^web answers 172\.30\.0\.1\n/);
});

test('A pod finds Services by name, and itself through its own', async () => {
  const said = await kubectl(
    'exec',
    'web',
    '-c',
    'web',
    '--',
    '/pod-tools',
    'fetch',
    'http://web.default.svc.cluster.local/',
  );
  assert.match(said, /^web answers /);
});

test('A name that a test writes is a name in every pod, until it takes it away', async () => {
  const lookup = () => kubectl('exec', 'web', '-c', 'web', '--', '/pod-tools', 'lookup', 'sbc-0.voice.example.com');
  await cluster.dns.setName('sbc-0.voice.example.com', '172.30.0.11');
  assert.equal(await lookup(), '172.30.0.11\n');
  await cluster.dns.setName('sbc-0.voice.example.com');
  await assert.rejects(lookup(), /no such host/);
});

test('Logs are there by kubectl, and as files after the cluster', async () => {
  assert.equal(await kubectl('logs', 'web', '-c', 'web'), 'serving on port 8080\n');
  const directory = `${cluster.controlPlane.logs}/n1-pods`;
  const [pod = ''] = readdirSync(directory).filter((name) => name.startsWith('default_web_'));
  assert.match(readFileSync(`${directory}/${pod}/web/0.log`, 'utf8'), /serving on port 8080/);
});

test('On the network of the node a pod has its address, where Pod Security lets it', async () => {
  const pod = toolPod({ name: 'host', containers: [toolContainer('host', 'serve', '8090')], hostNetwork: true });
  await assert.rejects(cluster.controlPlane.apply([pod]), /violates PodSecurity "restricted:latest": host namespaces/);
  await cluster.controlPlane.createNamespace('open');
  pod.metadata.namespace = 'open';
  await cluster.controlPlane.apply([pod]);
  await kubectl('wait', '--namespace=open', '--for=condition=Ready', 'pod/host', '--timeout=60s');
  assert.equal(await body('http://172.30.0.11:8090/'), 'n1 answers 172.30.0.1\n');
});

test('Pods live through a crash of the kubelet, and one of containerd', async () => {
  const containers = async () =>
    kubectl(
      'get',
      'pod',
      'web',
      '-o',
      'jsonpath={range .status.containerStatuses[*]}{.containerID} {.restartCount}{end}',
    );
  const node = cluster.node(1);
  const before = await containers();
  for (const program of [node.kubelet, node.containerd]) {
    await program.kill();
    assert.equal(program.isRunning, false);
    await program.start();
  }
  const shown = async () =>
    (await kubectl('exec', 'web', '-c', 'web', '--', '/pod-tools', 'lookup', 'localhost')) !== '';
  await until(shown, { what: 'the kubelet to reach its pods again' });
  assert.equal(await containers(), before);
});

/** Empty where it has ended since it was listed. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

test('A cluster that is stopped leaves no process, no mount, no link, no cgroup and no file', async () => {
  await cluster.stop();
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandOf(pid));
  assert.deepEqual(
    commands.filter((command) => /kube|containerd|etcd|pod-tools|coredns|node-init/.test(command)),
    [],
  );
  assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), /kubelet|containerd|\/netns/);
  const links = (await run('ip', ['-oneline', 'link'])).split('\n').map((line) => line.split(':')[1]?.trim());
  assert.deepEqual(links, ['lo', 'fab0']);
  assert.doesNotMatch(await run('ip', ['route']), /10\.(96|245)\./);
  assert.deepEqual(cgroupsBelow(process.env['TEAMS_SBC_CGROUP'] ?? ''), []);
  const files = readdirSync(process.env['TMPDIR'] ?? '').filter((name) => name.startsWith('nodes-'));
  assert.deepEqual(files, []);
});
