/** What the outcome of an instance says about one of its members. Pure. */
import type { ReasonOf } from '@teams-sbc/crds';
import { conditionOfReason } from '../compile/problem.ts';
import type { Problem } from '../compile/problem.ts';
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
  const former = outcome.former.get(member);
  const isLeftOut = former === undefined && !hashes.has(member);
  const own = problems.get(member) ?? [];
  const faultOf = (condition: 'Accepted' | 'ResolvedRefs') => {
    const faults = own.filter(({ reason }) => conditionOfReason[reason] === condition);
    const [first] = faults;
    return (
      first && {
        reason: first.reason,
        message: withFormer(faultsText(faults), former),
        isLeftOut,
        isFormer: former !== undefined,
      }
    );
  };
  const reference = references.get(member);
  const unresolved = reference && {
    ...{ reason: reference.reason, message: withFormer(reference.message, former) },
    ...{ isLeftOut, isFormer: former !== undefined },
  };
  return {
    // The compiler gives each kind the reasons of that kind alone.
    problem: (faultOf('Accepted') ?? certificateFault(outcome, member)) as Fault<ReasonOf<Of, 'Accepted'>> | undefined,
    reference: (unresolved ?? faultOf('ResolvedRefs')) as Fault<ReasonOf<Of, 'ResolvedRefs'>> | undefined,
    notes: outcome.notes.get(member) ?? [],
    blocked,
    failure,
    pods,
    wanted,
    wantedForMs: nowMs - wantedSinceMs,
    isIn: (hash) => isIn(outcome, member, hash),
  };
}

/** What is wrong with it, and what happens in the meantime. */
export function withFormer(fault: string, former: string | undefined): string {
  return former === undefined ? fault : `${fault}; ${former}`;
}

const mostFaults = 8;

/** All of them: who mends one should not find the next one afterwards. */
function faultsText(faults: readonly Problem[]): string {
  const said = faults.slice(0, mostFaults).map(({ field, message }) => `${field}: ${message}`);
  const others = faults.length - said.length;
  return [...said, ...(others > 0 ? [`and ${String(others)} more like these`] : [])].join('; ');
}

/** It is served all the same: Microsoft may still take it, and its PBX side works. */
function certificateFault(
  { uncovered }: InstanceOutcome,
  member: string,
): Fault<ReasonOf<'TeamsTrunk', 'Accepted'>> | undefined {
  const message = uncovered.get(member);
  return message === undefined ? undefined : { reason: 'CertificateFull', message, isLeftOut: false };
}
