/** The `Lookup` port on Node's own resolver, which tells TTLs; `getaddrinfo` does not. */
import { Resolver } from 'node:dns/promises';
import type { Answer, Lookup, SrvRecord } from './dns-cache.ts';

/** Node does not tell the TTL of SRV records. */
const SRV_TTL_SECONDS = 60;
/** Codes that say: there is nothing. */
const ABSENT: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

export interface SystemLookupOptions {
  /** `192.0.2.53` or `192.0.2.53:53`. @default the system's */
  readonly servers?: readonly string[];
}

export function systemLookup(options: SystemLookupOptions = {}): Lookup {
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  return {
    addresses: (name, family) =>
      orNothing(async () => {
        const records =
          family === 4 ? await resolver.resolve4(name, { ttl: true }) : await resolver.resolve6(name, { ttl: true });
        return {
          records: records.map(({ address }) => address),
          ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)),
        };
      }),
    srv: (name) =>
      orNothing(async () => {
        const records = await resolver.resolveSrv(name);
        return {
          records: records.map(({ priority, weight, port, name: target }): SrvRecord => ({
            priority,
            weight,
            port,
            target,
          })),
          ttlSeconds: SRV_TTL_SECONDS,
        };
      }),
  };
}

async function orNothing<Record>(ask: () => Promise<Answer<Record>>): Promise<Answer<Record>> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && ABSENT.has(error.code))
      return { records: [], ttlSeconds: 0 };
    throw error;
  }
}
