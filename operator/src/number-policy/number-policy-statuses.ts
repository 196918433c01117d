/** The controller of NumberPolicy: status alone, all else is the instance's. */
import { memberFacts } from '../member/member-facts.ts';
import type { MemberStatuses } from '../member/member-reconciler.ts';
import { memberName } from '../observe/gather-members.ts';
import { memberReady, numberPolicyStatus } from '../status/routing-status.ts';

export const numberPolicyStatuses: MemberStatuses<'NumberPolicy'> = {
  kind: 'NumberPolicy',
  statusOf: ({ metadata }, outcome, { nowMs }) =>
    numberPolicyStatus(memberFacts<'NumberPolicy'>(outcome, memberName('NumberPolicy', metadata.name), nowMs)),
  leftAlone: (outcomes) => ({ ...outcomes, Ready: memberReady(outcomes) }),
};
