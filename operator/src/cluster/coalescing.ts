/**
 * When an instance is looked at after something changed: soon, and in a storm of changes no more often than costs a quarter
 * of the processor. Thousands of trunks that are created one after the other are compiled some dozen times, not thousands.
 */
const SOON_MS = 25;
const LATEST_MS = 2000;
/** Pauses this many times as long as the last look took. */
const PAUSE = 3;

export class Coalescing {
  readonly #tookMs = new Map<string, number>();

  delayMs(key: string): number {
    return Math.min(LATEST_MS, Math.max(SOON_MS, PAUSE * (this.#tookMs.get(key) ?? 0)));
  }

  took(key: string, ms: number): void {
    this.#tookMs.set(key, ms);
  }

  forget(key: string): void {
    this.#tookMs.delete(key);
  }
}
