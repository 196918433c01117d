/** Text → routing state, or everything that is wrong with it. A document with a problem is refused as a whole. */
import { atMost, problem, type Problem } from '../problem.ts';
import { problemsIn } from '../problems-in.ts';
import { crossCheck } from './cross-check.ts';
import { patternProblems } from './cross-check-routes.ts';
import { routingState, type RoutingState } from './document.ts';

/** Characters; 4096 trunks of a usual size take a quarter of it. */
export const maxRoutingStateLength = 16 * 1024 * 1024;

export type ParsedRoutingState =
  { readonly ok: true; readonly state: RoutingState } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Never throws. */
export function parseRoutingState(text: string): ParsedRoutingState {
  if (text.length > maxRoutingStateLength) {
    const allowed = `at most ${String(maxRoutingStateLength)} characters long`;
    return { ok: false, problems: [problem('', allowed, `${String(text.length)} characters`)] };
  }
  const json = parseJson(text);
  if (!json.ok) return { ok: false, problems: [problem('', 'JSON', json.reason)] };
  const parsed = routingState.safeParse(json.value);
  if (!parsed.success) return { ok: false, problems: atMost(problemsIn(parsed.error, routingState, json.value)) };
  const problems = [...crossCheck(parsed.data), ...patternProblems(parsed.data)];
  return problems.length === 0 ? { ok: true, state: parsed.data } : { ok: false, problems: atMost(problems) };
}

type Json = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

function parseJson(text: string): Json {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : 'a text that is not JSON' };
  }
}
