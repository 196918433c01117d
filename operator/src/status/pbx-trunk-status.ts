/** The status of a PbxTrunk: how its hosts are, what they last refused. Pure. */
import type { PbxTrunk, PbxTrunkStatus } from '@teams-sbc/crds';
import { decodePbxRefusal } from './decode-pbx-refusal.ts';
import type { MemberFacts } from './member.ts';
import { isOnItsWay, memberOutcomes, podCounts } from './member.ts';
import { mergeTargets, newestRefusal } from './merge-targets.ts';
import type { StatusOf } from './outcomes.ts';
import { reachable } from './reachable.ts';
import { refusalFields, targetFields } from './teams-trunk-status.ts';
import { trunkReady } from './trunk-ready.ts';

export interface PbxTrunkFacts extends MemberFacts<'PbxTrunk'> {
  readonly trunk: PbxTrunk;
}

export function pbxTrunkStatus(facts: PbxTrunkFacts): StatusOf<'PbxTrunk', PbxTrunkStatus> {
  const { trunk, pods } = facts;
  const { name } = trunk.metadata;
  const { peers, options } = trunk.spec;
  const member = memberOutcomes<'PbxTrunk'>(facts);
  const targets = mergeTargets(name, peers, pods);
  const isProgrammed = member.Programmed.status === 'True';
  const Reachable = reachable({ targets, pods, isProgrammed, isProbed: options.periodSeconds > 0, mustTake: false });
  const refusal = newestRefusal(name, pods);
  return {
    conditions: { ...member, Reachable, Ready: trunkReady({ ...member, Reachable }) },
    fields: {
      peers: peers.map((peer, index) => {
        const target = targets[index];
        const { host, port } = peer;
        return {
          name: peer.name,
          host,
          ...(port !== undefined && { port }),
          ...(target === undefined ? { state: 'Unknown' as const } : targetFields(target)),
        };
      }),
      ...(refusal !== undefined && { lastRefusal: refusalFields(refusal, decodePbxRefusal(refusal.status)) }),
      pods: podCounts(facts),
    },
    isOnItsWay: isOnItsWay(member),
  };
}
