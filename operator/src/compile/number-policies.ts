/** One NumberPolicy of the document, or the problems for which it is left out. Pure. */
import type { NumberPolicy } from '@teams-sbc/crds';
import { parseNumberPattern, replacementFault } from '@teams-sbc/crds/runtime';
import type { NumberPolicyState } from '@teams-sbc/crds/runtime';
import { compiledEntry, refused } from './compiled.ts';
import type { Compiled } from './compiled.ts';
import type { Problem } from './problem.ts';

export function compilePolicy(policy: NumberPolicy): Compiled<NumberPolicyState> {
  const { spec, metadata } = policy;
  const problems = spec.rules.flatMap((_, at) => ruleProblems(policy, at));
  if (problems.length > 0) return { hash: '', problems };
  return compiledEntry(policy, 'numberPolicies', {
    name: metadata.name,
    ...(spec.country === undefined ? {} : { country: spec.country }),
    rules: spec.rules.map(({ pattern, replacement }) => ({ pattern, replacement })),
    noMatch: spec.noMatch,
  });
}

function ruleProblems(policy: NumberPolicy, at: number): readonly Problem[] {
  const { pattern = '', replacement = '' } = policy.spec.rules[at] ?? {};
  const parsed = parseNumberPattern(pattern);
  const path = `spec.rules[${String(at)}]`;
  if (!parsed.ok) return [refused(policy, `${path}.pattern`, 'InvalidPattern', `found ${pattern}: ${parsed.message}`)];
  const fault = replacementFault(parsed.pattern, replacement);
  if (fault === undefined) return [];
  return [refused(policy, `${path}.replacement`, 'InvalidPattern', `found ${replacement}: ${fault}`)];
}
