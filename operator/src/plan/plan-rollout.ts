/** Which pod is replaced next when the pod template has changed: one at a time, the one with the fewest calls first. Pure. */
import type { KubeObject } from '../kube/kube-object.ts';

/** On an SbcInstance, with any value but `false`: pods stay as they are until it is taken away. */
export const holdRolloutAnnotation = 'teams-sbc.dev/hold-rollout';

export interface RolloutPod {
  readonly name: string;
  readonly uid: string;
  readonly ordinal: number;
  /** Label `controller-revision-hash`. */
  readonly revision: string | undefined;
  readonly isReady: boolean;
  /** Wall-clock milliseconds: when it became ready; undefined: it is not said. */
  readonly readySinceMs: number | undefined;
  /** It runs the current routing state. */
  readonly isInSync: boolean;
  /** It has a deletionTimestamp. */
  readonly isTerminating: boolean;
  /** Its runtime runs, as far as Kubernetes knows: without an answer, it may have calls. */
  readonly hasStarted: boolean;
  /** Undefined: it did not answer. */
  readonly calls: number | undefined;
}

export interface RolloutFacts {
  /** `updateRevision(statefulSet)`. */
  readonly updateRevision: string | undefined;
  readonly replicas: number;
  readonly pods: readonly RolloutPod[];
  /** `isRolloutHeld(instance)`. */
  readonly isHeld: boolean;
  /** What a pod cannot serve without and is not there, in words for a condition. @default nothing */
  readonly lacking?: string | undefined;
  /** Wall clock. */
  readonly nowMs: number;
}

export type RolloutStep =
  | { readonly kind: 'done' }
  | { readonly kind: 'roll'; readonly pod: { readonly name: string; readonly uid: string } }
  /** The message says for what, in words for a condition. `againInMs`: it is only a matter of time. */
  | { readonly kind: 'wait'; readonly message: string; readonly againInMs?: number };

/**
 * Callers that were on their way to the pod that went try the next one after a while: Microsoft after 10 s without a word
 * (FailoverTimeSeconds). That one must not be going by then.
 */
export const SETTLED_MS = 15_000;

export function planRollout(facts: RolloutFacts): RolloutStep {
  const { updateRevision: wanted, replicas, pods, isHeld } = facts;
  if (wanted === undefined) return wait('the StatefulSet controller has not looked at the pod template yet');
  const kept = pods.filter(({ ordinal }) => ordinal < replicas);
  // What goes away comes back with the new template by itself.
  const outdated = kept.filter(({ revision, isTerminating }) => revision !== wanted && !isTerminating);
  const [next] = outdated.toSorted(byLoss);
  if (next === undefined) return { kind: 'done' };
  const left = `${String(outdated.length)} of ${String(replicas)} pods run an older template`;
  if (isHeld) return wait(`${left}, held by the annotation ${holdRolloutAnnotation}: remove it to go on`);
  // It takes no calls, and only a new template can mend it where an old one broke all pods at once.
  if (isLossless(next)) return roll(next);
  if (facts.lacking !== undefined) return wait(`${left}, and the next is replaced when there is ${facts.lacking}`);
  const others = kept.filter(({ name }) => name !== next.name);
  const obstacle = others.map((pod) => obstacleOf(pod, next, wanted)).find((text) => text !== undefined);
  if (obstacle !== undefined) return wait(`${left}, and the next is replaced when ${obstacle}`);
  if (kept.length < replicas)
    return wait(`${left}, and the next is replaced when all ${String(replicas)} pods are there`);
  const unsettledMs = Math.max(0, ...others.map((pod) => untilSettled(pod, facts.nowMs)));
  if (next.isReady && unsettledMs > 0)
    return { ...wait(`${left}, and the next is replaced in a moment`), againInMs: unsettledMs };
  return roll(next);
}

/** Undefined while the StatefulSet controller has not seen the template that was applied last. */
export function updateRevision(statefulSet: KubeObject | undefined): string | undefined {
  const { observedGeneration, updateRevision: revision } = (statefulSet?.status ?? {}) as {
    readonly observedGeneration?: number;
    readonly updateRevision?: string;
  };
  return observedGeneration !== undefined && observedGeneration === statefulSet?.metadata.generation
    ? revision
    : undefined;
}

export function isRolloutHeld(instance: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> | undefined };
}): boolean {
  const value = instance.metadata.annotations?.[holdRolloutAnnotation];
  return value !== undefined && value !== 'false';
}

function obstacleOf(pod: RolloutPod, next: RolloutPod, wanted: string): string | undefined {
  if (pod.isTerminating) return `${pod.name} has ended its calls and is back`;
  // Where neither takes new calls, the new template may be what mends both; still one at a time.
  if (!pod.isReady && !next.isReady && pod.revision !== wanted) return undefined;
  if (!pod.isReady) return `${pod.name} is ready`;
  // An older runtime may refuse a document of today for ever; replacing it is what helps.
  if (!pod.isInSync && pod.revision === wanted) return `${pod.name} runs the current routing state`;
  return undefined;
}

/** 0: long enough. A clock that is far from ours says nothing. */
function untilSettled({ readySinceMs }: RolloutPod, nowMs: number): number {
  if (readySinceMs === undefined || Math.abs(nowMs - readySinceMs) >= SETTLED_MS) return 0;
  return readySinceMs + SETTLED_MS - nowMs;
}

/** A pod behind a broken network is silent and not ready, and has all the calls that it had. */
const isLossless = ({ isReady, hasStarted, calls }: RolloutPod) =>
  !isReady && (calls === undefined ? !hasStarted : calls === 0);

/** Who loses the least: not ready and idle, then few calls; one that did not answer may have many. */
function byLoss(a: RolloutPod, b: RolloutPod): number {
  const loss = (pod: RolloutPod) => (isLossless(pod) ? -1 : (pod.calls ?? Number.MAX_SAFE_INTEGER));
  return loss(a) - loss(b) || b.ordinal - a.ordinal;
}

const roll = ({ name, uid }: RolloutPod): RolloutStep => ({ kind: 'roll', pod: { name, uid } });
const wait = (message: string) => ({ kind: 'wait', message }) as const;
