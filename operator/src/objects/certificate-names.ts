/** Which names one certificate is asked for, and whose there is no room for. Pure. */
import type { RoutingState } from '@teams-sbc/crds/runtime';

export interface CertificateNames {
  /** As few as it takes, in an order that stays. */
  readonly dnsNames: readonly string[];
  /** TeamsTrunks whose names are not among them, the oldest first, with those names. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>;
}

/** Let's Encrypt takes no more, and other public authorities hardly more. */
export const maxCertificateNames = 100;

/** What helps a trunk that is left out. */
export const moreRoom =
  'move such a trunk to another SbcInstance, give it spec.subdomain instead of fqdns (a wildcard covers it), or bring a certificate with spec.tls.secretRef';

/**
 * The names of the pods; below each of them everything, once a trunk has a subdomain, so that the next one needs no new
 * certificate; and the names that tenants bring, those of the oldest trunks first: all of a trunk's or none.
 *
 * @param createdAt of trunks by name, as RFC 3339 has it; one without it is taken for the oldest
 */
export function certificateNames(
  { pods, trunks }: Pick<RoutingState, 'pods' | 'trunks'>,
  createdAt: ReadonlyMap<string, string>,
): CertificateNames {
  const own = new Set(pods.map(({ fqdn }) => fqdn));
  const isBelow = (name: string) => own.has(name.slice(name.indexOf('.') + 1));
  const wanted = trunks.flatMap((trunk) => (trunk.kind === 'TeamsTrunk' ? [trunk] : []));
  const needsWildcards = wanted.some(({ fqdns }) => fqdns.some(isBelow));
  const listed = new Set<string>();
  const room = maxCertificateNames - own.size * (needsWildcards ? 2 : 1);
  const leftOut = new Map<string, readonly string[]>();
  const place = ({ name }: { readonly name: string }) => `${createdAt.get(name) ?? ''} ${name}`;
  for (const trunk of wanted.toSorted((a, b) => (place(a) < place(b) ? -1 : 1))) {
    const names = trunk.fqdns.filter((name) => !own.has(name) && !isBelow(name) && !listed.has(name));
    if (listed.size + names.length > room) leftOut.set(trunk.name, names);
    else for (const name of names) listed.add(name);
  }
  const wildcards = needsWildcards ? [...own].map((fqdn) => `*.${fqdn}`) : [];
  return { dnsNames: [...own, ...wildcards, ...[...listed].toSorted()], leftOut };
}

/** Of a trunk that is left out. */
export function noRoomFor(fqdns: readonly string[]): string {
  return `spec.fqdns: the certificate of the instance has no room for ${fqdns.join(', ')}, it takes ${String(maxCertificateNames)} names and those of older trunks fill it: ${moreRoom}`;
}
