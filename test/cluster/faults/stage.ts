/** One namespace with one SBC: its manifests, what its objects say, what its pods say. */
import { joinShards, parseRoutingIndex, parseRoutingState, type RoutingState } from '@teams-sbc/crds/runtime';
import { systemClock } from '../../../operator/src/kernel/clock.ts';
import { StatusClient } from '../../../operator/src/report/status-client.ts';
import { certificatesOf } from '../../../operator/src/sbc-instance/status-certificate.ts';
import type { Said } from '../kit/api-client.ts';
import type { ControlPlane } from '../kit/control-plane.ts';
import { until } from '../kit/until.ts';
import { tlsSecret } from './manifests.ts';

const groups = {
  sbcinstances: '/apis/teams-sbc.dev/v1alpha1',
  teamstrunks: '/apis/teams-sbc.dev/v1alpha1',
  pbxtrunks: '/apis/teams-sbc.dev/v1alpha1',
  callroutes: '/apis/teams-sbc.dev/v1alpha1',
  numberpolicies: '/apis/teams-sbc.dev/v1alpha1',
  statefulsets: '/apis/apps/v1',
  poddisruptionbudgets: '/apis/policy/v1',
  networkpolicies: '/apis/networking.k8s.io/v1',
  roles: '/apis/rbac.authorization.k8s.io/v1',
  rolebindings: '/apis/rbac.authorization.k8s.io/v1',
  events: '/apis/events.k8s.io/v1',
  services: '/api/v1',
  serviceaccounts: '/api/v1',
  configmaps: '/api/v1',
  secrets: '/api/v1',
  pods: '/api/v1',
} as const;
export type Plural = keyof typeof groups;

/** Whatever has the instance's label; Pods and what the controller manager makes of Services are not among them. */
const childKinds: readonly Plural[] = [
  'configmaps',
  'networkpolicies',
  'poddisruptionbudgets',
  'roles',
  'rolebindings',
  'secrets',
  'services',
  'serviceaccounts',
  'statefulsets',
];

export interface SaidCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

export interface Index {
  readonly hash: string;
  readonly shards: readonly string[];
}

/** Of an object with a status, a pod too. */
export function conditionIn(object: Said, type: string): SaidCondition | undefined {
  const conditions = (object?.status?.conditions ?? []) as SaidCondition[];
  return conditions.find((condition) => condition.type === type);
}

export class Stage {
  readonly namespace: string;
  readonly #cluster: ControlPlane;
  readonly #asking = new StatusClient({ clock: systemClock });

