/**
 * Which of several operators looks after an instance, as a pure machine. They serve the same namespaces by mistake, and may not
 * read each other's Lease: what both see is an annotation of the StatefulSet with the name of who looks after it.
 *
 *     New ──our name, or none──► Ours ◄──30 s without an objection── Asking ◄──time is over── Left
 *      └──another name──► Asking (our name is written over it)          └────objection────────► ▲
 *                         Ours ──another name──► Ours (objects: writes its own again)           │
 *                          └──both had it at once, or the other objects too─────────────────────┘
 *
 * Who asks, or has left it, writes nothing else. So an operator that is gone is followed by the next one, and two that live
 * never write in turns.
 */

/** On the StatefulSet: `namespace/lease` of the operator that looks after the instance. */
export const operatorAnnotation = 'teams-sbc.dev/operator';

/** Longer than a lease that runs out, and a start. */
export const OBJECTION_MS = 30_000;
/** From the first time that it was left to another until it is asked for again; doubles. */
export const FIRST_LEAVE_MS = 60_000;
export const LONGEST_LEAVE_MS = 600_000;
/** As often within `FIRST_LEAVE_MS` nobody objects who asks before he acts. */
const MAX_OBJECTIONS = 8;

export type Claim =
  | { readonly kind: 'new' }
  | { readonly kind: 'asking'; readonly of: string; readonly sinceMs: number; readonly refusals: number }
  | {
      readonly kind: 'ours';
      /** Nobody had it: somebody else may have taken it at the same moment. Undefined: it is certain. */
      readonly takenMs?: number | undefined;
      readonly objections: number;
      readonly objectedMs: number;
      /** To which version of the StatefulSet: a cache that is behind still holds it. */
      readonly objectedTo?: string | undefined;
    }
  | { readonly kind: 'left'; readonly to: string; readonly untilMs: number; readonly refusals: number };

export interface ClaimFacts {
  /** Ours, as it is written into the annotation. */
  readonly identity: string;
  /** Absent: there is no StatefulSet. */
  readonly found?: { readonly operator: string | undefined; readonly version?: string | undefined } | undefined;
  readonly nowMs: number;
}

export interface ClaimStep {
  readonly claim: Claim;
  /** Our name has to be written. */
  readonly isToWrite: boolean;
  /** When to look again; undefined: the instance is ours, and looked after now. */
  readonly againInMs: number | undefined;
}

export function stepClaim(claim: Claim, facts: ClaimFacts): ClaimStep {
  const { found, identity, nowMs } = facts;
  if (claim.kind === 'left' && nowMs < claim.untilMs && found?.operator !== identity)
    return wait(claim, claim.untilMs - nowMs);
  // Also a cache that has not seen our name yet: it has until then.
  if (claim.kind === 'asking' && nowMs - claim.sinceMs < OBJECTION_MS)
    return wait(claim, claim.sinceMs + OBJECTION_MS - nowMs);
  if (found === undefined) return tend(claim.kind === 'ours' ? claim : { kind: 'new' });
  if (found.operator === identity) return tend(claim.kind === 'ours' ? claim : certain);
  if (found.operator === undefined) return unnamed(claim, nowMs);
  return foreign(claim, found.operator, facts);
}

/** Whose it is, where it is not ours. */
export const otherOperator = (claim: Claim): string | undefined => (claim.kind === 'left' ? claim.to : undefined);

const certain = { kind: 'ours', objections: 0, objectedMs: 0 } as const;

function unnamed(claim: Claim, nowMs: number): ClaimStep {
  if (claim.kind === 'ours') return { claim, isToWrite: true, againInMs: undefined };
  return { claim: { ...certain, takenMs: nowMs }, isToWrite: true, againInMs: undefined };
}

function foreign(claim: Claim, other: string, facts: ClaimFacts): ClaimStep {
  const { nowMs } = facts;
  switch (claim.kind) {
    case 'new':
      return ask(other, 0, nowMs);
    case 'left':
      return ask(other, claim.refusals, nowMs);
    case 'asking':
      return leave(other, claim.refusals + 1, facts);
    case 'ours': {
      const objectedTo = facts.found?.version;
      if (objectedTo !== undefined && objectedTo === claim.objectedTo) return tend(claim);
      const isYoung = claim.takenMs !== undefined && nowMs - claim.takenMs < OBJECTION_MS;
      const objections = nowMs - claim.objectedMs < FIRST_LEAVE_MS ? claim.objections + 1 : 1;
      if (isYoung || objections > MAX_OBJECTIONS) return leave(other, 1, facts);
      return {
        claim: { kind: 'ours', objections, objectedMs: nowMs, objectedTo },
        isToWrite: true,
        againInMs: undefined,
      };
    }
  }
}

const ask = (of: string, refusals: number, nowMs: number): ClaimStep => ({
  claim: { kind: 'asking', of, refusals, sinceMs: nowMs },
  isToWrite: true,
  againInMs: OBJECTION_MS,
});

function leave(to: string, refusals: number, { identity, nowMs }: ClaimFacts): ClaimStep {
  const forMs = Math.min(FIRST_LEAVE_MS * 2 ** (refusals - 1), LONGEST_LEAVE_MS) * (1 + shareOf(identity));
  return wait({ kind: 'left', to, refusals, untilMs: nowMs + forMs }, forMs);
}

const tend = (claim: Claim): ClaimStep => ({ claim, isToWrite: false, againInMs: undefined });
const wait = (claim: Claim, againInMs: number): ClaimStep => ({ claim, isToWrite: false, againInMs });

/** 0 to 1, another for each name: two that leave it to each other do not ask at the same moment. */
function shareOf(identity: string): number {
  let sum = 0;
  for (let index = 0; index < identity.length; index++) sum = (sum * 31 + identity.charCodeAt(index)) % 997;
  return sum / 997;
}
