/** A NumberPolicy, made ready for the numbers of calls: the first rule that fits rewrites. Pure. */
import { fillIn, parseNumberPattern, type NumberPattern, type NumberPolicyState } from '@teams-sbc/crds/runtime';
import { escapedNumber, numberEnd, numberPart } from './number-matcher.ts';

/** A user part in E.164 as it is dialled in a country; as it is where that cannot be told. */
export type ReadNumber = (user: string, country: string) => string;

interface Rule {
  readonly pattern: NumberPattern;
  readonly replacement: string;
}

export class NumberRewriter {
  readonly #rules: readonly Rule[];
  readonly #country: string | undefined;
  readonly #isOpen: boolean;
  readonly #readNumber: ReadNumber;

  constructor(policy: NumberPolicyState, readNumber: ReadNumber) {
    this.#rules = policy.rules.flatMap(({ pattern, replacement }) => {
      const parsed = parseNumberPattern(pattern);
      return parsed.ok ? [{ pattern: parsed.pattern, replacement }] : [];
    });
    this.#country = policy.country;
    this.#isOpen = policy.noMatch === 'Pass';
    this.#readNumber = readNumber;
  }

  /** Undefined: no rule fits, and the policy wants such calls refused. What follows the number (`;ext=7`) stays. */
  rewrite(user: string): string | undefined {
    const read = this.#country === undefined ? user : this.#readNumber(user, this.#country);
    const number = numberPart(read);
    for (const { pattern, replacement } of this.#rules) {
      const groups = pattern.match(number);
      if (groups !== undefined) return escapedNumber(fillIn(replacement, groups)) + read.slice(numberEnd(read));
    }
    return this.#isOpen ? read : undefined;
  }
}
