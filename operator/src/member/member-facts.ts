/** What the outcome of an instance says about one of its members. Pure. */
import type { ReasonOf } from '@teams-sbc/crds';
import { conditionOfReason } from '../compile/problem.ts';
import type { InstanceOutcome } from '../observe/instance-outcome.ts';
import { isIn } from '../observe/instance-outcome.ts';
import type { Fault, MemberFacts, MemberKind } from '../status/member.ts';

/** @param member `Kind/name` */
export function memberFacts<Of extends MemberKind>(
  outcome: InstanceOutcome,
  member: string,
  nowMs: number,
): MemberFacts<Of> {
  const { problems, references, hashes, blocked, failure, pods, wanted, wantedSinceMs } = outcome;
  const isLeftOut = !hashes.has(member);
  const own = problems.get(member) ?? [];
  const faultOf = (condition: 'Accepted' | 'ResolvedRefs') => {
    const problem = own.find(({ reason }) => conditionOfReason[reason] === condition);
    return problem && { reason: problem.reason, message: `${problem.field}: ${problem.message}`, isLeftOut };
  };
  const reference = references.get(member);
  const unresolved = reference && { ...reference, isLeftOut };
  return {
    // The compiler gives each kind the reasons of that kind alone.
    problem: (faultOf('Accepted') ?? certificateFault(outcome, member)) as Fault<ReasonOf<Of, 'Accepted'>> | undefined,
    reference: (unresolved ?? faultOf('ResolvedRefs')) as Fault<ReasonOf<Of, 'ResolvedRefs'>> | undefined,
    blocked,
    failure,
    pods,
    wanted,
    wantedForMs: nowMs - wantedSinceMs,
    isIn: (hash) => isIn(outcome, member, hash),
  };
}

/** It is served all the same: Microsoft may still take it, and its PBX side works. */
function certificateFault(
  { uncovered }: InstanceOutcome,
  member: string,
): Fault<ReasonOf<'TeamsTrunk', 'Accepted'>> | undefined {
  const message = uncovered.get(member);
  return message === undefined ? undefined : { reason: 'CertificateFull', message, isLeftOut: false };
}
