/** Waits until a runtime says that it runs a document, or refuses it. */
import type { Clock } from '../kernel/clock.ts';
import { sleep } from '../kernel/clock.ts';
import { readReport } from './admin-client.ts';

export type Acknowledgement = { readonly kind: 'applied' } | { readonly kind: 'not-applied'; readonly reason: string };

const periodMs = 100;
/** The runtime looks at its files at least every 10 s. */
const boundMs = 30_000;

/** @returns undefined where `isCurrent` no longer holds: a newer document is on its way */
export async function awaitApplied(
  adminSocket: string,
  hash: string,
  clock: Clock,
  isCurrent: () => boolean,
): Promise<Acknowledgement | undefined> {
  const endMs = clock.nowMs() + boundMs;
  for (;;) {
    const report = await readReport(adminSocket);
    if (!isCurrent()) return undefined;
    if (report?.hash === hash) return { kind: 'applied' };
    if (report?.refusal?.hash === hash) {
      return { kind: 'not-applied', reason: report.refusal.problems.map(({ message }) => message).join('; ') };
    }
    if (clock.nowMs() >= endMs) {
      const running = report?.hash === undefined ? 'the runtime does not answer' : `the runtime runs ${report.hash}`;
      return { kind: 'not-applied', reason: `after ${String(boundMs / 1000)} s ${running}` };
    }
    await sleep(clock, periodMs);
  }
}
