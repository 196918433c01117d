/** Chance as a dependency. */

export interface Random {
  /** At least 0, less than 1. */
  fraction(): number;
}

export const systemRandom: Random = { fraction: () => Math.random() };

/** `value` give or take `share` of it: `jittered(600, 0.1, random)` is 540 to 660. */
export function jittered(value: number, share: number, random: Random): number {
  return value * (1 - share + 2 * share * random.fraction());
}
