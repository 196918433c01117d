/** Who may be connected to an HTTP server at once. Full is nobody's fault who comes now: the one that has kept silent longest leaves. */

export interface Visitor {
  readonly address: string;
  /** Its request is not yet there in full. */
  readonly isWaiting: boolean;
}

export interface PlaceLimits {
  /** Connections of all addresses. */
  readonly places: number;
  /** Connections of one address: the others keep theirs, whatever it does. */
  readonly placesPerAddress: number;
}

export class HttpPlaces<V extends Visitor> {
  readonly #limits: PlaceLimits;
  /** Oldest first. */
  readonly #visitors = new Set<V>();
  readonly #counts = new Map<string, number>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#visitors.size;
  }

  /** Who has to leave for it: of its own address where that has its share, else of all; undefined where there is room. */
  enter(visitor: V): V | undefined {
    const leaving = this.#whoLeavesFor(visitor.address);
    if (leaving !== undefined) this.leave(leaving);
    this.#visitors.add(visitor);
    this.#counts.set(visitor.address, this.#countOf(visitor.address) + 1);
    return leaving;
  }

  /** Once or again. */
  leave(visitor: V): void {
    if (!this.#visitors.delete(visitor)) return;
    const others = this.#countOf(visitor.address) - 1;
    if (others === 0) this.#counts.delete(visitor.address);
    else this.#counts.set(visitor.address, others);
  }

  *[Symbol.iterator](): IterableIterator<V> {
    yield* this.#visitors;
  }

  #countOf(address: string): number {
    return this.#counts.get(address) ?? 0;
  }

  #whoLeavesFor(address: string): V | undefined {
    if (this.#countOf(address) >= this.#limits.placesPerAddress) return this.#longestThere(address);
    return this.#visitors.size >= this.#limits.places ? this.#longestThere() : undefined;
  }

  /** An answer on its way goes on while anybody is still silent. */
  #longestThere(address?: string): V | undefined {
    let longest: V | undefined;
    for (const visitor of this.#visitors) {
      if (address !== undefined && visitor.address !== address) continue;
      if (visitor.isWaiting) return visitor;
      longest ??= visitor;
    }
    return longest;
  }
}
