/** From a hop's host to addresses in the order in which they are tried (RFC 3263 §4.2, RFC 2782). */
import { isIP } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import type { TransportProtocol } from '../sip/hop.ts';
import { DnsCache, defaultDnsCacheLimits } from './dns-cache.ts';
import type { DnsCacheLimits, Lookup, SrvRecord } from './dns-cache.ts';
import type { HostsFile } from './hosts-file.ts';
import { DEFAULT_PORT } from './via-stamp.ts';

export interface Target {
  readonly protocol: TransportProtocol;
  readonly host: string;
  readonly port?: number | undefined;
}

export interface Address {
  readonly address: string;
  readonly port: number;
}

export interface Resolver {
  /** What can be said at once: literals, the hosts file, cached names. Undefined: ask `resolve`. */
  known(target: Target): readonly Address[] | undefined;
  /** `done` is called once, possibly at once; `[]` where the name leads nowhere. */
  resolve(target: Target, done: (addresses: readonly Address[]) => void): void;
}

export interface ResolverDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly hosts: HostsFile;
  readonly lookup: Lookup;
  /** Addresses of the other family cannot be dialled from the pod's address. */
  readonly family: 4 | 6;
  readonly limits?: DnsCacheLimits;
}

/** RFC 3263 §4.1 and §4.2: the transport is chosen already, so NAPTR has nothing left to say. */
const SRV_PREFIX = { UDP: '_sip._udp.', TCP: '_sip._tcp.', TLS: '_sips._tcp.' } as const;
/** SRV targets that are resolved for one hop. */
const MAX_TARGETS = 8;

export class NameResolver implements Resolver {
  readonly #random: Random;
  readonly #hosts: HostsFile;
  readonly #family: 4 | 6;
  readonly #addresses: DnsCache<string>;
  readonly #srv: DnsCache<SrvRecord>;

  constructor({ clock, random, hosts, lookup, family, limits = defaultDnsCacheLimits }: ResolverDependencies) {
    this.#random = random;
    this.#hosts = hosts;
    this.#family = family;
    this.#addresses = new DnsCache({ clock, limits, ask: (name) => lookup.addresses(name, family) });
    this.#srv = new DnsCache({ clock, limits, ask: (name) => lookup.srv(name) });
  }

  known(target: Target): readonly Address[] | undefined {
    const port = target.port ?? DEFAULT_PORT[target.protocol];
    if (isLiteral(target.host)) return [{ address: target.host, port }];
    const hosts = this.#hosts
      .addresses(target.host)
      .filter((address) => address.includes(':') === (this.#family === 6));
    if (hosts.length > 0) return withPort(hosts, port);
    const name = dnsName(target.host);
    if (target.port === undefined) {
      const records = this.#srv.known(SRV_PREFIX[target.protocol] + name);
      if (records === undefined) return undefined;
      if (records.length > 0) return this.#knownTargets(records);
    }
    const addresses = this.#addresses.known(name);
    return addresses === undefined ? undefined : withPort(addresses, port);
  }

  resolve(target: Target, done: (addresses: readonly Address[]) => void): void {
    const known = this.known(target);
    if (known !== undefined) {
      done(known);
      return;
    }
    const name = dnsName(target.host);
    if (target.port !== undefined) {
      this.#resolveName(name, target.port, done);
      return;
    }
    this.#srv.get(SRV_PREFIX[target.protocol] + name, (records) => {
      // RFC 3263 §4.2: without SRV records, A and AAAA of the name itself and the default port.
      if (records.length === 0) this.#resolveName(name, DEFAULT_PORT[target.protocol], done);
      else this.#resolveTargets(records, done);
    });
  }

  #resolveName(name: string, port: number, done: (addresses: readonly Address[]) => void): void {
    const hosts = this.#hosts.addresses(name).filter((address) => address.includes(':') === (this.#family === 6));
    if (hosts.length > 0) done(withPort(hosts, port));
    else this.#addresses.get(name, (addresses) => done(withPort(addresses, port)));
  }

  #knownTargets(records: readonly SrvRecord[]): readonly Address[] | undefined {
    const found: Address[] = [];
    for (const { target, port } of orderSrv(records, this.#random).slice(0, MAX_TARGETS)) {
      const hosts = this.#hosts.addresses(target).filter((address) => address.includes(':') === (this.#family === 6));
      const addresses = hosts.length > 0 ? hosts : this.#addresses.known(dnsName(target));
      if (addresses === undefined) return undefined;
      found.push(...withPort(addresses, port));
    }
    return found;
  }

  #resolveTargets(records: readonly SrvRecord[], done: (addresses: readonly Address[]) => void): void {
    const targets = orderSrv(records, this.#random).slice(0, MAX_TARGETS);
    const found: (readonly Address[])[] = [];
    let missing = targets.length;
    if (missing === 0) done([]);
    for (const [at, { target, port }] of targets.entries()) {
      this.#resolveName(dnsName(target), port, (addresses) => {
        found[at] = addresses;
        missing -= 1;
        if (missing === 0) done(found.flat());
      });
    }
  }
}

/** RFC 2782: by priority; among equals at random, by weight. */
export function orderSrv(records: readonly SrvRecord[], random: Random): readonly SrvRecord[] {
  // RFC 2782: a target of "." says that the service is not offered.
  const left = records
    .filter(({ target }) => target !== '.' && target !== '')
    .sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: SrvRecord[] = [];
  for (;;) {
    const [first] = left;
    if (first === undefined) return ordered;
    const equals = left.filter(({ priority }) => priority === first.priority);
    let ticket = random.below(equals.reduce((sum, { weight }) => sum + weight, 0) + 1);
    const chosen = equals.find(({ weight }) => (ticket -= weight) <= 0) ?? first;
    ordered.push(chosen);
    left.splice(left.indexOf(chosen), 1);
  }
}

const withPort = (addresses: readonly string[], port: number): readonly Address[] =>
  addresses.map((address) => ({ address, port }));

/** The final dot of an absolute name and the case of letters do not tell names apart. */
function dnsName(host: string): string {
  const lower = host.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** No top-level domain ends in a digit (RFC 3696 §2), so names are told from addresses without the expensive question. */
function isLiteral(host: string): boolean {
  const last = host.charCodeAt(host.length - 1);
  return ((last >= 0x30 && last <= 0x39) || host.includes(':')) && isIP(host) !== 0;
}
