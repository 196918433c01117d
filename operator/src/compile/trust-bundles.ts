/** Trust roots by name: each source once, whichever trunks share it. Pure. */
import { maxTrustBundles } from '@teams-sbc/crds/runtime';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { Trunk } from './trunk.ts';

type TrustBundle = RoutingState['trustBundles'][number];
type TrustSource = TrustBundle['source'];

export interface Trust {
  /** Ordered by name. */
  readonly bundles: readonly TrustBundle[];
  /** Empty: older trunks have as many others as a document holds. */
  nameOf(trust: TrustSpec): string;
}

/** As a person writes it: a reference to PEM text, else the preset. */
interface TrustSpec {
  readonly caBundleRef?:
    { readonly kind: 'ConfigMap' | 'Secret'; readonly name: string; readonly key: string } | undefined;
}

/** @param trunks the oldest first */
export function collectTrust(trunks: readonly Trunk[]): Trust {
  const sources = new Map<string, TrustSource>();
  for (const { spec } of trunks) {
    if (spec.tls === undefined) continue;
    const source = trustSource(spec.tls.trust);
    if (sources.size < maxTrustBundles) sources.set(sourceKey(source), source);
  }
  const names = new Map<string, string>();
  const bundles: TrustBundle[] = [];
  for (const key of [...sources.keys()].sort()) {
    const source = sources.get(key);
    if (source === undefined) continue;
    const name = freeName(readableName(source), new Set(names.values()));
    names.set(key, name);
    bundles.push({ name, source });
  }
  bundles.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { bundles, nameOf: (trust) => names.get(sourceKey(trustSource(trust))) ?? '' };
}

function trustSource(trust: TrustSpec): TrustSource {
  if (trust.caBundleRef === undefined) return { preset: 'MicrosoftTeams' };
  const { kind, name, key } = trust.caBundleRef;
  return { kind, name, key };
}

function sourceKey(source: TrustSource): string {
  return 'preset' in source ? source.preset : `${source.kind}/${source.name}/${source.key}`;
}

/** Also a directory name in the pod, so people meet it: `configmap-lab-ca`. */
function readableName(source: TrustSource): string {
  if ('preset' in source) return 'microsoft-teams';
  return `${source.kind}-${source.name}`.toLowerCase().slice(0, 200);
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}-${String(number)}`;
  return name;
}
