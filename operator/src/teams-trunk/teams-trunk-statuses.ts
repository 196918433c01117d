/** The controller of TeamsTrunk: status alone, all else is the instance's. */
import type { TeamsTrunk } from '@teams-sbc/crds';
import { memberFacts } from '../member/member-facts.ts';
import type { MemberStatuses } from '../member/member-reconciler.ts';
import type { InstanceOutcome } from '../observe/instance-outcome.ts';
import { carriersOf } from '../observe/carriers.ts';
import { memberName } from '../observe/gather-members.ts';
import { teamsTrunkStatus } from '../status/teams-trunk-status.ts';
import type { TeamsTrunkFacts } from '../status/teams-trunk-status.ts';
import { trunkReady } from '../status/trunk-ready.ts';

const notProgrammed = { status: 'Unknown', reason: 'NotProgrammed', message: 'no pod runs the trunk' } as const;

const SILENCE_MS = 300_000;

export const teamsTrunkStatuses: MemberStatuses<'TeamsTrunk'> = {
  kind: 'TeamsTrunk',
  statusOf(trunk, outcome, { nowMs, wallMs }) {
    const { name } = trunk.metadata;
    const status = teamsTrunkStatus({
      ...memberFacts<'TeamsTrunk'>(outcome, memberName('TeamsTrunk', name), nowMs),
      trunk,
      gateways: [...(outcome.gateways.get(name) ?? [])],
      certificate: outcome.certificate,
      carriers: carriersAbove(trunk, outcome),
      nowMs: wallMs,
    });
    // Silence has no event.
    return status.fields.receivesOptions === 'Yes' ? { ...status, lookAgainMs: SILENCE_MS } : status;
  },
  leftAlone: (outcomes) => ({
    ...outcomes,
    Reachable: notProgrammed,
    Ready: trunkReady({ ...outcomes, Reachable: notProgrammed }),
  }),
};

function carriersAbove({ spec, metadata }: TeamsTrunk, outcome: InstanceOutcome): TeamsTrunkFacts['carriers'] {
  if (spec.subdomain === undefined) return undefined;
  return outcome.orphans.has(metadata.name) ? 'Missing' : [...carriersOf(outcome, metadata.name)];
}
