/** Bounded polling, for what cannot be waited for by an event. */
import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Said where the time is over: "Waited 10000 ms for <what>". */
  readonly what: string;
  readonly withinMs?: number;
  readonly everyMs?: number;
}

/** Asks until the answer is neither `undefined` nor `false`; a question that throws counts as no answer. */
export async function until<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { what, withinMs = 20_000, everyMs = 50 }: UntilOptions,
): Promise<T> {
  const end = performance.now() + withinMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > end) throw new Error(`Waited ${withinMs} ms for ${what}`, { cause: lastError });
    await delay(everyMs);
  }
}
