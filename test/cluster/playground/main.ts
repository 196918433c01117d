/**
 * `make playground-up`: a cluster to try things in. A real API server with etcd and the controller manager; nodes are fake, and
 * pods are processes of this machine: the operator, the runtime and RTPEngine run as they are in this clone, without images.
 * Runs until SIGTERM; once it serves, its kubeconfig is in work/cluster/NAME.kubeconfig.
 */
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../kit/binaries.ts';
import { startControlPlane } from '../kit/control-plane.ts';
import { ProcessKubelet } from '../kit/process-kubelet.ts';
import { reasonsOf } from './reasons-of.ts';

const NODES = 3;

const [name = 'playground'] = process.argv.slice(2);
const kubeconfig = join(repository, 'work/cluster', `${name}.kubeconfig`);
rmSync(kubeconfig, { force: true });
// While it starts: its programs die with this process, and `exit` removes their files.
const giveUp = () => process.exit(1);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, giveUp);
const failed = (error: unknown): never => {
  console.error(reasonsOf(error));
  process.exit(1);
};
const cluster = await startControlPlane({ name, crds: false }).catch(failed);
await ProcessKubelet.start(cluster, { nodes: NODES }).catch(failed);
const ending = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, giveUp).on(signal, () => resolve());
});
// Whole or not at all: whoever waits for it reads it at once.
copyFileSync(cluster.kubeconfig, `${kubeconfig}.new`);
renameSync(`${kubeconfig}.new`, kubeconfig);
await ending;
rmSync(kubeconfig, { force: true });
await cluster.stop();
