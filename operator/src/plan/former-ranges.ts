/**
 * Ranges of a trunk that is gone or narrowed stay open for as long as a pod drains: the runtime keeps the trunk for calls that
 * go on, and their BYE may come over a new connection. It takes no new call from there. Pure.
 */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { FormerRanges, SipRanges } from '../objects/sip-ranges.ts';
import { maxFormerRanges, sipRanges } from '../objects/sip-ranges.ts';

export interface RangeMemory {
  readonly wanted: SipRanges;
  readonly former: FormerRanges;
}

/** @param before of the last look; after a start nothing is wanted, and `former` is what `readFormerRanges` says */
export function stepRanges(
  before: RangeMemory,
  state: RoutingState,
  { nowMs, keepMs }: { readonly nowMs: number; readonly keepMs: number },
): RangeMemory {
  const wanted = sipRanges(state);
  const former = new Map<string, ReadonlyMap<string, number>>();
  for (const [listener, now] of wanted) {
    const ends = new Map<string, number>();
    for (const range of before.wanted.get(listener) ?? []) ends.set(range, nowMs + keepMs);
    // Whoever writes the annotation can keep nothing for longer.
    for (const [range, endMs] of before.former.get(listener) ?? []) ends.set(range, Math.min(endMs, nowMs + keepMs));
    const kept = [...ends].filter(([range, endMs]) => endMs > nowMs && !now.has(range)).slice(0, maxFormerRanges);
    if (kept.length > 0) former.set(listener, new Map(kept));
  }
  return { wanted, former };
}

/** Until the next range ends; undefined: none does. */
export function nextRangeEnd({ former }: RangeMemory, nowMs: number): number | undefined {
  const ends = [...former.values()].flatMap((ranges) => [...ranges.values()]);
  return ends.length === 0 ? undefined : Math.max(Math.min(...ends) - nowMs, 0);
}
