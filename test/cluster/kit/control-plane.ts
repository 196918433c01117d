/**
 * A real control plane for one test file: etcd, kube-apiserver and kube-controller-manager, on a loopback address of its own.
 * No scheduler; pods run where a test starts a ProcessKubelet, or real nodes (test/node/kit).
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeBlock, type AddressBlock } from '../../kit/free-address.ts';
import { ApiClient, type Said } from './api-client.ts';
import { AuditLog, auditFiles } from './audit-log.ts';
import { binary, repository } from './binaries.ts';
import { createClusterPki, type ClusterPki } from './cluster-pki.ts';
import { ClusterProgram } from './cluster-program.ts';
import { apiServerArgs, controllerManagerArgs, etcdArgs } from './control-plane-args.ts';
import { kubectl, type KubectlOptions } from './kubectl.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { until } from './until.ts';

export interface ControlPlaneOptions {
  /** Of the test file; its logs stand in work/cluster/<name>/ afterwards. */
  readonly name: string;
  /** Install the CustomResourceDefinitions of crds/generated. Default true. */
  readonly crds?: boolean;
  /** How long a node is believed without a word from it. Default: that of the controller manager, 50. */
  readonly nodeGraceSeconds?: number | undefined;
  /** Where it stands instead, with real nodes: they reach the API server at `address(1)`, and it reaches their kubelets. */
  readonly nodeNetwork?: NodeNetwork;
}

export type NodeNetwork = Pick<AddressBlock, 'cidr' | 'address' | 'release'>;

interface ControlPlaneParts extends Pick<ControlPlaneOptions, 'nodeGraceSeconds'> {
  readonly directory: string;
  readonly logs: string;
  readonly block: NodeNetwork;
  readonly pki: ClusterPki;
  readonly hasNodes: boolean;
}

const START_MS = 60_000;

export class ControlPlane {
  readonly server: string;
  /** Of a user in system:masters. */
  readonly kubeconfig: string;
  readonly pki: ClusterPki;
  /** As the admin. */
  readonly api: ApiClient;
  /** 127.x.y.0/24 of this control plane, unless it has real nodes. The API server has `.1`, processes that play pods `.100` and up. */
  readonly block: NodeNetwork;
  /** Gone after `stop`. */
  readonly directory: string;
  readonly logs: string;
  /** Who wrote what, and when. */
  readonly audit: AuditLog;
  readonly etcd: ClusterProgram;
  readonly apiServer: ClusterProgram;
  readonly controllerManager: ClusterProgram;
  readonly #ends: (() => unknown)[] = [];
  readonly #over = new AbortController();
  readonly #removeOnExit: () => void;

