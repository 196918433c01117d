/** The controller of PbxTrunk: status alone, all else is the instance's. */
import { memberFacts } from '../member/member-facts.ts';
import type { MemberStatuses } from '../member/member-reconciler.ts';
import { memberName } from '../observe/gather-members.ts';
import { pbxTrunkStatus } from '../status/pbx-trunk-status.ts';
import { trunkReady } from '../status/trunk-ready.ts';

const notProgrammed = { status: 'Unknown', reason: 'NotProgrammed', message: 'no pod runs the trunk' } as const;

export const pbxTrunkStatuses: MemberStatuses<'PbxTrunk'> = {
  kind: 'PbxTrunk',
  statusOf: (trunk, outcome, { nowMs }) =>
    pbxTrunkStatus({
      ...memberFacts<'PbxTrunk'>(outcome, memberName('PbxTrunk', trunk.metadata.name), nowMs),
      trunk,
    }),
  leftAlone: (outcomes) => ({
    ...outcomes,
    Reachable: notProgrammed,
    Ready: trunkReady({ ...outcomes, Reachable: notProgrammed }),
  }),
};
