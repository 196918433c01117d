/** What was made ready of routes and policies, by identity: entries that the next document has as well are not parsed again. */
import type { NumberMatchState, NumberPolicyState } from '@teams-sbc/crds/runtime';
import { numberMatcher, type NumberMatcher } from './number-matcher.ts';
import { NumberRewriter, type ReadNumber } from './number-rewriter.ts';

export class RouteMemory {
  readonly #readNumber: ReadNumber;
  readonly #matchers = new WeakMap<readonly NumberMatchState[], NumberMatcher>();
  readonly #rewriters = new WeakMap<NumberPolicyState, NumberRewriter>();

  constructor(readNumber: ReadNumber) {
    this.#readNumber = readNumber;
  }

  /** Undefined where any number fits. */
  matcher(matches: readonly NumberMatchState[]): NumberMatcher | undefined {
    const known = this.#matchers.get(matches);
    if (known !== undefined) return known;
    const made = numberMatcher(matches);
    if (made !== undefined) this.#matchers.set(matches, made);
    return made;
  }

  rewriter(policy: NumberPolicyState): NumberRewriter {
    let rewriter = this.#rewriters.get(policy);
    if (rewriter === undefined) this.#rewriters.set(policy, (rewriter = new NumberRewriter(policy, this.#readNumber)));
    return rewriter;
  }
}
