/** Conditions of an object, brought up to date. Pure. */
import type { Condition, ConditionType } from '@teams-sbc/crds';
import type { ConditionOutcome } from './condition-outcome.ts';

/** Characters; the schema of the API server allows 32768. */
const maxMessage = 4096;

/** What the schema's default has where the operator has not been. */
const unsetTimes: ReadonlySet<string> = new Set(['', '1970-01-01T00:00:00Z']);

/** One entry for each type, in their order. */
export type Outcomes = Readonly<Partial<Record<ConditionType, ConditionOutcome>>>;

/**
 * The conditions of `outcomes` in its order; one keeps its `lastTransitionTime` unless its status changes.
 * Conditions of others, whose type we do not set, are not ours to write: server-side apply leaves them alone.
 */
export function upsertConditions(
  previous: readonly Condition[] | undefined,
  outcomes: Outcomes,
  generation: number | undefined,
  nowMs: number,
): Condition[] {
  return (Object.entries(outcomes) as [ConditionType, ConditionOutcome][]).map(([type, outcome]) => {
    const before = previous?.find((each) => each.type === type);
    return {
      type,
      status: outcome.status,
      reason: outcome.reason,
      message: outcome.message.length > maxMessage ? `${outcome.message.slice(0, maxMessage - 1)}…` : outcome.message,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime:
        before?.status === outcome.status && !unsetTimes.has(before.lastTransitionTime)
          ? before.lastTransitionTime
          : timestamp(nowMs),
    };
  });
}

/** RFC 3339 to the second, as Kubernetes writes times. */
function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
