/** A namespace on a real API server with what the operator would have put there, and a real runtime that mirrors it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  canonicalJson,
  indexKey,
  shardKey,
  splitRoutingState,
  type RoutingState,
  type RuntimeReport,
  type RuntimeSummary,
} from '@teams-sbc/crds/runtime';
import { Pki, type Leaf } from '../../kit/pki.ts';
import { RunningProcess } from '../../kit/process.ts';
import { pbxTrunk, routingState, SBC_FQDN, teamsTrunk } from '../../kit/routing-state.ts';
import type { ControlPlane } from '../kit/control-plane.ts';
import { repository } from '../kit/binaries.ts';
import { until } from '../kit/until.ts';

const NAMESPACE = 'voice';
const STATUS_PORT = 8443;
const TOKEN = 'c0ffee'.repeat(10);

interface KubeObject {
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

export class MirrorStage {
  readonly cluster: ControlPlane;
  readonly directory: string;
  readonly pki: Pki;
  readonly address: string;
  /** Names of shards: what has the same name has the same content. */
  readonly #published = new Set<string>();
  runtime: RunningProcess | undefined;

  private constructor(cluster: ControlPlane, pki: Pki) {
    this.cluster = cluster;
    this.directory = cluster.directory;
    this.pki = pki;
    this.address = cluster.block.address(100);
  }

  static async raise(cluster: ControlPlane): Promise<MirrorStage> {
    await cluster.createNamespace(NAMESPACE);
    const pki = await Pki.create(join(cluster.directory, 'sbc-pki'));
    const status = await pki.leaf({ names: ['status.teams-sbc.internal'] });
    const stage = new MirrorStage(cluster, pki);
    await stage.#grant();
    await stage.writeToken();
    const folder = stage.at('status');
    writeFileSync(join(folder, 'tls.crt'), status.certificate);
    writeFileSync(join(folder, 'tls.key'), status.key);
    writeFileSync(join(folder, 'token'), TOKEN);
    await stage.putCertificate(await pki.sbc(SBC_FQDN));
    cluster.endsWith(() => stage.runtime?.end());
    return stage;
  }

  /** Belongs to no certificate of the SBC. */
  get strangersKey(): string {
    return readFileSync(join(this.directory, 'status', 'tls.key'), 'latin1');
  }

  /** A folder of this stage; it is there. */
  at(name: string): string {
    const folder = join(this.directory, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** What the kubelet would mount. */
  async writeToken(): Promise<void> {
    const folder = this.at('account');
    writeFileSync(join(folder, 'ca.crt'), this.cluster.pki.ca);
    writeFileSync(join(folder, 'token'), await this.cluster.tokenFor(NAMESPACE, 'sbc-runtime'));
  }

  async putCertificate({ certificate, key }: Leaf): Promise<void> {
    const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key), 'ca.crt': base64(this.pki.root) };
    await this.put('secrets', { ...object('v1', 'Secret', 'sbc-tls'), type: 'kubernetes.io/tls', data });
  }

  /** Shards, then the index, as the operator does. `spoil` changes what is written into the shards. */
  async publish(state: RoutingState, spoil: (shard: string) => string = (shard) => shard): Promise<string> {
    const { index, shards } = splitRoutingState(state);
    const maps = shards.map(({ name, text: shard }) => ({
      ...object('v1', 'ConfigMap', name),
      immutable: true,
      data: { [shardKey]: spoil(shard) },
    }));
    for (const map of maps) {
      if (this.#published.has(map.metadata.name)) continue;
      this.#published.add(map.metadata.name);
      await this.put('configmaps', map);
    }
    await this.put('configmaps', {
      ...object('v1', 'ConfigMap', 'sbc-routing'),
      data: { [indexKey]: JSON.stringify(index) },
    });
    return index.hash;
  }

  /** Server-side apply in one request: what follows can be timed. */
  async put(plural: 'configmaps' | 'secrets', body: KubeObject): Promise<void> {
    const { status, body: answer } = await this.cluster.api.send(
      'PATCH',
      `/api/v1/namespaces/${NAMESPACE}/${plural}/${body.metadata.name}`,
      { body, contentType: 'application/apply-patch+yaml', query: { fieldManager: 'test', force: 'true' } },
    );
    if (status !== 200 && status !== 201) throw new Error(`Cannot put ${plural}: ${JSON.stringify(answer)}`);
  }

  async remove(plural: 'configmaps' | 'secrets', name: string): Promise<void> {
    await this.cluster.api.send('DELETE', `/api/v1/namespaces/${NAMESPACE}/${plural}/${name}`);
  }

  /** What the kubelet keeps for a start without the API server. */
  mountCopy(state: RoutingState, leaf: Leaf): void {
    writeFileSync(join(this.at('mounted-state'), 'routing-state.json.gz'), gzipSync(canonicalJson(state)));
    writeFileSync(join(this.at('mounted-secrets/sbc-tls'), 'tls.crt'), leaf.certificate);
    writeFileSync(join(this.at('mounted-secrets/sbc-tls'), 'tls.key'), leaf.key);
  }

  /** A new pod: its memory volume is empty. */
  forgetMirror(): void {
    rmSync(join(this.directory, 'mirror'), { recursive: true, force: true });
  }

  /** @param without arguments that begin so */
  start({ without = [] }: { readonly without?: readonly string[] } = {}): RunningProcess {
    const { address } = this;
    this.runtime = new RunningProcess(
      process.execPath,
      [
        join(repository, 'sbc-runtime/src/main.ts'),
        ...[`--pod-name=sbc-0`, `--bind-address=${address}`, `--http-port=8080`],
        ...['state', 'secrets', 'trust'].map((name) => `--${name}-directory=${join(this.directory, 'mirror', name)}`),
        ...[`--admin-socket=${join(this.directory, 'admin.sock')}`, `--status-port=${STATUS_PORT}`],
        ...[`--status-directory=${this.at('status')}`, `--mirror-namespace=${NAMESPACE}`, '--mirror-instance=sbc'],
        ...[`--mounted-state-directory=${this.at('mounted-state')}`],
        ...[`--mounted-secrets-directory=${this.at('mounted-secrets')}`],
        ...[`--kubernetes-api=${this.cluster.server}`, `--kubernetes-credentials=${this.at('account')}`],
      ].filter((argument) => !without.some((start) => argument.startsWith(start))),
      { name: 'runtime' },
    );
    return this.runtime;
  }

  async started(options: { readonly without?: readonly string[] } = {}): Promise<RunningProcess> {
    const runtime = this.start(options);
    await runtime.waitForLine(/"Started"/, 20_000);
    return runtime;
  }

  summary(): Promise<RuntimeSummary> {
    return this.ask('/status/summary').then(({ body }) => JSON.parse(body) as RuntimeSummary);
  }

  report(): Promise<RuntimeReport> {
    return this.ask('/status').then(({ body }) => JSON.parse(body) as RuntimeReport);
  }

  /** Until the runtime serves by the document with this hash. */
  inForce(hash: string): Promise<RuntimeSummary> {
    return this.untilSummary(`${hash} in force`, (summary) => summary.hash === hash);
  }

  untilSummary(what: string, isSo: (summary: RuntimeSummary) => boolean): Promise<RuntimeSummary> {
    let last: RuntimeSummary | undefined;
    const ask = async () => {
      last = await this.summary();
      return isSo(last) && last;
    };
    return until(ask, { what, everyMs: 20 }).catch((error: unknown) => {
      throw new Error(`Not so: ${what}; last was ${JSON.stringify(last)}`, { cause: error });
    });
  }

  ask(path: string, token = TOKEN): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          ...{ host: this.address, port: STATUS_PORT, path, agent: false },
          ...{ ca: this.pki.root, servername: 'status.teams-sbc.internal' },
          headers: { Authorization: `Bearer ${token}` },
        },
        (response) => {
          text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
        },
      );
      asked.on('error', reject);
      asked.end();
    });
  }

  /** The rights of the planned Role, and not one more: design.md §6. */
  async #grant(): Promise<void> {
    const rule = (resource: string, verbs: string[], resourceNames?: string[]) => ({
      ...{ apiGroups: [''], resources: [resource], verbs },
      ...(resourceNames && { resourceNames }),
    });
    const role = 'rbac.authorization.k8s.io';
    await this.cluster.apply([
      object('v1', 'ServiceAccount', 'sbc-runtime'),
      {
        ...object(`${role}/v1`, 'Role', 'sbc-runtime'),
        rules: [
          rule('configmaps', ['get']),
          rule('configmaps', ['list', 'watch'], ['sbc-routing']),
          rule('secrets', ['get', 'list', 'watch'], ['sbc-tls']),
        ],
      },
      {
        ...object(`${role}/v1`, 'RoleBinding', 'sbc-runtime'),
        roleRef: { apiGroup: role, kind: 'Role', name: 'sbc-runtime' },
        subjects: [{ kind: 'ServiceAccount', name: 'sbc-runtime', namespace: NAMESPACE }],
      },
    ]);
  }
}

/** A document that this pod can serve by without RTPEngine; `ringTimeoutSeconds` makes one differ from another. */
export function stateOf(ringTimeoutSeconds: number, customers = 0): RoutingState {
  return routingState({
    trunks: [
      teamsTrunk(),
      pbxTrunk(),
      ...Array.from({ length: customers }, (_, at) =>
        teamsTrunk({ name: `customer-${at}`, fqdns: [`customer-${at}.${SBC_FQDN}`] }),
      ),
    ],
    routes: [
      { from: 'teams', to: ['pbx'] },
      { from: 'pbx', to: ['teams'] },
    ],
    media: { engine: 'None' },
    calls: { ringTimeoutSeconds },
  });
}

function object(apiVersion: string, kind: string, name: string) {
  return { apiVersion, kind, metadata: { name, namespace: NAMESPACE } };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
