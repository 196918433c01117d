/** How long an instance has been without what a start takes time for: told from what its status said before. Pure. */
import type { Condition, ConditionType, Status } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { OVERDUE_MS } from '../status/draining.ts';
import type { InstanceFacts } from '../status/instance-status.ts';

interface WaitedFacts {
  /** As it was written last. */
  readonly status: unknown;
  readonly pods: readonly KubeObject[];
  readonly nowMs: number;
}

/** Since the condition became False, and since the youngest pod came: what is new may take its time. */
export function waited({ status, pods, nowMs }: WaitedFacts): InstanceFacts['waitedMs'] {
  const { conditions = [] } = (status ?? {}) as Status;
  const youngestMs = Math.max(0, ...pods.map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? '') || 0));
  const find = (type: ConditionType) => conditions.find((each) => each.type === type);
  const forMs = (condition: Condition | undefined) =>
    condition?.status === 'False'
      ? Math.max(0, nowMs - Math.max(Date.parse(condition.lastTransitionTime), youngestMs))
      : 0;
  const available = find('Available');
  return {
    AddressesAssigned: forMs(find('AddressesAssigned')),
    Available: isStuck(pods, nowMs) || hasFailed(available, pods, youngestMs) ? Infinity : forMs(available),
  };
}

function isStuck(pods: readonly KubeObject[], nowMs: number): boolean {
  // The deletionTimestamp is when the grace ends.
  const isOverdue = ({ metadata }: KubeObject) =>
    metadata.deletionTimestamp !== undefined && nowMs - Date.parse(metadata.deletionTimestamp) > OVERDUE_MS;
  return pods.length > 0 && pods.every(isOverdue);
}

/** Nothing starts: pods that were ready are so no more, and no new one has come since. */
function hasFailed(available: Condition | undefined, pods: readonly KubeObject[], youngestMs: number): boolean {
  if (available?.status === 'True') return pods.some(({ metadata }) => metadata.deletionTimestamp === undefined);
  return available?.reason === 'NoReadyPod' && youngestMs < Date.parse(available.lastTransitionTime);
}
