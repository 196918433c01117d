/** The health of all targets of all trunks, and the order in which a call tries them. Deterministic: time comes in as a number. */
import type { Hop } from '../sip/hop.ts';
import { isDown, isHeld, stepTarget, unknownTarget, type TargetEvent, type TargetHealth } from './target-health.ts';

export class TargetBoard {
  readonly #targets = new Map<string, TargetHealth>();

  record(hop: Hop, event: TargetEvent, nowMs: number): void {
    const key = keyOf(hop);
    this.#targets.set(key, stepTarget(this.#targets.get(key) ?? unknownTarget, event, nowMs));
  }

  /** How often OPTIONS go there decides how long a failure counts; 0: none go. */
  probedEvery(hop: Hop, periodSeconds: number): void {
    const target = this.of(hop);
    if (target.periodSeconds !== periodSeconds) this.#targets.set(keyOf(hop), { ...target, periodSeconds });
  }

  of(hop: Hop): TargetHealth {
    return this.#targets.get(keyOf(hop)) ?? unknownTarget;
  }

  /** As configured, those that are down last, those that are held not at all. */
  order(hops: readonly Hop[], nowMs: number): readonly Hop[] {
    const free = hops.filter((hop) => !isHeld(this.of(hop), nowMs));
    const isLast = (hop: Hop): boolean => isDown(this.of(hop), nowMs);
    return [...free.filter((hop) => !isLast(hop)), ...free.filter(isLast)];
  }

  /** Forgets targets that no longer exist, so that reloads do not fill memory. */
  keepOnly(hops: readonly Hop[]): void {
    const wanted = new Set(hops.map(keyOf));
    for (const key of this.#targets.keys()) if (!wanted.has(key)) this.#targets.delete(key);
  }
}

function keyOf(hop: Hop): string {
  return `${hop.trunk} ${hop.listener} ${hop.protocol} ${hop.host}:${hop.port ?? ''}`;
}
