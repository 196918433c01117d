/** What keeps the SBC from being ready, in words. Pure. */
import type { Condition, ContainerStatus, FoundObject } from './kube-api.ts';

export interface Watched {
  readonly kind: 'SbcInstance' | 'TeamsTrunk' | 'PbxTrunk';
  readonly object: FoundObject;
}

/** Conditions that say nothing of what is missing. */
const SUMMARIES = ['Ready', 'Draining'];

const isCurrent = ({ metadata }: FoundObject, { observedGeneration }: Condition): boolean =>
  observedGeneration === undefined || observedGeneration === metadata.generation;

/** An operator that runs has looked at a new object by then. */
export const SEEN_WITHIN_MS = 15_000;

interface Patience {
  readonly elapsedMs: number;
  /** How long the SBC may take to be ready. */
  readonly readyMs: number;
}

/** Who keeps the test waiting for too long; undefined: nobody does yet. */
export function whatHangs(
  watched: readonly Watched[],
  { elapsedMs, readyMs }: Patience,
): 'Operator' | 'Sbc' | undefined {
  if (!watched.some(isSeen)) return elapsedMs > Math.min(SEEN_WITHIN_MS, readyMs) ? 'Operator' : undefined;
  return elapsedMs > readyMs ? 'Sbc' : undefined;
}

/** An operator has looked at it: the API server itself says Pending of a new object. */
export const isSeen = ({ object }: Watched): boolean =>
  (object.status?.conditions ?? []).some(({ reason }) => reason !== 'Pending');

export function isReady({ object }: Watched): boolean {
  const conditions = object.status?.conditions ?? [];
  const isTrue = (type: string) =>
    conditions.some((each) => each.type === type && each.status === 'True' && isCurrent(object, each));
  const isReachable = !conditions.some(({ type }) => type === 'Reachable') || isTrue('Reachable');
  return isTrue('Ready') && isReachable;
}

/** One sentence for each condition that is not True, those that are False first: they know why. */
export function hanging({ kind, object }: Watched): string[] {
  const conditions = (object.status?.conditions ?? []).filter(
    ({ type, status }) => status !== 'True' && !SUMMARIES.includes(type),
  );
  const known = conditions.filter(({ status }) => status === 'False');
  return (known.length > 0 ? known : conditions).map(
    ({ type, status, reason = '', message = '' }) => `${kind} ${type} is ${status} (${reason}): ${message}`,
  );
}

/** What the pod says of its containers and its place; undefined: there is no pod. */
export function podTroubles(pod: FoundObject | undefined): string[] {
  if (pod === undefined) return ['There is no pod yet: the StatefulSet could not make one, or was not made'];
  const { conditions = [], containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const place = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  const waiting = [...initContainerStatuses, ...containerStatuses].flatMap(waitingWords);
  const unready = conditions.find(({ type, status, message }) => type === 'Ready' && status === 'False' && message);
  if (place) return [`Pod ${pod.metadata.name} has no node: ${place.message ?? place.reason ?? ''}`];
  if (waiting.length > 0) return waiting.map((words) => `Pod ${pod.metadata.name}: ${words}`);
  return unready ? [`Pod ${pod.metadata.name} is not ready: ${unready.message ?? ''}`] : [];
}

function waitingWords({ name, image, state, restartCount = 0 }: ContainerStatus): string[] {
  const { reason, message } = state?.waiting ?? {};
  if (reason === undefined || reason === 'PodInitializing' || reason === 'ContainerCreating') return [];
  const restarts = restartCount > 0 ? `, started ${restartCount + 1} times` : '';
  return [
    `container ${name} waits: ${reason}${restarts} (image ${image})${message === undefined ? '' : `: ${message}`}`,
  ];
}
