/** The status of a TeamsTrunk: what to register, how Microsoft's data centres are, what it last refused. Pure. */
import { endpointsOf } from '@teams-sbc/crds';
import type { TeamsTrunk, TeamsTrunkStatus } from '@teams-sbc/crds';
import type { PeerRefusal } from '@teams-sbc/crds/runtime';
import { decodeRefusal } from './decode-refusal.ts';
import type { MemberFacts } from './member.ts';
import { isOnItsWay, memberOutcomes, podCounts } from './member.ts';
import type { MergedTarget } from './merge-targets.ts';
import { mergeTargets, newestRefusal, receivesOptions } from './merge-targets.ts';
import type { StatusOf } from './outcomes.ts';
import { probedByCarrier } from './probed-by-carrier.ts';
import { reachable } from './reachable.ts';
import { trunkReady } from './trunk-ready.ts';

export interface TeamsTrunkFacts extends MemberFacts<'TeamsTrunk'> {
  readonly trunk: TeamsTrunk;
  readonly gateways: NonNullable<TeamsTrunkStatus['gateways']>;
  readonly certificate: TeamsTrunkStatus['certificate'];
  /** Of a trunk with a subdomain: the names of those that send OPTIONS for the FQDNs which it lies below. */
  readonly carriers: 'Missing' | readonly string[] | undefined;
  readonly nowMs: number;
}

export function teamsTrunkStatus(facts: TeamsTrunkFacts): StatusOf<'TeamsTrunk', TeamsTrunkStatus> {
  const { trunk, pods, gateways, certificate, carriers, nowMs } = facts;
  const { name } = trunk.metadata;
  const member = memberOutcomes<'TeamsTrunk'>(facts);
  const targets = mergeTargets(name, endpointsOf(trunk.spec), pods);
  const isProbed = carriers === undefined && trunk.spec.options.periodSeconds > 0;
  const isProgrammed = member.Programmed.status === 'True';
  const Reachable =
    carriers === 'Missing'
      ? ({
          status: 'Unknown',
          reason: 'CarrierMissing',
          message: `no TeamsTrunk sends OPTIONS for the names that the subdomain ${trunk.spec.subdomain ?? ''} lies below`,
        } as const)
      : carriers !== undefined
        ? probedByCarrier({ carriers, pods, isProgrammed })
        : reachable({ targets, pods, isProgrammed, isProbed, mustTake: true });
  const Ready = trunkReady({ ...member, Reachable });
  const refusal = newestRefusal(name, pods);
  return {
    conditions: { ...member, Reachable, Ready },
    fields: {
      gateways: [...gateways],
      dataCentres: targets.map((target) => ({ host: target.host, port: target.port ?? 5061, ...targetFields(target) })),
      ...(isProbed && { receivesOptions: receivesOptions(name, pods, nowMs) }),
      ...(certificate !== undefined && { certificate }),
      ...(refusal !== undefined && { lastRefusal: refusalFields(refusal, decodeRefusal(microsoftsWords(refusal))) }),
      pods: podCounts(facts),
    },
    isOnItsWay: isOnItsWay(member),
  };
}

/** Its code and its words, wherever they stand. */
function microsoftsWords({ status, reasonHeader, warning, phrase }: PeerRefusal) {
  return { status, reason: [reasonHeader, warning, phrase].filter((text) => text !== undefined).join(' ') };
}

export function targetFields({ state, lastStatus, lastFailure, heldUntil, tls }: MergedTarget) {
  return {
    state,
    ...(lastStatus !== undefined && { lastStatus }),
    ...(lastFailure !== undefined && { lastFailure }),
    ...(tls !== undefined && { tls: tls.state }),
    ...(heldUntil !== undefined && { heldUntil }),
  };
}

export function refusalFields(
  { status, text, phrase, host, method, pod, at }: PeerRefusal & { readonly pod: string },
  { meaning, remedy }: { readonly meaning: string; readonly remedy: string },
) {
  return { status, reason: text ?? phrase, meaning, remedy, host, method, pod, at };
}
