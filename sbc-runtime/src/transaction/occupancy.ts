/** How full the tables of the transaction room are, and how much of that is one trunk's doing. */

export interface OccupancyLimits {
  /** Live transactions of both kinds. */
  readonly transactions: number;
  /** Octets that server transactions keep to repeat their answers. */
  readonly octets: number;
}

/** What the server transactions of one trunk take up. */
export interface Share {
  readonly trunk: string;
  transactions: number;
  octets: number;
}

/** Beyond the limits there is room for so many times as much within dialogs: a flood of INVITEs keeps no call from ending. */
const WITHIN_DIALOGS = 1.25;
/**
 * A trunk may take up so many times what is free: one that floods us gets two thirds of the tables, two get two fifths
 * each, and something is always left for the others. A trunk that carries all calls needs less: of the three transactions
 * that one leaves (`compose.ts`), two are of those that it is asked for.
 */
const TIMES_WHAT_IS_FREE = 2;

export class Occupancy {
  #limits: OccupancyLimits;
  readonly #shares = new Map<string, Share>();
  #octets = 0;

  constructor(limits: OccupancyLimits) {
    this.#limits = limits;
  }

  /** A new limit holds for what comes from now on. */
  limitTo(transactions: number): void {
    this.#limits = { ...this.#limits, transactions };
  }

  /** `size`: live transactions, of both kinds. */
  isFullFor(trunk: string, size: number, isInDialog: boolean): boolean {
    const times = isInDialog ? WITHIN_DIALOGS : 1;
    const free = this.#limits.transactions * times - size;
    const freeOctets = this.#limits.octets * times - this.#octets;
    if (free <= 0 || freeOctets <= 0) return true;
    const share = this.#shares.get(trunk);
    if (share === undefined) return false;
    return share.transactions >= TIMES_WHAT_IS_FREE * free || share.octets >= TIMES_WHAT_IS_FREE * freeOctets;
  }

  /** One more server transaction of the trunk: `leave` must follow. */
  enter(trunk: string): Share {
    const share = this.#shares.get(trunk) ?? { trunk, transactions: 0, octets: 0 };
    share.transactions += 1;
    this.#shares.set(trunk, share);
    return share;
  }

  leave(share: Share): void {
    share.transactions -= 1;
    if (share.transactions === 0) this.#shares.delete(share.trunk);
  }

  /** So many octets more, or fewer where negative. */
  keeps(share: Share, octets: number): void {
    this.#octets += octets;
    share.octets += octets;
  }
}
