/**
 * The real Argo CD beside a cluster: its application controller and repo server with the settings that it ships, and redis. Without
 * its API server and pages: an Application is a resource. Our part of its settings is what config/argocd has for them.
 */
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { argocdManifests, binary, repository, type Binary } from '../../cluster/kit/binaries.ts';
import { issueClient } from '../../cluster/kit/cluster-pki.ts';
import { ClusterProgram } from '../../cluster/kit/cluster-program.ts';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';
import { writeKubeconfig } from '../../cluster/kit/kubeconfig.ts';
import { until } from '../../cluster/kit/until.ts';
import type { NodeCluster } from './node-cluster.ts';

export const ARGOCD_NAMESPACE = 'argocd';

/** Debian's redis-tools hold it under this name; it serves when it is called redis-server. */
const REDIS = '/usr/bin/redis-check-rdb';
const HOST = 120;
const PORTS = { redis: 6379, repoServer: 8081, repoServerMetrics: 8084, metrics: 8082 };
const SERVES_MS = 60_000;

interface Place {
  readonly controlPlane: ControlPlane;
  readonly address: string;
  readonly directory: string;
}

export class ArgoCd {
  readonly #address: string;

  private constructor(address: string) {
    this.#address = address;
  }

  /** Ends with the cluster. */
  static async start(cluster: NodeCluster): Promise<ArgoCd> {
    const { controlPlane } = cluster;
    const directory = join(controlPlane.directory, 'argocd');
    mkdirSync(join(directory, 'tmp'), { recursive: true });
    const place: Place = { controlPlane, directory, address: await cluster.addAddress(HOST) };
    const [environment] = await Promise.all([environmentOf(place), install(controlPlane)]);
    const { address } = place;
    const programs = [redis(place), repoServer(place, environment), controller(place, environment)];
    for (const program of programs) controlPlane.endsWith(() => program.kill());
    for (const program of programs) await program.start();
    return new ArgoCd(address);
  }

  /** A counter of the application controller, over all series that have these labels. */
  async counted(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await (await fetch(`http://${this.#address}:${PORTS.metrics}/metrics`)).text();
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
    const counted = lines.filter((line) => wanted.every((each) => line.includes(each)));
    return counted.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
}

/** As its own installation does it, and then as config/argocd/README.md says. */
async function install(controlPlane: ControlPlane): Promise<void> {
  const files = join(argocdManifests(), 'crds');
  await controlPlane.installCrdFiles(readdirSync(files).map((file) => join(files, file)));
  await controlPlane.createNamespace(ARGOCD_NAMESPACE);
  const inNamespace = `--namespace=${ARGOCD_NAMESPACE}`;
  await controlPlane.kubectl('apply', inNamespace, '--server-side', '-f', join(argocdManifests(), 'config'));
  const patch = join(repository, 'config/argocd/argocd-cm.yaml');
  await controlPlane.kubectl('patch', inNamespace, 'configmap', 'argocd-cm', '--patch-file', patch);
  await controlPlane.apply([
    // Its API server makes the key and this project at its first start.
    {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'argocd-secret', namespace: ARGOCD_NAMESPACE } },
      stringData: { 'server.secretkey': 'a key that signs nothing here' },
    },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'default', namespace: ARGOCD_NAMESPACE },
      spec: {
        ...{ sourceRepos: ['*'], destinations: [{ namespace: '*', server: '*' }] },
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      },
    },
  ]);
}

/** Both take the kubeconfig for the cluster that they stand in. */
async function environmentOf({ controlPlane, directory }: Place): Promise<string[]> {
  const { pki, server } = controlPlane;
  const user = await issueClient(pki, 'argocd', '/O=system:masters/CN=argocd');
  const file = join(directory, 'kubeconfig');
  writeKubeconfig({ file, server, ca: pki.ca, user, namespace: ARGOCD_NAMESPACE });
  return [
    ...[`HOME=${directory}`, `TMPDIR=${join(directory, 'tmp')}`, `KUBECONFIG=${file}`],
    ...['ARGOCD_FAKE_IN_CLUSTER=true', 'ARGOCD_GPG_ENABLED=false'],
  ];
}

function redis({ controlPlane, address, directory }: Place): ClusterProgram {
  const command = join(directory, 'redis-server');
  symlinkSync(REDIS, command);
  return new ClusterProgram({
    name: 'redis',
    command,
    args: [
      ...['--bind', address, '--port', String(PORTS.redis), '--protected-mode', 'no'],
      ...['--save', '', '--dir', directory],
    ],
    log: join(controlPlane.logs, 'redis.log'),
    ready: (started) => served(started, () => started.logged('Ready to accept connections')),
  });
}

function repoServer(place: Place, environment: readonly string[]): ClusterProgram {
  const { address } = place;
  const args = [
    ...[`--address=${address}`, `--port=${PORTS.repoServer}`, '--disable-tls', `--redis=${address}:${PORTS.redis}`],
    ...[`--metrics-address=${address}`, `--metrics-port=${PORTS.repoServerMetrics}`],
  ];
  return program(place, environment, { name: 'argocd-repo-server', args, healthPort: PORTS.repoServerMetrics });
}

function controller(place: Place, environment: readonly string[]): ClusterProgram {
  const { address } = place;
  const args = [
    ...[`--repo-server=${address}:${PORTS.repoServer}`, '--repo-server-plaintext', `--redis=${address}:${PORTS.redis}`],
    ...[`--metrics-port=${PORTS.metrics}`, '--persist-resource-health'],
  ];
  return program(place, environment, { name: 'argocd-application-controller', args, healthPort: PORTS.metrics });
}

function program(
  { controlPlane, address }: Place,
  environment: readonly string[],
  { name, args, healthPort }: { readonly name: Binary; readonly args: string[]; readonly healthPort: number },
): ClusterProgram {
  return new ClusterProgram({
    name,
    command: 'env',
    args: [...environment, binary(name), ...args],
    log: join(controlPlane.logs, `${name}.log`),
    ready: (started) => served(started, () => fetch(`http://${address}:${healthPort}/healthz`).then(({ ok }) => ok)),
  });
}

async function served(program: ClusterProgram, ask: () => boolean | Promise<boolean>): Promise<void> {
  const answered = async () => !program.isRunning || (await ask());
  await until(answered, { what: program.name, withinMs: SERVES_MS }).catch((error: unknown) => {
    throw program.failure(String(error));
  });
  if (!program.isRunning) throw program.failure('ended before it served');
}
