/** A real cluster for one test file: a control plane with a scheduler, nodes with kubelets, DNS. Runs inside in-namespace.sh. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary } from '../../cluster/kit/binaries.ts';
import { startCertManager } from '../../cluster/kit/cert-manager.ts';
import { issueClient } from '../../cluster/kit/cluster-pki.ts';
import { ClusterProgram } from '../../cluster/kit/cluster-program.ts';
import { ControlPlane } from '../../cluster/kit/control-plane.ts';
import { writeKubeconfig } from '../../cluster/kit/kubeconfig.ts';
import { until } from '../../cluster/kit/until.ts';
import { ClusterDns } from './cluster-dns.ts';
import { ClusterNode } from './cluster-node.ts';
import { addHostAddress, fabric } from './fabric.ts';
import { writeImage } from './image.ts';
import { NAME_SERVER_HOST, POD_IMAGE } from './node-files.ts';

export interface NodeClusterOptions {
  /** Of the test file; its logs, also those of every pod, stand in work/cluster/<name>/ afterwards. */
  readonly name: string;
  /** Default 1. */
  readonly nodes?: 1 | 2;
  /** Install the CustomResourceDefinitions of crds/generated. Default false: the chart brings them. */
  readonly crds?: boolean;
  /** Archives of images that every node has from its beginning. */
  readonly images?: readonly string[];
  /** cert-manager's controllers, beside the control plane. Default false. */
  readonly certManager?: boolean;
}

/** Upstream waits 50 s. Kubelets here speak each 3 s. */
const NODE_GRACE_SECONDS = 16;
const READY_MS = 90_000;

export class NodeCluster {
  readonly controlPlane: ControlPlane;
  readonly scheduler: ClusterProgram;
  readonly nodes: readonly ClusterNode[];
  readonly dns: ClusterDns;
  readonly #directory: string;

  private constructor(parts: Pick<NodeCluster, 'controlPlane' | 'scheduler' | 'nodes' | 'dns'>, directory: string) {
    this.controlPlane = parts.controlPlane;
    this.scheduler = parts.scheduler;
    this.nodes = parts.nodes;
    this.dns = parts.dns;
    this.#directory = directory;
  }

  static async start(options: NodeClusterOptions): Promise<NodeCluster> {
    const cgroup = process.env['TEAMS_SBC_CGROUP'];
    if (cgroup === undefined)
      throw new Error('Cannot start nodes: this process does not run in test/node/in-namespace.sh');
    const { name, crds = false, images = [] } = options;
    const directory = mkdtempSync(join(tmpdir(), 'nodes-'));
    const starting = ControlPlane.start({ name, crds, nodeNetwork: fabric, nodeGraceSeconds: NODE_GRACE_SECONDS });
    // The directory of the logs is made by then.
    const logs = join(import.meta.dirname, '../../../work/cluster', name);
    const nodes = Array.from({ length: options.nodes ?? 1 }, (_, at) => {
      const index = at + 1;
      const disk = join(directory, `n${index}`);
      mkdirSync(disk);
      return new ClusterNode({ index, directory: disk, logs, cgroup: `${cgroup}/n${index}` });
    });
    const [controlPlane, installed] = await Promise.allSettled([starting, install(nodes, directory, images)]);
    const undo = async (error: unknown): Promise<never> => {
      await removeAll(nodes, directory);
      if (controlPlane.status === 'fulfilled') await controlPlane.value.stop();
      throw error;
    };
    if (controlPlane.status === 'rejected') return undo(controlPlane.reason);
    if (installed.status === 'rejected') return undo(installed.reason);
    try {
      const dns = new ClusterDns(join(directory, 'names'));
      const scheduler = await startScheduler(controlPlane.value);
      const cluster = new NodeCluster({ controlPlane: controlPlane.value, scheduler, nodes, dns }, directory);
      await cluster.#join(options);
      return cluster;
    } catch (error) {
      return undo(error);
    }
  }

  /** @param index From 1 */
  node(index: number): ClusterNode {
    const node = this.nodes[index - 1];
    if (!node) throw new RangeError(`Cannot give node ${index}: there are ${this.nodes.length}`);
    return node;
  }

  async importImages(archives: readonly string[]): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.importImages(archives)));
  }

  /** A further address on the nodes' network for something that this process plays. @param host 100 to 250 */
  async addAddress(host: number): Promise<string> {
    const address = fabric.address(host);
    await addHostAddress(address);
    return address;
  }

  /** Ends every program at once and removes all but the logs. */
  async stop(): Promise<void> {
    await removeAll(this.nodes, this.#directory);
    await this.controlPlane.stop();
  }

  async #join({ certManager = false }: NodeClusterOptions): Promise<void> {
    const { controlPlane, nodes, dns } = this;
    await Promise.all([
      dns.install(controlPlane),
      certManager ? startCertManager(controlPlane, `${fabric.address(NAME_SERVER_HOST)}:53`) : undefined,
      ...nodes.map((node) => node.join(controlPlane, nodes)),
    ]);
    await until(() => this.#isReady(), { what: 'every node to be Ready, with its DNS', withinMs: READY_MS });
  }

  async #isReady(): Promise<boolean> {
    const { body: daemons } = await this.controlPlane.api.get(
      '/apis/apps/v1/namespaces/kube-system/daemonsets/coredns',
    );
    if (daemons.status?.numberReady !== this.nodes.length) return false;
    return (await this.dns.lookup('kubernetes.default.svc.cluster.local')).length > 0;
  }
}

export function startNodeCluster(options: NodeClusterOptions): Promise<NodeCluster> {
  return NodeCluster.start(options);
}

async function install(nodes: readonly ClusterNode[], directory: string, images: readonly string[]): Promise<void> {
  const archive = join(directory, 'pod-tools.tar');
  const files = { 'pod-tools': binary('pod-tools') };
  await writeImage(archive, { reference: POD_IMAGE, files, entrypoint: ['/pod-tools'] });
  await Promise.all(nodes.map((node) => node.install([archive, ...images])));
}

async function removeAll(nodes: readonly ClusterNode[], directory: string): Promise<void> {
  await Promise.all(nodes.map((node) => node.remove()));
  rmSync(directory, { recursive: true, force: true });
}

async function startScheduler(controlPlane: ControlPlane): Promise<ClusterProgram> {
  const { pki, server, directory, logs } = controlPlane;
  const user = await issueClient(pki, 'scheduler', '/CN=system:kube-scheduler');
  const kubeconfig = writeKubeconfig({ file: join(directory, 'scheduler.kubeconfig'), server, ca: pki.ca, user });
  const files = ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'];
  const program = new ClusterProgram({
    name: 'kube-scheduler',
    command: binary('kube-scheduler'),
    args: [
      ...files.map((flag) => `--${flag}=${kubeconfig}`),
      `--bind-address=${fabric.address(1)}`,
      '--leader-elect=false',
    ],
    log: join(logs, 'kube-scheduler.log'),
    ready: async () => {
      await until(() => accepts(fabric.address(1), 10259), { what: 'the scheduler', withinMs: READY_MS });
    },
  });
  controlPlane.endsWith(() => program.kill());
  await program.start();
  return program;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const over = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => over(true));
    socket.once('error', () => over(false));
  });
}
