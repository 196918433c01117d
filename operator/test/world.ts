/**
 * The controllers on a loopback API server without queues and watches: a test says who looks when. One `World` is one life of
 * the operator's process; it may be told to die after so many requests, and the next one finds what it left behind.
 */
import { ChildWriter } from '../src/apply/child-writer.ts';
import { StatusWriter } from '../src/apply/status-writer.ts';
import { callRouteStatuses } from '../src/call-route/call-route-statuses.ts';
import type { Key, Reconciler } from '../src/frame/controller.ts';
import { silentLog } from '../src/kernel/log.ts';
import { VirtualClock } from '../src/kernel/virtual-clock.ts';
import type { KubeClient } from '../src/kube/kube-client.ts';
import type { KubeObject } from '../src/kube/kube-object.ts';
import { objectKey } from '../src/kube/kube-object.ts';
import { resources } from '../src/kube/resource.ts';
import type { Resource } from '../src/kube/resource.ts';
import { MemberReconciler } from '../src/member/member-reconciler.ts';
import { numberPolicyStatuses } from '../src/number-policy/number-policy-statuses.ts';
import { ManifestReader } from '../src/observe/manifest-reader.ts';
import { Outcomes } from '../src/observe/outcomes.ts';
import type { Stores } from '../src/observe/stores.ts';
import { byInstance, bySbcRef, instanceOf, sbcRefOf } from '../src/observe/stores.ts';
import { pbxTrunkStatuses } from '../src/pbx-trunk/pbx-trunk-statuses.ts';
import { ReferenceCache } from '../src/references/reference-cache.ts';
import type { PodAnswer } from '../src/report/polled-pod.ts';
import type { PolledInstance } from '../src/report/report-poller.ts';
import { SbcInstanceReconciler } from '../src/sbc-instance/sbc-instance-reconciler.ts';
import { StatusSecretKeeper } from '../src/sbc-instance/status-secret-keeper.ts';
import { teamsTrunkStatuses } from '../src/teams-trunk/teams-trunk-statuses.ts';
import type { Store } from '../src/watch/store.ts';
import { childResources, optionalChildResources } from '../src/cluster/watched-kinds.ts';
import type { LoopbackApiServer } from './api-server/loopback-api-server.ts';

/** This life is over. */
export class Killed extends Error {}

const childKinds: readonly Resource[] = [...childResources, ...optionalChildResources];

export interface WorldOptions {
  /** Requests that this process is still to see answered. Default: it lives. */
  readonly requestsToLive?: number;
  readonly certManager?: boolean;
  /** Of this operator among others. Default: there are no others. */
  readonly identity?: string;
}

export class World {
  readonly clock = new VirtualClock(Date.UTC(2026, 11, 1));
  /** What the pods say, by name. */
  readonly answers = new Map<string, PodAnswer>();
  readonly followed = new Map<string, PolledInstance>();
  /** Addresses of pods that were asked to end their calls. */
  readonly hurried: string[] = [];
  /** What a pod says to that; undefined: it takes it. */
  refusal: Error | undefined;
  readonly events: string[] = [];
  /** What the cache holds though the API server has something newer, by `Kind name`. */
  readonly behind = new Map<string, KubeObject>();
  readonly children: ChildWriter;
  readonly #server: LoopbackApiServer;
  readonly #instances: Reconciler;
  readonly #members: readonly (readonly [Resource, Reconciler])[];
  readonly #references: ReferenceCache;
  #requestsToLive: number;
  #noticed: () => void = () => undefined;

