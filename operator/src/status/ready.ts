/** The summary of the other conditions: False only for what somebody must mend on this object. Pure. */
import { reasons } from '@teams-sbc/crds';
import type { ConditionType, ReasonEntry } from '@teams-sbc/crds';
import type { ConditionOutcome } from './condition-outcome.ts';

export interface ReadyPart<Reason extends string> {
  readonly type: ConditionType;
  readonly outcome: ConditionOutcome;
  /** The reason of `Ready` where this one is False for good. */
  readonly reason: Reason;
  /** Unknown here is as good as True: nobody can or wants to know. */
  readonly mayBeUnknown?: boolean;
}

/** `Programmed Pending` and the like; a reason of one condition passes on every kind, or on none. */
const passing: ReadonlySet<string> = new Set(
  Object.values(reasons).flatMap((types) =>
    Object.entries(types).flatMap(([type, entries]) =>
      Object.entries(entries as Readonly<Record<string, ReasonEntry>>).flatMap(([reason, { isProgress }]) =>
        isProgress === true ? [`${type} ${reason}`] : [],
      ),
    ),
  ),
);

/** @param parts the most telling first @param good what it says where all of them hold */
export function readySummary<Reason extends string, Good extends string = 'Ready'>(
  parts: readonly ReadyPart<Reason>[],
  good?: ConditionOutcome<Good>,
): ConditionOutcome<Reason | Good | 'Ready' | 'Pending' | 'Progressing'> {
  const isPassing = ({ type, outcome }: ReadyPart<Reason>) => passing.has(`${type} ${outcome.reason}`);
  const faulty = parts.filter(({ outcome }) => outcome.status === 'False');
  const failed = faulty.find((part) => !isPassing(part));
  if (failed !== undefined) return { status: 'False', reason: failed.reason, message: failed.outcome.message };
  const [late] = faulty;
  if (late !== undefined) return { status: 'Unknown', reason: 'Progressing', message: late.outcome.message };
  const open = parts.find(({ outcome, mayBeUnknown }) => outcome.status === 'Unknown' && mayBeUnknown !== true);
  if (open !== undefined) return { status: 'Unknown', reason: 'Pending', message: open.outcome.message };
  return good ?? { status: 'True', reason: 'Ready', message: 'All is as it should be' };
}
