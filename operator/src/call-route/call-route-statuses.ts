/** The controller of CallRoute: status alone, all else is the instance's. */
import { memberFacts } from '../member/member-facts.ts';
import type { MemberStatuses } from '../member/member-reconciler.ts';
import { memberName } from '../observe/gather-members.ts';
import { callRouteStatus, memberReady } from '../status/routing-status.ts';

export const callRouteStatuses: MemberStatuses<'CallRoute'> = {
  kind: 'CallRoute',
  statusOf: ({ metadata }, outcome, { nowMs }) =>
    callRouteStatus(memberFacts<'CallRoute'>(outcome, memberName('CallRoute', metadata.name), nowMs)),
  leftAlone: (outcomes) => ({ ...outcomes, Ready: memberReady(outcomes) }),
};
