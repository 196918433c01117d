/** The conditions of a kind, with the reasons that the catalogue has for each. Types, and the outcome before the first look. */
import type { conditionsOf, ReasonOf } from '@teams-sbc/crds';
import type { ConditionOutcome } from './condition-outcome.ts';

type Conditioned = typeof conditionsOf;
type ConditionedKind = keyof Conditioned;

export type OutcomesOf<Of extends ConditionedKind> = {
  readonly [Type in Conditioned[Of][number]]: ConditionOutcome<ReasonOf<Of, Type>>;
};

/** Conditions, and the other fields of the status. */
export interface StatusOf<Of extends ConditionedKind, Fields> {
  readonly conditions: OutcomesOf<Of>;
  readonly fields: Omit<Fields, 'conditions' | 'observedGeneration'>;
  /** Nothing is wrong yet, the pods are about to take it up: worth waiting a moment before it is written. */
  readonly isOnItsWay: boolean;
}

export const pending = {
  status: 'Unknown',
  reason: 'Pending',
  message: 'The operator has not looked at it yet',
} as const;
