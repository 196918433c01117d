/** The health of all targets of all trunks, and the order in which a call tries them. Deterministic: time comes in as a number. */
import type { Hop } from '../sip/hop.ts';
import { isDown, isHeld, stepTarget, unknownTarget, type TargetEvent, type TargetHealth } from './target-health.ts';

export class TargetBoard {
  readonly #targets = new Map<string, TargetHealth>();
  /** Every call asks for the same few hops. */
  #keys = new WeakMap<Hop, string>();
  /** From the key of a hop to the key of the one whose health it has. */
  #shared: ReadonlyMap<string, string> = new Map();

  record(hop: Hop, event: TargetEvent, nowMs: number): void {
    const key = this.#keyOf(hop);
    this.#targets.set(key, stepTarget(this.#targets.get(key) ?? unknownTarget, event, nowMs));
  }

  /** How often OPTIONS go there decides how long a failure counts; 0: none go. */
  probedEvery(hop: Hop, periodSeconds: number): void {
    const target = this.of(hop);
    if (target.periodSeconds !== periodSeconds) this.#targets.set(this.#keyOf(hop), { ...target, periodSeconds });
  }

  of(hop: Hop): TargetHealth {
    return this.#targets.get(this.#keyOf(hop)) ?? unknownTarget;
  }

  /** As configured, those that are down last, those that are held not at all. */
  order(hops: readonly Hop[], nowMs: number): readonly Hop[] {
    const free = hops.filter((hop) => !isHeld(this.of(hop), nowMs));
    const isLast = (hop: Hop): boolean => isDown(this.of(hop), nowMs);
    return [...free.filter((hop) => !isLast(hop)), ...free.filter(isLast)];
  }

  /**
   * Forgets targets that no longer exist, so that reloads do not fill memory. `shared`: hops with the health of another one;
   * @default none
   */
  keepOnly(hops: readonly Hop[], shared: ReadonlyMap<Hop, Hop> = new Map()): void {
    this.#keys = new WeakMap();
    this.#shared = new Map([...shared].map(([hop, whose]) => [ownKey(hop), ownKey(whose)]));
    const wanted = new Set(hops.map((hop) => this.#keyOf(hop)));
    for (const key of this.#targets.keys()) if (!wanted.has(key)) this.#targets.delete(key);
  }

  #keyOf(hop: Hop): string {
    let key = this.#keys.get(hop);
    if (key !== undefined) return key;
    const own = ownKey(hop);
    key = this.#shared.get(own) ?? own;
    this.#keys.set(hop, key);
    return key;
  }
}

function ownKey(hop: Hop): string {
  return `${hop.trunk} ${hop.listener} ${hop.protocol} ${hop.host}:${hop.port ?? ''}`;
}
