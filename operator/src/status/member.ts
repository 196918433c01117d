/** What trunks, routes and policies of an instance have in common: accepted or not, resolved or not, run or not. Pure. */
import type { ReasonOf } from '@teams-sbc/crds';
import type { ConditionOutcome } from './condition-outcome.ts';
import type { OutcomesOf } from './outcomes.ts';
import type { PodView } from './pod-view.ts';
import type { Programmed } from './programmed.ts';
import { programmed } from './programmed.ts';

export type MemberKind = 'TeamsTrunk' | 'PbxTrunk' | 'CallRoute' | 'NumberPolicy';

export interface Fault<Reason extends string> {
  readonly reason: Reason;
  /** With the path of its field in front; no full stop. */
  readonly message: string;
  /** It is left out of the routing state for it; else it is served in part. */
  readonly isLeftOut: boolean;
  /** The pods run what was accepted before. @default false */
  readonly isFormer?: boolean;
}

/** What the last look at the instance found out about one of its members. */
export interface MemberFacts<Of extends MemberKind> {
  /** Of the manifest, or of how it stands to the others. */
  readonly problem: Fault<ReasonOf<Of, 'Accepted'>> | undefined;
  /** Of something that it names. */
  readonly reference: Fault<ReasonOf<Of, 'ResolvedRefs'>> | undefined;
  /** What is served as it is written and hardly meant so. */
  readonly notes?: readonly string[];
  /** The instance keeps its last good routing state, for this reason. */
  readonly blocked: string | undefined;
  /** What the API server refused of the instance, for this reason. */
  readonly failure: string | undefined;
  readonly pods: readonly PodView[];
  /** The hash of the document that pods should run; undefined: there is none yet. */
  readonly wanted: string | undefined;
  /** How long it has been that one. */
  readonly wantedForMs: number;
  /** Whether the document of that hash holds the member as it is written now. */
  readonly isIn: (hash: string) => boolean;
}

export interface MemberOutcomes<Of extends MemberKind> {
  readonly Accepted: ConditionOutcome<ReasonOf<Of, 'Accepted'> | 'Accepted' | 'DocumentInvalid'>;
  readonly ResolvedRefs: ConditionOutcome<ReasonOf<Of, 'ResolvedRefs'> | 'ResolvedRefs'>;
  readonly Programmed: Programmed;
}

export function memberOutcomes<Of extends MemberKind>(facts: MemberFacts<Of>): MemberOutcomes<Of> {
  const { problem, reference, blocked, notes = [] } = facts;
  const isKeptOut = blocked !== undefined && (facts.wanted === undefined || !facts.isIn(facts.wanted));
  const leftOut = [problem, reference].find((fault) => fault?.isLeftOut === true);
  const former = [problem, reference].find((fault) => fault?.isFormer === true);
  return {
    Accepted:
      problem !== undefined
        ? no(problem.reason, problem.message)
        : isKeptOut
          ? no('DocumentInvalid', blocked)
          : { status: 'True', reason: 'Accepted', message: ['The manifest is valid', ...notes].join('; ') },
    ResolvedRefs:
      reference === undefined
        ? { status: 'True', reason: 'ResolvedRefs', message: 'Everything that it names is there' }
        : no(reference.reason, reference.message),
    Programmed: programmed({
      ...facts,
      // What is in the document in force was applied before.
      failure: facts.wanted !== undefined && facts.isIn(facts.wanted) ? undefined : facts.failure,
      leftOut:
        former !== undefined
          ? `the pods run it as it was before: ${former.message}`
          : leftOut !== undefined
            ? `it is left out of the routing state: ${leftOut.message}`
            : isKeptOut
              ? `the instance keeps its last good routing state: ${blocked}`
              : undefined,
    }),
  };
}

/** Of a member that no instance looks at: in the words that all kinds have. */
export type LeftAlone = Pick<OutcomesOf<'NumberPolicy'>, 'Accepted' | 'ResolvedRefs' | 'Programmed'>;

/** Of a member whose instance is not there. */
export function orphanOutcomes(sbc: string, namespace: string): LeftAlone {
  const message = `spec.sbcRef.name: found ${sbc}, but namespace ${namespace} has no SbcInstance of that name`;
  return {
    Accepted: pendingAs('not looked at before its SbcInstance is there'),
    ResolvedRefs: no('InstanceNotFound', message),
    Programmed: no('NotAccepted', message),
  };
}

/** Of a stored manifest that breaks a rule of this release. */
export function invalidOutcomes(message: string): LeftAlone {
  return {
    Accepted: no('Invalid', message),
    ResolvedRefs: pendingAs('not looked at while the manifest is invalid'),
    Programmed: no('NotAccepted', message),
  };
}

interface PodFacts {
  readonly pods: readonly PodView[];
  readonly isIn: (hash: string) => boolean;
}

/** How far it has come. */
export function podCounts({ pods, isIn }: PodFacts) {
  const ready = pods.filter(({ isReady }) => isReady);
  const inSync = ready.filter(({ answers, hash }) => answers && hash !== undefined && isIn(hash));
  return { ready: ready.length, inSync: inSync.length };
}

interface SomeOutcomes {
  readonly Accepted: ConditionOutcome;
  readonly ResolvedRefs: ConditionOutcome;
  readonly Programmed: Programmed;
}

/** It is accepted and complete, and the pods have not said yet that they run it: likely to be over in a moment. */
export function isOnItsWay({ Accepted, ResolvedRefs, Programmed }: SomeOutcomes): boolean {
  return (
    Accepted.status === 'True' &&
    ResolvedRefs.status === 'True' &&
    (Programmed.reason === 'Pending' || Programmed.reason === 'PodsSilent')
  );
}

function no<Reason extends string>(reason: Reason, message: string) {
  return { status: 'False', reason, message } as const;
}

const pendingAs = (message: string) => ({ status: 'Unknown', reason: 'Pending', message }) as const;