  private constructor(cluster: ControlPlane, namespace: string) {
    this.#cluster = cluster;
    this.namespace = namespace;
    cluster.endsWith(() => this.#asking.close());
  }

  /** A new namespace with the Secret of the certificate in it. */
  static async create(cluster: ControlPlane, namespace: string): Promise<Stage> {
    const stage = await Stage.bare(cluster, namespace);
    await stage.apply(tlsSecret);
    return stage;
  }

  /** A new namespace with nothing in it. */
  static async bare(cluster: ControlPlane, namespace: string): Promise<Stage> {
    await cluster.createNamespace(namespace);
    return new Stage(cluster, namespace);
  }

  path(plural: Plural, name?: string): string {
    return `${groups[plural]}/namespaces/${this.namespace}/${plural}${name === undefined ? '' : `/${name}`}`;
  }

  /** Objects without their namespace. */
  async apply(...objects: readonly Said[]): Promise<void> {
    const { namespace } = this;
    await this.#cluster.apply(
      objects.map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }) as unknown),
    );
  }

  /** The object; undefined: it is not there. */
  async get(plural: Plural, name: string): Promise<Said> {
    const { status, body } = await this.#cluster.api.get(this.path(plural, name));
    if (status === 200) return body;
    if (status === 404) return undefined;
    throw new Error(`Cannot get ${plural}/${name}: ${status} ${JSON.stringify(body)}`);
  }

  async list(plural: Plural, labelSelector?: string): Promise<Said[]> {
    const query = labelSelector === undefined ? undefined : { labelSelector };
    const { status, body } = await this.#cluster.api.get(this.path(plural), query);
    if (status !== 200) throw new Error(`Cannot list ${plural}: ${status} ${JSON.stringify(body)}`);
    return body.items as Said[];
  }

  /** JSON merge patch, as the admin. @returns the object of after it */
  async patch(plural: Plural, name: string, body: unknown, subresource = ''): Promise<Said> {
    const path = this.path(plural, name) + subresource;
    const answer = await this.#cluster.api.send('PATCH', path, { body, contentType: 'application/merge-patch+json' });
    if (answer.status !== 200) throw new Error(`Cannot patch ${path}: ${answer.status} ${answer.body.message}`);
    return answer.body;
  }

  async delete(plural: Plural, name: string, options: object = {}): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    const answer = await this.#cluster.api.send('DELETE', this.path(plural, name), { body });
    if (answer.status > 202)
      throw new Error(`Cannot delete ${plural}/${name}: ${answer.status} ${answer.body.message}`);
  }

  async conditions(plural: Plural, name: string): Promise<SaidCondition[]> {
    return ((await this.get(plural, name))?.status?.conditions ?? []) as SaidCondition[];
  }

  /** Of the newest generation; undefined: nothing is said of that yet. */
  async condition(plural: Plural, name: string, type: string): Promise<SaidCondition | undefined> {
    const object = await this.get(plural, name);
    const found = conditionIn(object, type);
    return found?.observedGeneration === object?.metadata.generation ? found : undefined;
  }

  /** Resolves when the newest generation has that condition. @param wanted `<status> <reason>` */
  async says(plural: Plural, name: string, type: string, wanted: string, withinMs = 40_000): Promise<SaidCondition> {
    let last = 'nothing';
    const ask = async () => {
      const found = await this.condition(plural, name, type);
      if (found !== undefined) last = `${found.status} ${found.reason}: ${found.message}`;
      return found !== undefined && `${found.status} ${found.reason}` === wanted ? found : undefined;
    };
    try {
      return await until(ask, { what: wanted, withinMs });
    } catch (error) {
      throw new Error(`${plural}/${name} ${type} is not ${wanted} in ${withinMs} ms; the last was ${last}`, {
        cause: error,
      });
    }
  }

  /** Every pod is there, and runs what the index names. */
  async runs(withinMs = 60_000): Promise<void> {
    await until(
      async () => {
        const { metadata, status } = await this.get('sbcinstances', 'sbc');
        // What the status says of an older generation is true and no news.
        return status?.observedGeneration === metadata.generation && status.routing?.hash === (await this.index()).hash;
      },
      { what: 'a status of this generation with the hash of the index', withinMs },
    );
    await this.says('sbcinstances', 'sbc', 'Available', 'True Available', withinMs);
    await this.says('sbcinstances', 'sbc', 'Programmed', 'True InSync', withinMs);
  }

  /**
   * The same, with every pod of the newest template: after a change of that, what `runs` asks for holds until the first pod is
   * replaced.
   */
  async runsAnew(withinMs = 60_000): Promise<void> {
    await this.runs(withinMs);
    const isOfTemplate = async () => {
      const { metadata, spec, status } = await this.get('statefulsets', 'sbc');
      const isNew = ({ metadata: { labels, deletionTimestamp } }: Said) =>
        deletionTimestamp === undefined && labels['controller-revision-hash'] === status.updateRevision;
      const isReady = (pod: Said) => conditionIn(pod, 'Ready')?.status === 'True';
      const pods = (await this.list('pods')).filter((pod) => isNew(pod) && isReady(pod));
      return status.observedGeneration === metadata.generation && pods.length === spec.replicas;
    };
    await until(isOfTemplate, { what: 'pods of the newest template', withinMs });
    await this.runs(withinMs);
  }

  /** All of them, as they are. */
  async children(): Promise<Said[]> {
    const lists = await Promise.all(childKinds.map((plural) => this.list(plural, 'teams-sbc.dev/instance=sbc')));
    return lists.flat();
  }

  async childNames(): Promise<string[]> {
    const lists = await Promise.all(
      childKinds.map(async (plural) => {
        const objects = await this.list(plural, 'teams-sbc.dev/instance=sbc');
        return objects.map(({ metadata }) => `${plural}/${metadata.name as string}`);
      }),
    );
    return lists.flat().toSorted();
  }

  async index(): Promise<Index> {
    const index = await this.#index();
    return { hash: index.hash, shards: index.shards.map(({ name }) => name).toSorted() };
  }

  async shards(): Promise<string[]> {
    const maps = await this.list('configmaps', 'teams-sbc.dev/routing-shard=true');
    return maps.map(({ metadata }) => metadata.name as string).toSorted();
  }

  /** What the ConfigMaps hold, put together and verified as the runtime does. */
  async document(): Promise<RoutingState> {
    const index = await this.#index();
    const texts = new Map<string, string>();
    for (const { name } of index.shards)
      texts.set(name, (await this.get('configmaps', name))?.data['shard.json'] as string);
    const joined = joinShards(index, texts);
    if (!joined.ok) throw new Error(`The shards do not make the document: ${JSON.stringify(joined)}`);
    const parsed = parseRoutingState(joined.text);
    if (!parsed.ok) throw new Error(`The document is not valid: ${JSON.stringify(parsed.problems)}`);
    return parsed.state;
  }

  /** What a pod says that it runs, asked as the operator asks. */
  async summary(pod: string): Promise<Said> {
    const { data } = await this.get('secrets', 'sbc-status');
    const text = (key: string) => Buffer.from(data[key] as string, 'base64').toString();
    return this.ask((await this.get('pods', pod)).status.podIP as string, {
      certificates: certificatesOf(text('tls.crt')),
      token: text('token'),
    });
  }

  /** The same while the API server is away. */
  async ask(address: string, credentials: Parameters<StatusClient['ask']>[1]): Promise<Said> {
    const question = { address, port: 8443, path: '/status/summary', maxLength: 65_536 } as const;
    return JSON.parse(await this.#asking.ask(question, credentials));
  }

  /** Reasons of the events about the instance. */
  async eventReasons(): Promise<string[]> {
    return (await this.list('events')).map(({ reason }) => reason as string);
  }

  async #index() {
    const map = await this.get('configmaps', 'sbc-routing');
    const parsed = parseRoutingIndex((map?.data?.['index.json'] as string | undefined) ?? '');
    if (!parsed.ok) throw new Error('There is no index');
    return parsed.index;
  }
}
