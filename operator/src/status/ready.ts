/** The summary of the other conditions: the first that does not hold speaks. Pure. */
import type { ConditionOutcome } from './condition-outcome.ts';

export interface ReadyPart<Reason extends string> {
  readonly outcome: ConditionOutcome;
  /** The reason of `Ready` where this one is False. */
  readonly reason: Reason;
  /** Unknown here is as good as True: nobody can or wants to know. */
  readonly mayBeUnknown?: boolean;
}

/** @param parts the most telling first @param good what it says where all of them hold */
export function readySummary<Reason extends string, Good extends string = 'Ready'>(
  parts: readonly ReadyPart<Reason>[],
  good?: ConditionOutcome<Good>,
): ConditionOutcome<Reason | Good | 'Ready' | 'Pending'> {
  const failed = parts.find(({ outcome }) => outcome.status === 'False');
  if (failed !== undefined) return { status: 'False', reason: failed.reason, message: failed.outcome.message };
  const open = parts.find(({ outcome, mayBeUnknown }) => outcome.status === 'Unknown' && mayBeUnknown !== true);
  if (open !== undefined) return { status: 'Unknown', reason: 'Pending', message: open.outcome.message };
  return good ?? { status: 'True', reason: 'Ready', message: 'All is as it should be' };
}
