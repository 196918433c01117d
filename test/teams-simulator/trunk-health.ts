/** What Microsoft thinks of a trunk by the OPTIONS that it got: healthy within a window, then tried last. */

export type Standing = 'Active' | 'Demoted' | 'NeverSeen';

/** An SBC's FQDN; more are more trunks than one program tests. */
const MAX_TRUNKS = 10_000;

export class TrunkHealth {
  readonly #windowMs: number;
  readonly #nowMs: () => number;
  readonly #lastMs = new Map<string, number>();

  constructor({ windowMs, nowMs }: { readonly windowMs: number; readonly nowMs: () => number }) {
    this.#windowMs = windowMs;
    this.#nowMs = nowMs;
  }

  /** A good OPTIONS of that trunk arrived. */
  onOptions(fqdn: string): void {
    if (this.#lastMs.size < MAX_TRUNKS || this.#lastMs.has(fqdn)) this.#lastMs.set(fqdn, this.#nowMs());
  }

  standing(fqdn: string): Standing {
    const lastMs = this.#lastMs.get(fqdn.toLowerCase());
    if (lastMs === undefined) return 'NeverSeen';
    return this.#nowMs() - lastMs <= this.#windowMs ? 'Active' : 'Demoted';
  }

  /** A voice route in the order in which Microsoft tries it: healthy ones at random, then the others. */
  order<T extends { readonly fqdn: string }>(trunks: readonly T[], random: () => number = Math.random): T[] {
    const mixed = shuffled(trunks, random);
    const isActive = ({ fqdn }: T) => this.standing(fqdn) === 'Active';
    return [...mixed.filter(isActive), ...mixed.filter((trunk) => !isActive(trunk))];
  }
}

/** Fisher and Yates, as Microsoft's page says. */
function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const mixed = [...values];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T];
  }
  return mixed;
}
