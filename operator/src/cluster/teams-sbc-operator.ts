/** The operator: what it watches, its controllers, and which change concerns whom. */
import { ResourceEventType } from '@dot-i/k8s-operator';
import { ChildWriter } from '../apply/child-writer.ts';
import { StatusWriter } from '../apply/status-writer.ts';
import { callRouteStatuses } from '../call-route/call-route-statuses.ts';
import type { ControllerRunner } from '../frame/controller-runner.ts';
import { formatKey, parseKey } from '../frame/controller.ts';
import type { Key, Reconciler } from '../frame/controller.ts';
import type { OperatorEvent } from '../frame/operator-event.ts';
import { SbcOperator } from '../frame/sbc-operator.ts';
import type { SbcOperatorParams } from '../frame/sbc-operator.ts';
import type { WatchedResource } from '../frame/watched-resource.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { keyOf } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import type { Resource } from '../kube/resource.ts';
import { MemberReconciler } from '../member/member-reconciler.ts';
import type { MemberStatuses } from '../member/member-reconciler.ts';
import { numberPolicyStatuses } from '../number-policy/number-policy-statuses.ts';
import { trunksBelow } from '../observe/carriers.ts';
import { ManifestReader } from '../observe/manifest-reader.ts';
import { Outcomes } from '../observe/outcomes.ts';
import { byInstance, bySbcRef, childSelector, instanceOf, sbcRefOf } from '../observe/stores.ts';
import type { Stores } from '../observe/stores.ts';
import { UnionStore } from '../observe/union-store.ts';
import { pbxTrunkStatuses } from '../pbx-trunk/pbx-trunk-statuses.ts';
import { ReferenceCache } from '../references/reference-cache.ts';
import { changedTrunks, turnedTrunks } from '../report/changed-trunks.ts';
import type { ReportChange } from '../report/report-poller.ts';
import { ReportPoller } from '../report/report-poller.ts';
import { StatusClient } from '../report/status-client.ts';
import { SbcInstanceReconciler } from '../sbc-instance/sbc-instance-reconciler.ts';
import type { DefaultImages } from '../sbc-instance/default-images.ts';
import type { Entropy } from '../sbc-instance/status-certificate.ts';
import { StatusSecretKeeper } from '../sbc-instance/status-secret-keeper.ts';
import type { MemberKind } from '../status/member.ts';
import type { Store } from '../watch/store.ts';
import { teamsTrunkStatuses } from '../teams-trunk/teams-trunk-statuses.ts';
import { Coalescing } from './coalescing.ts';
import { childResources, childTrims, optionalChildResources, trimNode, trimPod } from './watched-kinds.ts';

export interface TeamsSbcOperatorParams extends SbcOperatorParams {
  /** Empty: all of them. */
  readonly namespaces: readonly string[];
  /** Reconciles at once, for each controller. */
  readonly workers: number;
  readonly entropy: Entropy;
  /** Between two looks at a Secret or ConfigMap that a manifest names; absent: 30 s. */
  readonly recheckMs?: number | undefined;
  /** Between two whole reports of a pod; absent: 10 s. */
  readonly reportMs?: number | undefined;
  /** Of the containers where an instance names none; absent: those of the release. */
  readonly images: DefaultImages;
}

type Watched = readonly WatchedResource[];

export class TeamsSbcOperator extends SbcOperator {
  readonly #settings: TeamsSbcOperatorParams;
  readonly #reader = new ManifestReader();
  readonly #coalescing = new Coalescing();
  readonly #outcomes = new Outcomes((instance, members) => this.#membersChanged(instance, members));
  readonly #members = new Map<string, ControllerRunner>();
  readonly #children: ChildWriter;
  readonly #statuses: StatusWriter;
  readonly #references: ReferenceCache;
  readonly #pods: StatusClient;
  readonly #poller: ReportPoller;
  #instances: ControllerRunner | undefined;
  #stores: Stores | undefined;

