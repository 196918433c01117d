/**
 * Every reason that a condition can have: kind → condition type → reason. `docs/conditions.md` is made of it, and a reason
 * that does not stand here does not compile.
 */
import {
  acceptedInstance,
  acceptedRouting,
  acceptedTrunk,
  addressesAssigned,
  available,
  certificateReady,
  programmed,
  reachable,
  reachableTeams,
  readyInstance,
  readyMember,
  readyTrunk,
  resolvedRefs,
  resolvedRefsMember,
  resolvedRefsRouting,
  type ReasonEntry,
} from './condition-reasons.ts';
import type { conditionsOf } from './conditions.ts';

export type { ReasonEntry };

type ConditionsOf = typeof conditionsOf;
type ReasonedKind = keyof ConditionsOf;
type TypeOf<Of extends ReasonedKind> = ConditionsOf[Of][number];

export const reasons = {
  SbcInstance: {
    Accepted: acceptedInstance,
    ResolvedRefs: resolvedRefs,
    CertificateReady: certificateReady,
    AddressesAssigned: addressesAssigned,
    Programmed: programmed,
    Available: available,
    Ready: readyInstance,
  },
  TeamsTrunk: {
    Accepted: acceptedTrunk,
    ResolvedRefs: resolvedRefsMember,
    Programmed: programmed,
    Reachable: reachableTeams,
    Ready: readyTrunk,
  },
  PbxTrunk: {
    Accepted: acceptedTrunk,
    ResolvedRefs: resolvedRefsMember,
    Programmed: programmed,
    Reachable: reachable,
    Ready: readyTrunk,
  },
  CallRoute: {
    Accepted: acceptedRouting,
    ResolvedRefs: resolvedRefsRouting,
    Programmed: programmed,
    Ready: readyMember,
  },
  NumberPolicy: {
    Accepted: acceptedRouting,
    ResolvedRefs: resolvedRefsMember,
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