  private constructor({ directory, logs, block, pki, hasNodes, nodeGraceSeconds }: ControlPlaneParts) {
    this.directory = directory;
    this.logs = logs;
    this.block = block;
    this.pki = pki;
    const address = block.address(1);
    this.server = `https://${address}:6443`;
    this.kubeconfig = writeKubeconfig({
      file: join(directory, 'admin.kubeconfig'),
      server: this.server,
      ca: pki.ca,
      user: pki.admin,
    });
    this.api = new ApiClient({
      server: this.server,
      ca: pki.ca,
      certificate: readFileSync(pki.admin.certificateFile, 'latin1'),
      key: readFileSync(pki.admin.keyFile, 'latin1'),
    });
    const audit = auditFiles(directory, logs);
    this.audit = new AuditLog(audit.log);
    const place = { address, directory, pki, kubeconfig: this.kubeconfig, audit, hasNodes, nodeGraceSeconds };
    const program = (
      name: 'etcd' | 'kube-apiserver' | 'kube-controller-manager',
      args: string[],
      ready: () => Promise<unknown>,
    ) =>
      new ClusterProgram({
        name,
        command: binary(name),
        args,
        log: join(logs, `${name}.log`),
        ready: (started) => untilServing(started, ready),
      });
    this.etcd = program('etcd', etcdArgs(place), () => fetch(`http://${address}:2379/health`).then(({ ok }) => ok));
    this.apiServer = program('kube-apiserver', apiServerArgs(place), () => this.#isReady());
    this.controllerManager = program('kube-controller-manager', controllerManagerArgs(place), () =>
      this.#hasDefaultAccount(),
    );
    this.#removeOnExit = () => {
      // etcd makes its directory anew when that is removed before it is over.
      for (const each of [this.controllerManager, this.apiServer, this.etcd]) each.killAtExit();
      rmSync(directory, { recursive: true, force: true });
    };
    process.once('exit', this.#removeOnExit);
  }

  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const { name, crds = true, nodeGraceSeconds, nodeNetwork } = options;
    const logs = join(repository, 'work', 'cluster', name);
    rmSync(logs, { recursive: true, force: true });
    mkdirSync(logs, { recursive: true });
    const directory = mkdtempSync(join(tmpdir(), `teams-sbc-${name}-`));
    const remove = () => rmSync(directory, { recursive: true, force: true });
    process.once('exit', remove);
    const block = nodeNetwork ?? (await freeBlock());
    const pki = await createClusterPki(join(directory, 'pki'), block.address(1));
    const cluster = new ControlPlane({
      ...{ directory, logs, block, pki, nodeGraceSeconds },
      hasNodes: nodeNetwork !== undefined,
    });
    process.removeListener('exit', remove);
    try {
      cluster.etcd.launch();
      await cluster.etcd.ready();
      await cluster.apiServer.start();
      await Promise.all([cluster.controllerManager.start(), crds ? cluster.installCrds() : undefined]);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Aborted by `stop`: programs that ask this control plane end then, whatever they wait for. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Runs kubectl as the admin and returns its standard output. @throws KubectlError with its standard error */
  kubectl(...args: string[]): Promise<string> {
    return this.kubectlWith({}, ...args);
  }

  kubectlWith(options: KubectlOptions, ...args: string[]): Promise<string> {
    return kubectl({ kubeconfig: this.kubeconfig, home: this.directory, signal: this.over, ...options }, args);
  }

  /** Server-side apply of YAML text or objects, as the field manager `kubectl` unless another is named. */
  apply(manifests: string | readonly unknown[], fieldManager = 'kubectl'): Promise<string> {
    const input =
      typeof manifests === 'string' ? manifests : manifests.map((each) => JSON.stringify(each)).join('\n---\n');
    return this.kubectlWith({ input }, 'apply', '--server-side', `--field-manager=${fieldManager}`, '-f', '-');
  }

  /** Those of crds/generated; resolves when the API server serves them. */
  async installCrds(): Promise<void> {
    const directory = join(repository, 'crds', 'generated');
    await this.installCrdFiles(
      readdirSync(directory)
        .filter((name) => name.startsWith('teams-sbc.dev_'))
        .map((file) => join(directory, file)),
    );
  }

  async installCrdFiles(files: readonly string[]): Promise<void> {
    const all = files.flatMap((file) => ['-f', file]);
    await this.kubectl('apply', '--server-side', '--field-manager=kubectl', ...all);
    await this.definitionsAreEstablished(...all);
    await this.customKindsAreServed();
  }

  /** kubectl does not wait for an object that has no conditions at all yet, but fails. @param which As `kubectl wait` takes them */
  async definitionsAreEstablished(...which: string[]): Promise<void> {
    const isEstablished = async () => (await this.kubectl('wait', '--for=condition=Established', ...which)) !== '';
    await until(isEstablished, { what: 'the definitions to be established', withinMs: 30_000 });
  }

  /**
   * A kind that is established still answers 429 to a list for a moment, while its cache is filled. A definition that is deleted before
   * that may stay for five minutes: Kubernetes 1.34 forgets that it tried in vain, until all definitions are looked at again.
   */
  async customKindsAreServed(): Promise<void> {
    await until(() => this.#servesCustomKinds(), { what: 'the caches of custom kinds' });
  }

  async createNamespace(name: string): Promise<void> {
    const { status, body } = await this.api.send('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    });
    if (status !== 201) throw new Error(`Cannot create namespace ${name}: ${JSON.stringify(body)}`);
  }

  /** A real token of that ServiceAccount (TokenRequest), which must exist. */
  async tokenFor(namespace: string, name: string, expirationSeconds = 3600): Promise<string> {
    const { status, body } = await this.api.send(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds } } },
    );
    if (status !== 201) throw new Error(`Cannot get a token for ${namespace}/${name}: ${JSON.stringify(body)}`);
    return body.status.token as string;
  }

  /** A kubeconfig file with a real token of that ServiceAccount. */
  async kubeconfigFor(namespace: string, name: string): Promise<string> {
    const file = join(this.directory, `${namespace}-${name}.kubeconfig`);
    const token = await this.tokenFor(namespace, name);
    return writeKubeconfig({ file, server: this.server, ca: this.pki.ca, user: { token }, namespace });
  }

  /** A client with a real token of that ServiceAccount. */
  async clientFor(namespace: string, name: string): Promise<ApiClient> {
    const client = new ApiClient({ server: this.server, ca: this.pki.ca, token: await this.tokenFor(namespace, name) });
    this.endsWith(() => client.close());
    return client;
  }

  /** What `stop` does first; what was added last ends first. */
  endsWith(end: () => unknown): void {
    this.#ends.unshift(end);
  }

  /** Ends every program at once and removes all but the logs. Safe to call again. */
  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
    this.#over.abort();
    this.api.close();
    await Promise.all([this.controllerManager.kill(), this.apiServer.kill(), this.etcd.kill()]);
    this.block.release();
    process.removeListener('exit', this.#removeOnExit);
    this.#removeOnExit();
  }

  async #isReady(): Promise<boolean> {
    return (await this.api.get('/readyz')).status === 200;
  }

  async #servesCustomKinds(): Promise<boolean> {
    const { body } = await this.api.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    const lists = (body.items as Said[]).map(({ spec: { group, versions, names } }: Said) =>
      this.api.get(`/apis/${group}/${versions[0].name}/${names.plural}`, { limit: '1' }),
    );
    return (await Promise.all(lists)).every(({ status }) => status === 200);
  }

  /** The controllers work: admission lets no pod into a namespace without it. */
  async #hasDefaultAccount(): Promise<boolean> {
    return (await this.api.get('/api/v1/namespaces/default/serviceaccounts/default')).status === 200;
  }
}

export function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  return ControlPlane.start(options);
}

async function untilServing(program: ClusterProgram, ask: () => Promise<unknown>): Promise<void> {
  const answered = async () => !program.isRunning || (await ask()) === true;
  try {
    await until(answered, { what: 'its answer', withinMs: START_MS });
  } catch (error) {
    throw program.failure(error instanceof Error ? error.message : String(error));
  }
  if (!program.isRunning) throw program.failure('ended before it served');
}
