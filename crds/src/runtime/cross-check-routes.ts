/** What CallRoutes and NumberPolicies of a document say about each other, about trunks, and in their patterns. */
import { parseNumberPattern, replacementFault } from '../number-pattern.ts';
import type { Problem } from '../problem.ts';
import type { CallRouteState, NumberPolicyState, RoutingState } from './document.ts';
import { entry, fault, twins, type Path } from './faults.ts';

/** Names that must exist, and names that must not exist twice. */
export function callRouteProblems(state: RoutingState): Problem[] {
  const { callRoutes = [], numberPolicies = [] } = state;
  if (callRoutes.length === 0 && numberPolicies.length === 0) return [];
  const trunks = new Set(state.trunks.map(({ name }) => name));
  const policies = new Set(numberPolicies.map(({ name }) => name));
  return [
    ...twins(callRoutes.map(({ name }, at) => entry(name, ['callRoutes', at, 'name']))),
    ...twins(numberPolicies.map(({ name }, at) => entry(name, ['numberPolicies', at, 'name']))),
    ...callRoutes.flatMap((route, at) => nameProblems(route, ['callRoutes', at], trunks, policies)),
  ];
}

/** Patterns that are none, and replacements that ask for more than they capture. */
export function patternProblems({ callRoutes = [], numberPolicies = [] }: RoutingState): Problem[] {
  return [
    ...callRoutes.flatMap((route, at) => matchProblems(route, ['callRoutes', at])),
    ...numberPolicies.flatMap((policy, at) => ruleProblems(policy, ['numberPolicies', at])),
  ];
}

function nameProblems(
  route: CallRouteState,
  path: Path,
  trunks: ReadonlySet<string>,
  policies: ReadonlySet<string>,
): Problem[] {
  const problems: Problem[] = [];
  const check = (name: string | undefined, known: ReadonlySet<string>, list: string, field: Path): void => {
    if (name !== undefined && !known.has(name))
      problems.push(fault([...path, ...field], `the name of an entry of ${list}`, name));
  };
  check(route.from, trunks, 'trunks', ['from']);
  check(route.calledPolicy, policies, 'numberPolicies', ['calledPolicy']);
  check(route.callingPolicy, policies, 'numberPolicies', ['callingPolicy']);
  for (const [at, { trunk }] of route.destinations.entries())
    check(trunk, trunks, 'trunks', ['destinations', at, 'trunk']);
  return problems;
}

function matchProblems(route: CallRouteState, path: Path): Problem[] {
  return (['called', 'calling'] as const).flatMap((side) =>
    route[side].flatMap((match, at) => {
      if (!('pattern' in match)) return [];
      const parsed = parseNumberPattern(match.pattern);
      return parsed.ok ? [] : [patternFault([...path, side, at, 'pattern'], match.pattern, parsed.message)];
    }),
  );
}

function ruleProblems(policy: NumberPolicyState, path: Path): Problem[] {
  return policy.rules.flatMap(({ pattern, replacement }, at) => {
    const parsed = parseNumberPattern(pattern);
    if (!parsed.ok) return [patternFault([...path, 'rules', at, 'pattern'], pattern, parsed.message)];
    const missing = replacementFault(parsed.pattern, replacement);
    return missing === undefined ? [] : [patternFault([...path, 'rules', at, 'replacement'], replacement, missing)];
  });
}

function patternFault(path: Path, found: string, message: string): Problem {
  return fault(path, `as number patterns are (${message})`, found);
}
