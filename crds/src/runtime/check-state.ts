/**
 * The checks of `parse.ts` in pieces, for the operator: an entry of a long list is checked when it is made, with its number
 * patterns, and the rest of the document each time. What passes both passes `parseRoutingState`.
 */
import { atMost, problem, type Problem } from '../problem.ts';
import { problemsIn } from '../problems-in.ts';
import { crossCheck } from './cross-check.ts';
import {
  entrySchemas,
  maxCallRoutes,
  maxNumberPolicies,
  maxTrunks,
  routingState,
  type CallRouteState,
  type NumberPolicyState,
  type RoutingState,
  type TrunkState,
} from './document.ts';

interface Entries {
  readonly trunks: TrunkState;
  readonly callRoutes: CallRouteState;
  readonly numberPolicies: NumberPolicyState;
}

export function entryProblems<List extends keyof Entries>(list: List, value: Entries[List]): readonly Problem[] {
  const schema = entrySchemas[list];
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : atMost(problemsIn(parsed.error, schema, value));
}

/** @param state whose trunks, callRoutes and numberPolicies have passed `entryProblems` one by one, and whose patterns are good */
export function stateProblems(state: RoutingState): readonly Problem[] {
  const { callRoutes = [], numberPolicies = [], ...rest } = state;
  const head = { ...rest, trunks: [] };
  const parsed = routingState.safeParse(head);
  const counted = [
    ...tooMany('trunks', state.trunks, maxTrunks),
    ...tooMany('callRoutes', callRoutes, maxCallRoutes),
    ...tooMany('numberPolicies', numberPolicies, maxNumberPolicies),
  ];
  const problems = [...counted, ...(parsed.success ? [] : problemsIn(parsed.error, routingState, head))];
  return atMost(problems.length > 0 ? problems : crossCheck(state));
}

function tooMany(list: string, entries: readonly unknown[], most: number): Problem[] {
  if (entries.length <= most) return [];
  return [problem(list, `a list of at most ${String(most)} entries`, `a list of ${String(entries.length)} entries`)];
}
