/**
 * Every reason that a condition can have: kind → condition type → reason. `docs/conditions.md` is made of it, and a reason
 * that does not stand here does not compile.
 */
import { addressesAssigned, certificateReady } from './certificate-reasons.ts';
import {
  acceptedInstance,
  acceptedPbxTrunk,
  acceptedRouting,
  acceptedTeamsTrunk,
  available,
  draining,
  programmed,
  reachable,
  reachableTeams,
  readyInstance,
  readyMember,
  readyTrunk,
  resolvedRefsInstance,
  resolvedRefsPbxTrunk,
  resolvedRefsPolicy,
  resolvedRefsRoute,
  resolvedRefsTeamsTrunk,
} from './condition-reasons.ts';
import type { ReasonEntry } from './reason-entry.ts';
import type { conditionsOf } from './conditions.ts';

export type { ReasonEntry };

type ConditionsOf = typeof conditionsOf;
type ReasonedKind = keyof ConditionsOf;
type TypeOf<Of extends ReasonedKind> = ConditionsOf[Of][number];

export const reasons = {
  SbcInstance: {
    Accepted: acceptedInstance,
    ResolvedRefs: resolvedRefsInstance,
    CertificateReady: certificateReady,
    AddressesAssigned: addressesAssigned,
    Programmed: programmed,
    Available: available,
    Draining: draining,
    Ready: readyInstance,
  },
  TeamsTrunk: {
    Accepted: acceptedTeamsTrunk,
    ResolvedRefs: resolvedRefsTeamsTrunk,
    Programmed: programmed,
    Reachable: reachableTeams,
    Ready: readyTrunk,
  },
  PbxTrunk: {
    Accepted: acceptedPbxTrunk,
    ResolvedRefs: resolvedRefsPbxTrunk,
    Programmed: programmed,
    Reachable: reachable,
    Ready: readyTrunk,
  },
  CallRoute: {
    Accepted: acceptedRouting,
    ResolvedRefs: resolvedRefsRoute,
    Programmed: programmed,
    Ready: readyMember,
  },
  NumberPolicy: {
    Accepted: acceptedRouting,
    ResolvedRefs: resolvedRefsPolicy,
    Programmed: programmed,
    Ready: readyMember,
  },
} as const satisfies {
  readonly [Of in ReasonedKind]: Readonly<Record<TypeOf<Of>, Readonly<Record<string, ReasonEntry>>>>;
};

/** `ReasonOf<'TeamsTrunk', 'Reachable'>` is `'Reachable' | 'NoAnswer' | …`. */
export type ReasonOf<Of extends ReasonedKind, Type extends TypeOf<Of>> = Type extends keyof (typeof reasons)[Of]
  ? keyof (typeof reasons)[Of][Type] & string
  : never;
