/** A set of address ranges (RFC 4632, RFC 4291) with a quick answer for the addresses that keep coming. */
import { BlockList, isIP } from 'node:net';

/** Addresses whose answer is remembered; the oldest is forgotten first. */
const MAX_REMEMBERED = 4096;

export class CidrSet<Value> {
  readonly #entries: readonly { readonly ranges: BlockList; readonly value: Value }[];
  readonly #remembered = new Map<string, readonly Value[]>();
  /** A peer rarely sends one datagram alone. */
  #last: { readonly address: string; readonly found: readonly Value[] } | undefined;

  /**
   * A range that cannot be read is an error: an empty set would silently refuse everyone.
   *
   * @param lists filled here; sets that are given the same one share what they have in common
   */
  constructor(
    entries: Iterable<{ readonly cidrs: readonly string[]; readonly value: Value }>,
    lists: Map<string, BlockList> = new Map(),
  ) {
    this.#entries = Array.from(entries, ({ cidrs, value }) => {
      const key = cidrs.join(' ');
      let ranges = lists.get(key);
      if (ranges === undefined) lists.set(key, (ranges = blockList(cidrs)));
      return { ranges, value };
    });
  }

  /** The values whose ranges hold `address`, in their order; the same array for the same address. */
  at(address: string): readonly Value[] {
    if (this.#last?.address === address) return this.#last.found;
    const found = this.#remembered.get(address) ?? this.#look(address);
    this.#last = { address, found };
    return found;
  }

  #look(address: string): readonly Value[] {
    const family = isIP(address);
    const found = family === 0 ? [] : this.#valuesAt(address, family === 4 ? 'ipv4' : 'ipv6');
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const oldest = this.#remembered.keys().next();
      if (oldest.done !== true) this.#remembered.delete(oldest.value);
    }
    this.#remembered.set(address, found);
    return found;
  }

  /** Thousands of trunks have the ranges of Microsoft: those are looked through once. */
  #valuesAt(address: string, family: 'ipv4' | 'ipv6'): readonly Value[] {
    const verdicts = new Map<BlockList, boolean>();
    const isIn = (ranges: BlockList): boolean => {
      let verdict = verdicts.get(ranges);
      if (verdict === undefined) verdicts.set(ranges, (verdict = ranges.check(address, family)));
      return verdict;
    };
    return this.#entries.filter(({ ranges }) => isIn(ranges)).map(({ value }) => value);
  }
}

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const slash = cidr.indexOf('/');
    const address = slash === -1 ? cidr : cidr.slice(0, slash);
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    const prefix = slash === -1 ? String(bits) : cidr.slice(slash + 1);
    if (family === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)
      throw new RangeError(
        `Cannot read the address range ${JSON.stringify(cidr)}: write it as 192.0.2.0/24 or 2001:db8::/32`,
      );
    list.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** `::ffff:192.0.2.1`, as a socket on `::` reports IPv4 peers, is 192.0.2.1 everywhere in here. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