  constructor(
    server: LoopbackApiServer,
    { requestsToLive = Infinity, certManager = false, identity }: WorldOptions = {},
  ) {
    this.#server = server;
    this.#requestsToLive = requestsToLive;
    const { clock } = this;
    const kube = this.#mortal(server.client());
    const reader = new ManifestReader();
    const outcomes = new Outcomes(() => undefined);
    const statuses = new StatusWriter({ kube, clock });
    const stores = this.#stores();
    this.children = new ChildWriter({ kube });
    this.#references = new ReferenceCache({ kube, clock, log: silentLog, changed: () => this.#noticed() });
    let count = 0;
    const entropy = { hex: (bytes: number) => (++count).toString(16).padStart(bytes * 2, '0') };
    this.#instances = new SbcInstanceReconciler({
      ...{ identity, stores, reader, kube, statuses, outcomes, clock },
      children: this.children,
      references: this.#references,
      statusSecrets: new StatusSecretKeeper({ kube, references: this.#references, clock, entropy }),
      poller: {
        follow: (instance, polled) => void this.followed.set(instance, polled),
        forget: (instance) => void this.followed.delete(instance),
        answersOf: () => this.answers,
      },
      ending: {
        endCalls: ({ address }) => {
          this.hurried.push(address);
          return this.refusal === undefined ? Promise.resolve() : Promise.reject(this.refusal);
        },
      },
      events: { record: (_about, { reason }) => void this.events.push(reason) },
      images: {},
      capabilities: () => ({ certManager, serviceMonitor: false }),
    });
    const ports = { instances: stores.sbcInstances, reader, outcomes, statuses, clock };
    this.#members = [
      [resources.teamsTrunks, new MemberReconciler(teamsTrunkStatuses, { ...ports, members: stores.teamsTrunks })],
      [resources.pbxTrunks, new MemberReconciler(pbxTrunkStatuses, { ...ports, members: stores.pbxTrunks })],
      [resources.callRoutes, new MemberReconciler(callRouteStatuses, { ...ports, members: stores.callRoutes })],
      [
        resources.numberPolicies,
        new MemberReconciler(numberPolicyStatuses, { ...ports, members: stores.numberPolicies }),
      ],
    ];
  }

  /** Everybody looks once. */
  async round(): Promise<void> {
    await this.look();
    for (const [resource, reconciler] of this.#members)
      for (const object of this.#server.list(resource)) await reconciler.reconcile(keyFrom(object));
  }

  /** The instances alone. */
  async look(): Promise<void> {
    for (const object of this.#server.list(resources.sbcInstances)) await this.#instances.reconcile(keyFrom(object));
  }

  async lookAt(key: Key): Promise<void> {
    await this.#instances.reconcile(key);
  }

  /** Until nothing is left to write. */
  async settle(): Promise<void> {
    for (let rounds = 0; rounds < 10; rounds++) {
      const before = this.#server.writes;
      await this.round();
      if (this.#server.writes === before) return;
    }
    throw new Error('The controllers never come to rest');
  }

  /** A second passes, then another, until a change of something that is named was noticed. */
  async notice(): Promise<void> {
    const noticed = new Promise<void>((resolve) => (this.#noticed = resolve));
    this.clock.advance(31_000);
    await noticed;
  }

  close(): void {
    this.#references.close();
  }

  #mortal(kube: KubeClient): KubeClient {
    const last = <Result>(request: () => Promise<Result>): Promise<Result> => {
      if (this.#requestsToLive-- > 0) return request();
      throw new Killed('This process has been killed');
    };
    return {
      get: (resource, at) => last(() => kube.get(resource, at)),
      list: (resource, query) => last(() => kube.list(resource, query)),
      apply: (object, options) => last(() => kube.apply(object, options)),
      create: (object) => last(() => kube.create(object)),
      replace: (object, at) => last(() => kube.replace(object, at)),
      delete: (resource, at, options) => last(() => kube.delete(resource, at, options)),
      watch: (resource, query, events, signal) => kube.watch(resource, query, events, signal),
      isServed: (resource) => last(() => kube.isServed(resource)),
    };
  }

  #stores(): Stores {
    const store = (resource: Resource, index: string, valueOf: (object: KubeObject) => string | undefined): Store =>
      new CurrentStore(this.#server, resource, { index, valueOf }, this.behind);
    const members = (resource: Resource) => store(resource, bySbcRef, sbcRefOf);
    const children = (resource: Resource) => store(resource, byInstance, instanceOf);
    return {
      sbcInstances: store(resources.sbcInstances, '', () => undefined),
      teamsTrunks: members(resources.teamsTrunks),
      pbxTrunks: members(resources.pbxTrunks),
      callRoutes: members(resources.callRoutes),
      numberPolicies: members(resources.numberPolicies),
      nodes: store(resources.nodes, '', () => undefined),
      pods: children(resources.pods),
      children: new Map(childKinds.map((resource) => [resource.kind, children(resource)])),
    };
  }
}

interface Index {
  readonly index: string;
  valueOf(object: KubeObject): string | undefined;
}

/** What the server has at this moment: a cache that is behind only where a test says so. */
class CurrentStore implements Store {
  readonly #server: LoopbackApiServer;
  readonly #resource: Resource;
  readonly #index: Index;
  readonly #behind: ReadonlyMap<string, KubeObject>;
  readonly isSynced = true;

  constructor(server: LoopbackApiServer, resource: Resource, index: Index, behind: ReadonlyMap<string, KubeObject>) {
    this.#behind = behind;
    this.#server = server;
    this.#resource = resource;
    this.#index = index;
  }

  get(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#behind.get(`${this.#resource.kind} ${name}`) ?? this.#server.get(this.#resource, namespace, name);
  }

  list(namespace?: string): readonly KubeObject[] {
    const all = this.#server.list(this.#resource);
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  by(_index: string, value: string): readonly KubeObject[] {
    return this.list().filter((object) => this.#index.valueOf(object) === value);
  }

  get size(): number {
    return this.list().length;
  }
}

function keyFrom({ metadata }: KubeObject): Key {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

const compared: readonly Resource[] = [
  ...childResources,
  resources.secrets,
  resources.sbcInstances,
  resources.teamsTrunks,
  resources.pbxTrunks,
  resources.callRoutes,
  resources.numberPolicies,
];

/** All that is there, without versions, times, and what is drawn by lot. */
export function worldState(server: LoopbackApiServer): ReadonlyMap<string, unknown> {
  const state = new Map<string, unknown>();
  for (const resource of compared)
    for (const object of server.list(resource))
      state.set(`${object.kind} ${objectKey(object.metadata.namespace, object.metadata.name)}`, withoutChance(object));
  return state;
}

const chance: ReadonlySet<string> = new Set([
  'resourceVersion',
  'uid',
  'creationTimestamp',
  'lastTransitionTime',
  'managedFields',
  'generation',
  'observedGeneration',
]);

function withoutChance(object: KubeObject): unknown {
  const { data, ...rest } = object;
  const text = JSON.stringify(
    { ...rest, data: object.kind === 'Secret' ? Object.keys(data ?? {}) : data },
    (key, value: unknown) => (chance.has(key) ? undefined : value),
  );
  return JSON.parse(text);
}
