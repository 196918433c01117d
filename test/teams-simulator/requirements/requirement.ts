/** A demand of docs/teams-direct-routing.md, by its id, and what the simulator saw of it. */
import type { Recorded } from '../log.ts';
import type { Seen } from './seen.ts';

export type Outcome =
  | { readonly verdict: 'kept' | 'not seen' }
  | { readonly verdict: 'broken'; readonly why: string; readonly entry?: Recorded };

export interface Requirement {
  /** `O-01` */
  readonly id: string;
  readonly demand: string;
  readonly examine: (seen: Seen) => Outcome;
}

export const KEPT: Outcome = { verdict: 'kept' };
export const NOT_SEEN: Outcome = { verdict: 'not seen' };
export const broken = (why: string, entry?: Recorded): Outcome => ({
  verdict: 'broken',
  why,
  ...(entry === undefined ? {} : { entry }),
});

/** Not seen where there is none of them, broken at the first that has a problem. */
export function each(
  entries: readonly Recorded[],
  problemOf: (entry: Recorded) => string | false | undefined,
): Outcome {
  for (const entry of entries) {
    const problem = problemOf(entry);
    if (typeof problem === 'string') return broken(problem, entry);
  }
  return entries.length === 0 ? NOT_SEEN : KEPT;
}

/** For what is judged once a call: `undefined` says that this call shows nothing. */
export function eachOf<T>(things: Iterable<T>, judge: (thing: T) => Outcome): Outcome {
  let outcome = NOT_SEEN;
  for (const thing of things) {
    const one = judge(thing);
    if (one.verdict === 'broken') return one;
    if (one.verdict === 'kept') outcome = one;
  }
  return outcome;
}
