/**
 * `make cluster-up`: a cluster with real nodes to try things in, which leaves the machine as it is: all of it lives in namespaces of
 * its own. This process stays outside. It gives a listener on 127.0.0.1 to the one inside, which joins it to the API server.
 * Runs until SIGTERM; once the cluster serves, work/cluster/kubeconfig is there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { binaryDirectory, repository } from '../../cluster/kit/binaries.ts';
import { childOf } from '../../cluster/kit/cluster-program.ts';
import type { Served, Wanted } from './inside.ts';

const directory = join(repository, 'work/cluster');
const [nodes = '1', name = 'nodes', images = ''] = process.argv.slice(2);
const isDefault = name === 'nodes';
const kubeconfig = join(directory, isDefault ? 'kubeconfig' : `${name}.kubeconfig`);
const shell = join(directory, isDefault ? 'shell' : `${name}.shell`);
mkdirSync(directory, { recursive: true });
for (const file of [kubeconfig, shell]) rmSync(file, { force: true });

const listener = createServer();
listener.listen(0, '127.0.0.1');
await once(listener, 'listening');
const place = listener.address();
if (place === null || typeof place === 'string') throw new Error('Cannot listen on 127.0.0.1: there is no port');
const server = `https://127.0.0.1:${place.port}`;
const wanted: Wanted = { name, nodes: nodes === '2' ? 2 : 1, images: globSync(join(images, '*.tar')), server };
const namespace = spawn(
  join(repository, 'test/node/in-namespace.sh'),
  [process.execPath, join(import.meta.dirname, 'inside.ts')],
  { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => namespace.kill('SIGTERM'));
namespace.once('exit', (code) => {
  for (const file of [kubeconfig, shell]) rmSync(file, { force: true });
  process.exitCode = code ?? 1;
});
namespace.on('message', (served) => announce(served as Served));
// The socket stays one of this network namespace, whoever takes its connections.
namespace.send(wanted, listener, () => listener.close());

/** Whole or not at all: whoever waits for the kubeconfig reads it at once. */
function announce(served: Served): void {
  const outer = namespace.pid === undefined ? undefined : childOf(namespace.pid);
  const inner = outer === undefined ? undefined : childOf(outer);
  writeFileSync(shell, shellText(inner ?? 0, served));
  chmodSync(shell, 0o755);
  writeFileSync(`${kubeconfig}.new`, served.kubeconfig, { mode: 0o600 });
  renameSync(`${kubeconfig}.new`, kubeconfig);
}

function shellText(namespacePid: number, { insideKubeconfig, nodes: pids }: Served): string {
  const enter = (pid: number, ...kinds: string[]) => `nsenter --target ${pid} ${kinds.join(' ')} --wd="$PWD"`;
  const nodeCases = Object.entries(pids).map(
    ([node, pid]) => `  ${node}) set -- ${enter(pid, '--mount', '--net', '--uts', '--ipc', '--pid')} "$@" ;;`,
  );
  return `#!/bin/sh
# shell [--node n1] [COMMAND...]: runs it where nodes, pods and Services are reached, or in the node; without a command, a shell.
node=
if [ "\${1:-}" = --node ]; then
  node=$2
  shift 2
fi
[ $# -gt 0 ] || set -- bash
case $node in
  '') ;;
${nodeCases.join('\n')}
  *)
    echo "Cannot enter $node: the nodes are ${Object.keys(pids).join(', ')}" >&2
    exit 2
    ;;
esac
export KUBECONFIG=${insideKubeconfig} PATH=${binaryDirectory()}:$PATH:/usr/sbin:/sbin
exec ${enter(namespacePid, '--net', '--mount', '--pid')} "$@"
`;
}
