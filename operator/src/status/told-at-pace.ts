/** Calls end one by one, and a status that tells how many are left is not written for each of them. Pure. */
import type { ConditionOutcome } from './condition-outcome.ts';

/** What is said, and since when. */
export interface Told<Outcome extends ConditionOutcome> {
  readonly outcome: Outcome;
  readonly atMs: number;
}

export interface Paced<Outcome extends ConditionOutcome> {
  /** What to say now. */
  readonly told: Told<Outcome>;
  /** There is something newer to say after so long; undefined: there is not. */
  readonly againInMs: number | undefined;
}

/** Another number alone waits so long. */
export const PACE_MS = 10_000;

/** @param told what was said last; undefined: nothing yet */
export function atPace<Outcome extends ConditionOutcome>(
  told: Told<Outcome> | undefined,
  outcome: Outcome,
  nowMs: number,
): Paced<Outcome> {
  if (told === undefined || told.outcome.status !== outcome.status || told.outcome.reason !== outcome.reason)
    return { told: { outcome, atMs: nowMs }, againInMs: undefined };
  if (told.outcome.message === outcome.message) return { told, againInMs: undefined };
  if (withoutNumbers(told.outcome) !== withoutNumbers(outcome))
    return { told: { outcome, atMs: nowMs }, againInMs: undefined };
  const leftMs = told.atMs + PACE_MS - nowMs;
  return leftMs > 0 ? { told, againInMs: leftMs } : { told: { outcome, atMs: nowMs }, againInMs: undefined };
}

const withoutNumbers = ({ message }: ConditionOutcome) => message.replaceAll(/\b\d+ calls?\b/g, '');
