/** `make cluster-up` from outside its namespaces: what a person sees of it, and what is left. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
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
const cluster = (word: string) =>
  run(join(import.meta.dirname, 'cluster.sh'), [word], { env: { ...process.env, CLUSTER: name, IMAGES: 'none' } });
const ofNodes = () =>
  globSync([
    '/sys/fs/cgroup/teams-sbc-nodes-*',
    '/sys/fs/cgroup/*/teams-sbc-nodes-*',
    join(tmpdir(), 'teams-sbc-nodes-*'),
  ]);
const ofRun = (pid: number) => ofNodes().filter((path) => path.endsWith(`-${pid}`));

before(() => cluster('down'));
after(() => cluster('down'));

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
  const main = Number(readFileSync(join(directory, `${name}.pid`), 'utf8'));
  const script = childOf(main) ?? 0;
  assert.notDeepEqual(ofRun(script), []);
  await cluster('down');
  assert.deepEqual(ofRun(script), []);
  assert.equal(existsSync(kubeconfig), false);
  assert.equal(existsSync(`/proc/${main}`), false);
});

test('Namespaces whose script is killed with SIGKILL end with it; what stays is gone after the next run', async () => {
  const script = join(repository, 'test/node/in-namespace.sh');
  const victim = spawn(script, ['sleep', '600'], { stdio: 'ignore' });
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
  await run(script, ['true']);
  assert.deepEqual(ofRun(pid), []);
});