  constructor(params: TeamsSbcOperatorParams) {
    super(params);
    const { clock, log } = params;
    this.#settings = params;
    this.#children = new ChildWriter({ kube: this.kube });
    this.#statuses = new StatusWriter({ kube: this.kube, clock });
    const changed = (user: string) => this.#look(user);
    const { recheckMs, reportMs } = params;
    this.#references = new ReferenceCache({ kube: this.kube, clock, log, recheckMs, changed });
    this.#pods = new StatusClient({ clock });
    this.#poller = new ReportPoller({
      asking: this.#pods,
      clock,
      log,
      reportMs,
      changed: (change) => this.#podSaid(change),
    });
  }

  /** Whether the API server knows our kinds; rejects where it does not answer, or refuses. */
  isInstalled(): Promise<boolean> {
    return this.kube.isServed(resources.sbcInstances);
  }

  override stop(): void {
    this.#poller.close();
    this.#references.close();
    super.stop();
  }

  protected override init(): Promise<void> {
    const children = this.#watchChildren();
    const pods = this.#watchAll(resources.pods, {
      indexes: this.#childIndexes,
      labelSelector: childSelector,
      trim: trimPod,
    });
    const nodes = this.watch(resources.nodes, { trim: trimNode });
    const instances = this.#watchAll(resources.sbcInstances, {});
    const memberIndexes = { indexes: { [bySbcRef]: (object: KubeObject) => toList(sbcRefOf(object)) } };
    const watchMembers = (resource: Resource) => this.#watchAll(resource, memberIndexes);
    const teamsTrunks = watchMembers(resources.teamsTrunks);
    const pbxTrunks = watchMembers(resources.pbxTrunks);
    const callRoutes = watchMembers(resources.callRoutes);
    const numberPolicies = watchMembers(resources.numberPolicies);
    const stores: Stores = {
      sbcInstances: storeOf(instances),
      teamsTrunks: storeOf(teamsTrunks),
      pbxTrunks: storeOf(pbxTrunks),
      callRoutes: storeOf(callRoutes),
      numberPolicies: storeOf(numberPolicies),
      nodes: nodes.store,
      pods: storeOf(pods),
      children: new Map([...children].map(([kind, watched]) => [kind, storeOf(watched)])),
    };
    this.#stores = stores;
    this.#controlInstances(stores, children);
    this.#controlMembers(teamsTrunkStatuses, stores.teamsTrunks, teamsTrunks);
    this.#controlMembers(pbxTrunkStatuses, stores.pbxTrunks, pbxTrunks);
    this.#controlMembers(callRouteStatuses, stores.callRoutes, callRoutes);
    this.#controlMembers(numberPolicyStatuses, stores.numberPolicies, numberPolicies);
    each(instances, (event) => this.#instanceChanged(event));
    each(pods, ({ object }) => this.#look(instanceOf(object)));
    nodes.onEvent(({ object, before }) => {
      if (JSON.stringify(before?.status) !== JSON.stringify(object.status)) this.#lookAtAll();
    });
    return Promise.resolve();
  }

  get #childIndexes() {
    return { [byInstance]: (object: KubeObject) => toList(instanceOf(object)) };
  }

  #watchChildren(): ReadonlyMap<string, Watched> {
    const children = new Map<string, Watched>();
    const watch = (resource: Resource, optional: boolean) => {
      const trim = childTrims.get(resource);
      const options = { indexes: this.#childIndexes, labelSelector: childSelector, optional, trim };
      const watched = this.#watchAll(resource, options);
      children.set(resource.kind, watched);
      each(watched, (event) => this.#childChanged(event));
      // Where its CRD comes or goes, instances gain or lose a child.
      if (optional) for (const one of watched) one.onServed(() => this.#lookAtAll());
    };
    for (const resource of childResources) watch(resource, false);
    for (const resource of optionalChildResources) watch(resource, true);
    return children;
  }

  #watchAll(resource: Resource, options: Parameters<SbcOperator['watch']>[1]): Watched {
    const { namespaces } = this.#settings;
    if (namespaces.length === 0) return [this.watch(resource, options)];
    return namespaces.map((namespace) => this.watch(resource, { ...options, namespace }));
  }

  #controlInstances(stores: Stores, children: ReadonlyMap<string, Watched>): void {
    const { clock, entropy, workers, lease } = this.#settings;
    const isServed = (kind: string) => children.get(kind)?.every((watched) => watched.isServed) ?? false;
    const reconciler = new SbcInstanceReconciler({
      identity: lease && formatKey({ namespace: lease.namespace ?? '', name: lease.name }),
      stores,
      reader: this.#reader,
      kube: this.kube,
      children: this.#children,
      statuses: this.#statuses,
      references: this.#references,
      statusSecrets: new StatusSecretKeeper({ kube: this.kube, references: this.#references, clock, entropy }),
      poller: this.#poller,
      ending: this.#pods,
      outcomes: this.#outcomes,
      events: this.events,
      clock,
      images: this.#settings.images,
      capabilities: () => ({ certManager: isServed('Certificate'), serviceMonitor: isServed('ServiceMonitor') }),
    });
    this.#instances = this.control('sbc-instance', this.#measured(reconciler), { workers });
  }

  /** How long it takes decides how often it is done. */
  #measured(reconciler: Reconciler): Reconciler {
    const { clock } = this.#settings;
    return {
      reconcile: async (key) => {
        const startMs = clock.nowMs();
        try {
          return await reconciler.reconcile(key);
        } finally {
          const isThere = this.#stores?.sbcInstances.get(key.namespace, key.name) !== undefined;
          if (isThere) this.#coalescing.took(formatKey(key), clock.nowMs() - startMs);
        }
      },
    };
  }

  #controlMembers<Of extends MemberKind>(statuses: MemberStatuses<Of>, members: Store, watched: Watched): void {
    const { clock, workers } = this.#settings;
    const instances = this.#stores?.sbcInstances;
    if (instances === undefined) throw new Error('Cannot watch members before instances');
    const ports = {
      members,
      instances,
      reader: this.#reader,
      outcomes: this.#outcomes,
      statuses: this.#statuses,
      clock,
    };
    const controller = this.control(nameOf(statuses.kind), new MemberReconciler(statuses, ports), { workers });
    this.#members.set(statuses.kind, controller);
    each(watched, (event) => this.#memberChanged(controller, event));
  }

  #instanceChanged({ object, before, type }: OperatorEvent): void {
    const isNew = before === undefined;
    const isGone = isDeleted(type);
    // Its status is ours, and concerns nobody.
    if (!isNew && !isGone && isSameManifest(before, object)) return;
    const instance = keyOf(object);
    if (isGone) {
      this.#reader.forget(object);
      this.#coalescing.forget(instance);
    }
    if (isNew || isGone) this.#look(instance);
    else this.#lookOnceSettled(instance);
    if (isNew || isGone) this.#tellMembers(instance);
  }

  #memberChanged(controller: ControllerRunner, { object, before, type }: OperatorEvent): void {
    if (isDeleted(type)) this.#reader.forget(object);
    controller.enqueue(keyFrom(object));
    if (before !== undefined && !isDeleted(type) && isSameManifest(before, object)) return;
    this.#lookOnceSettled(sbcRefOf(object));
    // A reference that moved has two ends.
    if (before !== undefined && sbcRefOf(before) !== sbcRefOf(object)) this.#lookOnceSettled(sbcRefOf(before));
  }

  #childChanged({ object, before, type }: OperatorEvent): void {
    if (isDeleted(type)) this.#children.gone(object);
    this.#look(instanceOf(object));
    // Somebody took its label away.
    if (before !== undefined && instanceOf(before) !== instanceOf(object)) this.#look(instanceOf(before));
  }

  #podSaid({ instance, pod, before, after }: ReportChange): void {
    if (after.report !== undefined && after.report !== before.report)
      this.#outcomes.reported(instance, { name: pod, uid: after.uid }, after.report);
    const isOther =
      before.failure !== after.failure ||
      before.summary?.hash !== after.summary?.hash ||
      before.summary?.refusal?.at !== after.summary?.refusal?.at ||
      before.summary?.draining !== after.summary?.draining ||
      before.summary?.relayAnswers !== after.summary?.relayAnswers ||
      // How many are left is told of a pod that is to stop, and of no other.
      (after.summary?.draining === true && before.summary?.calls.active !== after.summary.calls.active) ||
      (before.summary === undefined) !== (after.summary === undefined);
    if (isOther) this.#look(instance);
    const { namespace } = parseKey(instance);
    const changed = changedTrunks(before.report, after.report);
    const outcome = this.#outcomes.of(instance);
    for (const trunk of turnedTrunks(changed, before.report, after.report))
      for (const name of outcome === undefined ? [] : trunksBelow(outcome, trunk))
        this.#members.get('TeamsTrunk')?.enqueue({ namespace, name });
    for (const trunk of changed) {
      // A report knows names alone; a trunk's name is that of one of the two kinds.
      this.#members.get('TeamsTrunk')?.enqueue({ namespace, name: trunk });
      this.#members.get('PbxTrunk')?.enqueue({ namespace, name: trunk });
    }
  }

  /** @param members `Kind/name` */
  #membersChanged(instance: string, members: readonly string[]): void {
    const { namespace } = parseKey(instance);
    for (const member of members) {
      const slash = member.indexOf('/');
      this.#members.get(member.slice(0, slash))?.enqueue({ namespace, name: member.slice(slash + 1) });
    }
  }

  #tellMembers(instance: string): void {
    const { teamsTrunks, pbxTrunks, callRoutes, numberPolicies } = this.#stores ?? {};
    for (const store of [teamsTrunks, pbxTrunks, callRoutes, numberPolicies])
      for (const object of store?.by(bySbcRef, instance) ?? [])
        this.#members.get(object.kind)?.enqueue(keyFrom(object));
  }

  #look(instance: string | undefined): void {
    if (instance !== undefined) this.#instances?.queue.addAfter(instance, this.#coalescing.delayMs(instance));
  }

  #lookOnceSettled(instance: string | undefined): void {
    if (instance !== undefined) this.#instances?.queue.settle(instance, this.#coalescing.settling(instance));
  }

  #lookAtAll(): void {
    for (const instance of this.#stores?.sbcInstances.list() ?? []) this.#look(keyOf(instance));
  }
}

function storeOf(watched: Watched): Store {
  const [only, ...others] = watched;
  return only !== undefined && others.length === 0 ? only.store : new UnionStore(watched.map(({ store }) => store));
}

function each(watched: Watched, listener: (event: OperatorEvent) => void): void {
  for (const one of watched) one.onEvent(listener);
}

/** Written by a person: spec, labels, annotations, deletion. */
function isSameManifest({ metadata: one }: KubeObject, { metadata: other }: KubeObject): boolean {
  return (
    one.uid === other.uid &&
    one.generation === other.generation &&
    one.deletionTimestamp === other.deletionTimestamp &&
    JSON.stringify(one.annotations) === JSON.stringify(other.annotations)
  );
}

function isDeleted(type: OperatorEvent['type']): boolean {
  return type === ResourceEventType.Deleted;
}

const toList = (value: string | undefined): readonly string[] => (value === undefined ? [] : [value]);

const keyFrom = ({ metadata }: KubeObject): Key => ({ namespace: metadata.namespace ?? '', name: metadata.name });

/** Kebab-case; a label of metrics. */
const nameOf = (kind: string) => kind.replaceAll(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
