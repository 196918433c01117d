/** Randomness as a dependency: tokens that others must not guess, and jitter. */
import { randomFillSync, randomInt } from 'node:crypto';

export interface Random {
  /** 96 random bits as 24 hexadecimal characters: tags, branches, Call-IDs (RFC 3261 §19.3 asks for at least 32 bits). */
  token(): string;
  /** An integer in [0, below). */
  below(below: number): number;
}

const TOKEN_BYTES = 12;
const POOL_TOKENS = 256;

/** Cryptographic randomness, drawn in blocks: one system call for 256 tokens. */
export function systemRandom(): Random {
  const pool = Buffer.alloc(TOKEN_BYTES * POOL_TOKENS);
  let used = pool.length;
  return {
    token() {
      if (used === pool.length) {
        randomFillSync(pool);
        used = 0;
      }
      used += TOKEN_BYTES;
      return pool.toString('hex', used - TOKEN_BYTES, used);
    },
    below: (below) => randomInt(below),
  };
}
