/** `make cluster-up` from outside its namespaces: what a person sees of it, and what is left. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { binary, repository } from '../../cluster/kit/binaries.ts';
import { childOf } from '../../cluster/kit/cluster-program.ts';
import { until } from '../../cluster/kit/until.ts';

const name = 'cluster-up';
const directory = join(repository, 'work/cluster');
const kubeconfig = join(directory, `${name}.kubeconfig`);
const run = promisify(execFile);
const pidFile = join(directory, `${name}.pid`);
const script = join(import.meta.dirname, 'cluster.sh');
const env = { ...process.env, CLUSTER: name, IMAGES: 'none' };
const cluster = (word: string, nodes?: number) =>
  run(script, [word], { env: nodes === undefined ? env : { ...env, NODES: String(nodes) } });
const ofNodes = () =>
  globSync([
    '/sys/fs/cgroup/teams-sbc-nodes-*',
    '/sys/fs/cgroup/*/teams-sbc-nodes-*',
    join(tmpdir(), 'teams-sbc-nodes-*'),
  ]);
const ofRun = (pid: number) => ofNodes().filter((path) => path.endsWith(`-${pid}`));

/** `up`, and the script that its nodes run in, once they have their cgroup. */
async function startingUp(): Promise<{ up: ChildProcess; namespace: number }> {
  const up = spawn(script, ['up'], { env, detached: true, stdio: 'ignore' });
  const nodesOf = () => {
    const namespace = existsSync(pidFile) ? childOf(Number(readFileSync(pidFile, 'utf8'))) : undefined;
    return namespace !== undefined && ofRun(namespace).length > 1 && namespace;
  };
  return { up, namespace: await until(nodesOf, { what: 'the first traces of nodes' }) };
}

before(() => cluster('down'));
after(() => cluster('down'));

test('NODES is 1 or 2, and another number is refused before anything starts', async () => {
  await assert.rejects(cluster('up', 3), { code: 1, stderr: 'Cannot start 3 nodes: NODES is 1 or 2\n' });
  assert.equal(existsSync(pidFile), false);
});

test('Ctrl-C takes back what has been started', async () => {
  const { up, namespace } = await startingUp();
  // A terminal gives it to the whole group: to make, the script and what it waits with.
  process.kill(-(up.pid ?? 0), 'SIGINT');
  assert.deepEqual(await once(up, 'exit'), [130, null]);
  assert.deepEqual(ofRun(namespace), []);
  assert.equal(existsSync(pidFile), false);
});

test('Where the one that starts it is killed, the next one waits for the cluster, and says so', async () => {
  const { up } = await startingUp();
  up.kill('SIGKILL');
  const { stdout } = await cluster('up');
  assert.match(stdout, /^The cluster is starting already: waiting for it\nThe cluster is up, with 1 node\(s\)/);
  assert.equal(existsSync(kubeconfig), true);
});

test('A cluster that is up is not started again, and one of another size is refused with what to do', async () => {
  assert.match((await cluster('up')).stdout, /^The cluster is up already, with 1 node\(s\)/);
  await assert.rejects(cluster('up', 2), {
    code: 1,
    stderr: 'Cannot start a cluster of 2: one of 1 is up already; make cluster-down cluster-up NODES=2\n',
  });
});

test('The API server is reached from the network of this machine, Services by the shell that it leaves', async () => {
  const { stdout } = await cluster('up');
  assert.match(stdout, /export KUBECONFIG=\S+cluster-up\.kubeconfig /);
  const nodes = await run(binary('kubectl'), [`--kubeconfig=${kubeconfig}`, 'get', 'nodes', '--no-headers']);
  assert.match(nodes.stdout, /^n1 +Ready /);
  const logs = await run(binary('kubectl'), [`--kubeconfig=${kubeconfig}`, 'logs', '-n', 'kube-system', 'ds/coredns']);
  assert.match(logs.stdout, /CoreDNS-1/);
  const inside = (...words: string[]) => run(join(directory, `${name}.shell`), words);
  assert.match((await inside('getent', 'hosts', 'kube-dns.kube-system.svc.cluster.local')).stdout, /^10\.96\.0\.10 /);
  assert.match(
    (await inside('--node', 'n1', 'ctr', '-n', 'k8s.io', 'images', 'ls')).stdout,
    /^localhost\/pod-tools:test/m,
  );
  assert.match((await inside('kubectl', 'get', '--raw', '/version')).stdout, /"gitVersion": "v1\./);
});

test('It is taken down with all that it brought', async () => {
  const main = Number(readFileSync(pidFile, 'utf8'));
  const namespace = childOf(main) ?? 0;
  assert.notDeepEqual(ofRun(namespace), []);
  await cluster('down');
  assert.deepEqual(ofRun(namespace), []);
  assert.equal(existsSync(kubeconfig), false);
  await until(() => !existsSync(`/proc/${main}`), { what: 'its process to be reaped' });
});

test('It ends with the process that holds its port, also where that is killed', async () => {
  const { namespace } = await startingUp();
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  await until(() => !existsSync(`/proc/${namespace}`), { what: 'the end of its namespaces' });
  assert.deepEqual(ofRun(namespace), []);
});

test('Namespaces whose script is killed with SIGKILL end with it; what stays is gone after the next run', async () => {
  const inNamespace = join(repository, 'test/node/in-namespace.sh');
  const victim = spawn(inNamespace, ['sleep', '600'], { stdio: 'ignore' });
  const { pid = 0 } = victim;
  const sleeper = () => {
    const outer = childOf(pid);
    const inner = outer === undefined ? undefined : childOf(outer);
    return inner === undefined ? undefined : childOf(inner);
  };
  const asleep = await until(sleeper, { what: 'the command in its namespaces' });
  mkdirSync(`/sys/fs/cgroup/pids/teams-sbc-nodes-${pid}`, { recursive: true });
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  await until(() => !existsSync(`/proc/${asleep}`), { what: 'the end of the command' });
  assert.equal(ofRun(pid).length, 2);
  await run(inNamespace, ['true']);
  assert.deepEqual(ofRun(pid), []);
});
