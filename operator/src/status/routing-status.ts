/** The status of a CallRoute and of a NumberPolicy. Pure. */
import type { ConditionOutcome } from './condition-outcome.ts';
import type { MemberFacts } from './member.ts';
import { isOnItsWay, memberOutcomes, podCounts } from './member.ts';
import type { StatusOf } from './outcomes.ts';
import { readySummary } from './ready.ts';

interface PodsField {
  readonly pods: ReturnType<typeof podCounts>;
}

export function callRouteStatus(facts: MemberFacts<'CallRoute'>): StatusOf<'CallRoute', PodsField> {
  const member = memberOutcomes<'CallRoute'>(facts);
  return {
    conditions: { ...member, Ready: memberReady(member) },
    fields: { pods: podCounts(facts) },
    isOnItsWay: isOnItsWay(member),
  };
}

export function numberPolicyStatus(facts: MemberFacts<'NumberPolicy'>): StatusOf<'NumberPolicy', PodsField> {
  const member = memberOutcomes<'NumberPolicy'>(facts);
  return {
    conditions: { ...member, Ready: memberReady(member) },
    fields: { pods: podCounts(facts) },
    isOnItsWay: isOnItsWay(member),
  };
}

interface MemberParts {
  readonly Accepted: ConditionOutcome;
  readonly ResolvedRefs: ConditionOutcome;
  readonly Programmed: ConditionOutcome;
}

/** Of a member that is no trunk. */
export function memberReady({ Accepted, ResolvedRefs, Programmed }: MemberParts) {
  return readySummary([
    { type: 'Accepted', outcome: Accepted, reason: 'NotAccepted' },
    { type: 'ResolvedRefs', outcome: ResolvedRefs, reason: 'RefsNotResolved' },
    { type: 'Programmed', outcome: Programmed, reason: 'NotProgrammed' },
  ] as const);
}
