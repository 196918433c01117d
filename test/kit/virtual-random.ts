/** Randomness that repeats itself: the same scenario sends the same bytes every time. */
import type { Random } from '../../sbc-runtime/src/kernel/random.ts';

export function virtualRandom(): Random {
  let drawn = 0;
  return {
    token: () => (++drawn).toString(16).padStart(24, '0'),
    // Jitter in the middle of its range: neither end hides a fault.
    below: (below) => Math.floor(below / 2),
  };
}
