/** One list of `exact`, `prefix` and `pattern` of a route, made ready for the numbers of calls. Pure. */
import { parseNumberPattern, type NumberMatchState, type NumberPattern } from '@teams-sbc/crds/runtime';

export class NumberMatcher {
  readonly #exact = new Set<string>();
  readonly #prefixes: string[] = [];
  readonly #patterns: NumberPattern[] = [];

  /** @param matches empty: any number fits */
  constructor(matches: readonly NumberMatchState[]) {
    for (const match of matches) {
      if ('exact' in match) this.#exact.add(match.exact);
      else if ('prefix' in match) this.#prefixes.push(match.prefix);
      else this.#addPattern(match.pattern);
    }
  }

  /** The document was checked: a text that is no pattern does not get here. */
  #addPattern(text: string): void {
    const parsed = parseNumberPattern(text);
    if (parsed.ok) this.#patterns.push(parsed.pattern);
  }

  /** What a number that fits begins with: one of these. */
  get prefixesOfAll(): readonly string[] {
    return [...this.#exact, ...this.#prefixes, ...this.#patterns.flatMap(({ prefixes }) => prefixes)];
  }

  fits(number: string): boolean {
    return (
      this.#exact.has(number) ||
      this.#prefixes.some((prefix) => number.startsWith(prefix)) ||
      this.#patterns.some((pattern) => pattern.test(number))
    );
  }
}

/** Undefined where any number fits. */
export function numberMatcher(matches: readonly NumberMatchState[]): NumberMatcher | undefined {
  return matches.length === 0 ? undefined : new NumberMatcher(matches);
}

/** Where the number in a user part ends: before `;ext=7`, `;phone-context=…` (RFC 3966). */
export function numberEnd(user: string): number {
  const end = user.indexOf(';');
  return end < 0 ? user.length : end;
}

/** The number in a user part as a person writes it: `*21%23` is `*21#` (RFC 3261 §19.1.2: a `#` stands there escaped). */
export function numberPart(user: string): string {
  const number = user.slice(0, numberEnd(user));
  if (!number.includes('%')) return number;
  return number.replaceAll('%23', '#').replace(/%2b/gi, '+').replace(/%2a/gi, '*');
}

/** As it stands in a URI. */
export function escapedNumber(number: string): string {
  return number.replaceAll('#', '%23');
}
