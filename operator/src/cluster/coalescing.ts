import type { Settling } from '../queue/work-queue.ts';

/**
 * When an instance is looked at after something changed: soon, and in a storm of changes no more often than costs a quarter
 * of the processor. Thousands of trunks that are created one after the other are compiled some dozen times, not thousands. Manifests
 * that are applied together come one after the other, and half of them may lead calls astray: these are waited for.
 */
const SOON_MS = 25;
/** `kubectl apply` sends the objects of a file a few to some fifty milliseconds apart. */
const QUIET_MS = 200;
const LONGEST_MS = 1000;
const LATEST_MS = 2000;
/** Pauses this many times as long as the last look took. */
const PAUSE = 3;

export class Coalescing {
  readonly #tookMs = new Map<string, number>();

  delayMs(key: string): number {
    return Math.min(LATEST_MS, Math.max(SOON_MS, PAUSE * (this.#tookMs.get(key) ?? 0)));
  }

  /** After a change of what a person writes. */
  settling(key: string): Settling {
    const atLeastMs = this.delayMs(key);
    return { quietMs: QUIET_MS, atLeastMs, atMostMs: Math.max(LONGEST_MS, atLeastMs) };
  }

  took(key: string, ms: number): void {
    this.#tookMs.set(key, ms);
  }

  forget(key: string): void {
    this.#tookMs.delete(key);
  }
}
