/**
 * One CallRoute of the document, or the problems for which it is left out. Pure. What it names and cannot have is taken out
 * of it, not passed on to the next route: calls that it is for find nobody (503) until the problem is mended, or go on by its
 * former entry (`former-entries.ts`).
 */
import type { CallRoute } from '@teams-sbc/crds';
import { parseNumberPattern } from '@teams-sbc/crds/runtime';
import type { CallRouteState, NumberMatchState } from '@teams-sbc/crds/runtime';
import { compiledEntry, refused } from './compiled.ts';
import type { Compiled } from './compiled.ts';
import type { Problem } from './problem.ts';

/** What a route may name: `TeamsTrunk/contoso`, `NumberPolicy/to-e164`. */
export interface Known {
  /** In the document. */
  readonly served: ReadonlySet<string>;
  /** Attached to the instance, and perhaps left out for a problem of their own. */
  readonly attached: ReadonlySet<string>;
}

/** All that the outcome depends on besides the route itself. */
export function routeInputs(route: CallRoute, known: Known): string {
  const inputs = namedBy(route).map(({ kind, name }) => {
    const key = `${kind}/${name}`;
    if (known.served.has(key)) return 'served';
    return known.attached.has(key) ? 'left out' : 'missing';
  });
  return inputs.join();
}

export function compileRoute(route: CallRoute, known: Known): Compiled<CallRouteState> {
  const patternProblems = [...badPatterns(route, 'calledNumbers'), ...badPatterns(route, 'callingNumbers')];
  if (patternProblems.length > 0) return { hash: '', problems: patternProblems };
  const names = namedBy(route);
  const problems = names.flatMap((named) => referenceProblems(route, named, known));
  const isServed = ({ kind, name }: { kind: string; name: string }) => known.served.has(`${kind}/${name}`);
  const { from } = route.spec.match;
  // Nobody calls from a trunk that is not there.
  if (from !== undefined && !isServed(from)) return { hash: '', problems };
  const arePoliciesServed = names.every((named) => named.kind !== 'NumberPolicy' || isServed(named));
  const { spec, metadata } = route;
  const { called, calling } = spec.translate ?? {};
  return compiledEntry(
    route,
    'callRoutes',
    {
      name: metadata.name,
      priority: spec.priority,
      ...(typeof metadata.creationTimestamp === 'string' ? { created: metadata.creationTimestamp } : {}),
      ...(from === undefined ? {} : { from: from.name }),
      called: (spec.match.calledNumbers ?? []).map(numberMatch),
      calling: (spec.match.callingNumbers ?? []).map(numberMatch),
      ...(called === undefined || !arePoliciesServed ? {} : { calledPolicy: called.policyRef.name }),
      ...(calling === undefined || !arePoliciesServed ? {} : { callingPolicy: calling.policyRef.name }),
      // Numbers that nobody has rewritten could reach somebody else.
      destinations: arePoliciesServed
        ? spec.destinations.filter(isServed).map(({ name, priority, weight }) => ({ trunk: name, priority, weight }))
        : [],
      failover: [...spec.failover.statusCodes],
      ...(spec.reject === undefined ? {} : { reject: rejection(spec.reject) }),
    },
    problems,
  );
}

type Matcher = NonNullable<CallRoute['spec']['match']['calledNumbers']>[number];

function numberMatch({ exact, prefix, pattern }: Matcher): NumberMatchState {
  if (exact !== undefined) return { exact };
  return prefix === undefined ? { pattern: pattern ?? '' } : { prefix };
}

function rejection({ statusCode, reasonPhrase }: NonNullable<CallRoute['spec']['reject']>) {
  return { status: statusCode, ...(reasonPhrase === undefined ? {} : { phrase: reasonPhrase }) };
}

function badPatterns(route: CallRoute, list: 'calledNumbers' | 'callingNumbers'): readonly Problem[] {
  return (route.spec.match[list] ?? []).flatMap(({ pattern }, at) => {
    if (pattern === undefined) return [];
    const parsed = parseNumberPattern(pattern);
    if (parsed.ok) return [];
    const field = `spec.match.${list}[${String(at)}].pattern`;
    return [refused(route, field, 'InvalidPattern', `found ${pattern}: ${parsed.message}`)];
  });
}

interface Named {
  readonly kind: 'TeamsTrunk' | 'PbxTrunk' | 'NumberPolicy';
  readonly name: string;
  readonly field: string;
}

function namedBy({ spec }: CallRoute): readonly Named[] {
  const { called, calling } = spec.translate ?? {};
  const policy = (side: string, ref: typeof called): Named[] =>
    ref === undefined
      ? []
      : [{ kind: 'NumberPolicy', name: ref.policyRef.name, field: `spec.translate.${side}.policyRef.name` }];
  return [
    ...(spec.match.from === undefined ? [] : [{ ...spec.match.from, field: 'spec.match.from.name' }]),
    ...policy('called', called),
    ...policy('calling', calling),
    ...spec.destinations.map(({ kind, name }, at) => ({ kind, name, field: `spec.destinations[${String(at)}].name` })),
  ];
}

function referenceProblems(route: CallRoute, { kind, name, field }: Named, known: Known): readonly Problem[] {
  const key = `${kind}/${name}`;
  if (known.served.has(key)) return [];
  const fault = known.attached.has(key)
    ? `${key} is left out for a problem of its own: its status says which`
    : `SbcInstance/${route.spec.sbcRef.name} has no ${key} in this namespace: create it, or name another`;
  const reason = kind === 'NumberPolicy' ? 'PolicyNotFound' : 'TrunkNotFound';
  return [refused(route, field, reason, `found ${name}, but ${fault}`)];
}
