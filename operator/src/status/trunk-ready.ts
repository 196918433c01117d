/** The summary of a trunk. Pure. */
import type { ConditionOutcome } from './condition-outcome.ts';
import { readySummary } from './ready.ts';

interface TrunkParts {
  readonly Accepted: ConditionOutcome;
  readonly ResolvedRefs: ConditionOutcome;
  readonly Programmed: ConditionOutcome;
  readonly Reachable: ConditionOutcome;
}

export function trunkReady({ Accepted, ResolvedRefs, Programmed, Reachable }: TrunkParts) {
  return readySummary([
    { type: 'Accepted', outcome: Accepted, reason: 'NotAccepted' },
    { type: 'ResolvedRefs', outcome: ResolvedRefs, reason: 'RefsNotResolved' },
    { type: 'Programmed', outcome: Programmed, reason: 'NotProgrammed' },
    // Whom nobody asks may well be there.
    { type: 'Reachable', outcome: Reachable, reason: 'NotReachable', mayBeUnknown: Reachable.reason !== 'Pending' },
  ] as const);
}
