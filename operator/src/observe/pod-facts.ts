/** Pods, nodes and Services as the plan wants to know them. Pure. */
import type { RuntimeReport, TrunkReport } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { runtimeContainer } from '../objects/runtime-container.ts';
import type { NodeFacts, PodFacts, ServiceFacts } from '../plan/plan-addresses.ts';
import type { RolloutPod } from '../plan/plan-rollout.ts';
import type { PodAnswer } from '../report/polled-pod.ts';
import type { PlacedPod } from '../plan/moved-pods.ts';
import type { HurryPod } from '../plan/plan-hurry.ts';
import { podTrouble } from './pod-trouble.ts';
import { endCallsAnnotation } from '../plan/plan-hurry.ts';
import type { GoingPod, PodView } from '../status/pod-view.ts';

interface PodSpec {
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
}

interface PodStatus {
  readonly podIP?: string;
  readonly phase?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly lastTransitionTime?: string;
  }[];
  readonly containerStatuses?: readonly {
    readonly name: string;
    /** Its startup probe has passed. */
    readonly started?: boolean;
    readonly state?: { readonly running?: object };
  }[];
}

const statusOf = ({ status }: KubeObject): PodStatus => status ?? {};

/** -1: it is not one of the StatefulSet's. */
function ordinalOf({ metadata }: KubeObject): number {
  const [, digits] = /-(0|[1-9]\d*)$/.exec(metadata.name) ?? [];
  return digits === undefined ? -1 : Number(digits);
}

export function podFacts(pod: KubeObject): PodFacts {
  const { nodeName } = (pod.spec ?? {}) as PodSpec;
  return { ordinal: ordinalOf(pod), nodeName, podIP: podAddress(pod) };
}

export function podAddress(pod: KubeObject): string | undefined {
  const { podIP } = statusOf(pod);
  return podIP === '' ? undefined : podIP;
}

export function nodeFacts({ metadata, status }: KubeObject): NodeFacts {
  const { addresses = [] } = (status ?? {}) as { readonly addresses?: NodeFacts['addresses'] };
  return { name: metadata.name, addresses };
}

export function serviceFacts({ metadata, status }: KubeObject): ServiceFacts {
  const { loadBalancer } = (status ?? {}) as { readonly loadBalancer?: { readonly ingress?: ServiceFacts['ingress'] } };
  return { name: metadata.name, ingress: loadBalancer?.ingress ?? [] };
}

/** @param answer of a pod of that uid; undefined: it is not asked */
export function podView(pod: KubeObject, answer: PodAnswer | undefined): PodView {
  const isTerminating = pod.metadata.deletionTimestamp !== undefined;
  const { conditions = [], phase } = statusOf(pod);
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const own = answer?.uid === pod.metadata.uid ? answer : undefined;
  const isReady =
    !isTerminating && !isOver && conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  const { summary, report, failure } = own ?? {};
  return {
    name: pod.metadata.name,
    uid: pod.metadata.uid ?? '',
    ordinal: ordinalOf(pod),
    isReady,
    isTerminating,
    ...(isTerminating && { going: goingPod(pod, own) }),
    trouble: isReady || isTerminating ? undefined : podTrouble(pod, summary),
    isUnplaced: podAddress(pod) === undefined,
    answers: summary !== undefined,
    hash: summary?.hash,
    refusal: summary?.refusal,
    calls: summary?.calls.active,
    failure,
    trunks: report === undefined ? noTrunks : trunksOf(report),
  };
}

/** Wall-clock milliseconds: when Kubernetes kills it; undefined: it is not to stop. */
function killedAtMs({ metadata }: KubeObject): number | undefined {
  return metadata.deletionTimestamp === undefined ? undefined : Date.parse(metadata.deletionTimestamp);
}

function goingPod(pod: KubeObject, answer: PodAnswer | undefined): GoingPod {
  const { summary, lastSummary, report, failure, isStranger } = answer ?? {};
  const said = summary ?? lastSummary ?? report;
  return {
    isRunning: hasStarted(pod),
    calls: said?.calls.active,
    isHeard: said?.draining === true,
    failure,
    isStranger,
    endsAtMs: said?.drainEndsAt === undefined ? undefined : Date.parse(said.drainEndsAt),
    killedAtMs: killedAtMs(pod) ?? 0,
    nodeName: podFacts(pod).nodeName,
  };
}

export function hurryPod(pod: KubeObject, view: PodView, askedMs: number | undefined): HurryPod {
  const wish = pod.metadata.annotations?.[endCallsAnnotation];
  // One that has ended, or not begun, has nothing to end.
  const calls = view.going?.isRunning === false ? 0 : view.calls;
  return { name: view.name, wish, killedAtMs: killedAtMs(pod), calls, askedMs };
}

export function placedPod(pod: KubeObject, { name, uid }: PodView, servedAt: string | undefined): PlacedPod {
  const { nodeName, hostNetwork = false } = (pod.spec ?? {}) as PodSpec;
  return {
    ...{ name, uid, nodeName, servedAt, isOnHostNetwork: hostNetwork },
    address: podAddress(pod),
    killedAtMs: killedAtMs(pod),
  };
}

const noTrunks: ReadonlyMap<string, TrunkReport> = new Map();
const trunksByReport = new WeakMap<RuntimeReport, ReadonlyMap<string, TrunkReport>>();

/** Once for each report: it may hold thousands. */
export function trunksOf(report: RuntimeReport): ReadonlyMap<string, TrunkReport> {
  let trunks = trunksByReport.get(report);
  if (trunks === undefined) {
    trunks = new Map(report.trunks.map((trunk) => [trunk.name, trunk]));
    trunksByReport.set(report, trunks);
  }
  return trunks;
}

export function rolloutPod(pod: KubeObject, view: PodView, wanted: string | undefined): RolloutPod {
  return {
    name: view.name,
    uid: view.uid,
    ordinal: view.ordinal,
    revision: pod.metadata.labels?.['controller-revision-hash'],
    isReady: view.isReady,
    readySinceMs: readySinceMs(pod),
    isInSync: view.answers && view.hash === wanted,
    isTerminating: view.isTerminating,
    hasStarted: hasStarted(pod),
    calls: view.calls,
  };
}

function readySinceMs(pod: KubeObject): number | undefined {
  const ready = statusOf(pod).conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  return ready?.lastTransitionTime === undefined ? undefined : Date.parse(ready.lastTransitionTime);
}

/** Of a node that is cut off it is what was so before. */
function hasStarted(pod: KubeObject): boolean {
  const { phase, containerStatuses = [] } = statusOf(pod);
  if (phase === 'Pending' || phase === 'Succeeded' || phase === 'Failed') return false;
  const runtime = containerStatuses.find(({ name }) => name === runtimeContainer);
  return runtime === undefined || (runtime.state?.running !== undefined && runtime.started !== false);
}
