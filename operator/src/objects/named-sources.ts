/** Which Secrets and ConfigMaps a routing state sends its runtime to. Pure. */
import type { RoutingState } from '@teams-sbc/crds/runtime';

type Sources = Pick<RoutingState, 'certificates' | 'trunks' | 'trustBundles'>;

/** Certificates, then logins; each once, for a Secret may hold both. */
export function secretsOf({ certificates, trunks }: Sources): ReadonlySet<string> {
  const logins = trunks.flatMap((trunk) => (trunk.kind === 'PbxTrunk' && trunk.auth ? [trunk.auth.secret] : []));
  return new Set([...certificates.map(({ secret }) => secret), ...logins]);
}

/** Those that hold trust roots. */
export function trustSourcesOf({ trustBundles }: Sources, kind: 'ConfigMap' | 'Secret'): ReadonlySet<string> {
  return new Set(trustBundles.flatMap(({ source }) => ('kind' in source && source.kind === kind ? [source.name] : [])));
}
