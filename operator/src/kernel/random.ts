/** Chance as a dependency. */

export interface Random {
  /** At least 0, less than 1. */
  fraction(): number;
}

export const systemRandom: Random = { fraction: () => Math.random() };
