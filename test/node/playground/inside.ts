/**
 * The cluster of `make cluster-up`, inside its namespaces: started when the listener comes, ended by SIGTERM. As long as it starts,
 * SIGTERM ends this process where it stands, and with its namespaces all that it has begun.
 */
import { readFileSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { join } from 'node:path';
import { writeKubeconfig } from '../../cluster/kit/kubeconfig.ts';
import { reasonsOf } from '../../cluster/playground/reasons-of.ts';
import { fabric } from '../kit/fabric.ts';
import { startNodeCluster } from '../kit/node-cluster.ts';

export interface Wanted {
  readonly name: string;
  readonly nodes: 1 | 2;
  /** Archives. */
  readonly images: readonly string[];
  /** Where the API server is reached from outside. */
  readonly server: string;
}

export interface Served {
  /** Its text, for the outside. */
  readonly kubeconfig: string;
  /** A file, for the inside. */
  readonly insideKubeconfig: string;
  /** Process 1 of each, as seen inside. */
  readonly nodes: Readonly<Record<string, number>>;
}

// Also who was killed with SIGKILL has gone.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.once('message', (wanted, listener) => {
  run(wanted as Wanted, listener as Server).catch((error: unknown) => {
    console.error(reasonsOf(error));
    process.exit(1);
  });
});

async function run({ name, nodes, images, server }: Wanted, listener: Server): Promise<void> {
  const cluster = await startNodeCluster({ name, nodes, images, certManager: true });
  // For good: whoever asks again does not end it before it is done.
  const ending = new Promise<void>((resolve) => process.on('SIGTERM', () => resolve()));
  const { pki, directory, kubeconfig } = cluster.controlPlane;
  const file = writeKubeconfig({ file: join(directory, 'outside.kubeconfig'), server, ca: pki.ca, user: pki.admin });
  listener.on('connection', (outside) => {
    const inside = connect(6443, fabric.address(1));
    outside.pipe(inside).pipe(outside);
    outside.on('error', () => inside.destroy());
    inside.on('error', () => outside.destroy());
  });
  const served: Served = {
    kubeconfig: readFileSync(file, 'utf8'),
    insideKubeconfig: kubeconfig,
    nodes: Object.fromEntries(cluster.nodes.map((node) => [node.name, node.pid])),
  };
  process.send?.(served);
  await ending;
  await cluster.stop();
  listener.close();
  process.disconnect?.();
}
