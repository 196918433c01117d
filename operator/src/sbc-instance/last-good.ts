/** The routing state in force, read back from its ConfigMaps: after a restart, where the manifests of today make no valid one. */
import {
  canonicalJson,
  hashText,
  indexKey,
  joinShards,
  parseRoutingIndex,
  parseRoutingState,
  shardKey,
} from '@teams-sbc/crds/runtime';
import type { RoutingIndex, RoutingState } from '@teams-sbc/crds/runtime';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import type { EntryHashes } from '../observe/instance-outcome.ts';
import type { GoodDocument } from './instance-memory.ts';

/** Undefined: there is none, or somebody wrote what is none. */
export function readIndex(index: KubeObject | undefined): RoutingIndex | undefined {
  const text = (index?.['data'] as Readonly<Record<string, string>> | undefined)?.[indexKey];
  if (text === undefined) return undefined;
  const parsed = parseRoutingIndex(text);
  return parsed.ok ? parsed.index : undefined;
}

/** Undefined: it cannot be put together any more. */
export async function readLastGood(
  kube: Pick<KubeClient, 'get'>,
  namespace: string,
  index: RoutingIndex,
): Promise<GoodDocument | undefined> {
  const texts = new Map<string, string>();
  for (const { name } of index.shards) {
    const shard = await kube.get(resources.configMaps, { namespace, name });
    const text = (shard?.['data'] as Readonly<Record<string, string>> | undefined)?.[shardKey];
    if (text !== undefined) texts.set(name, text);
  }
  const joined = joinShards(index, texts);
  if (!joined.ok) return undefined;
  const parsed = parseRoutingState(joined.text);
  return parsed.ok
    ? { hash: index.hash, state: parsed.state, hashes: entryHashes(parsed.state), versions: new Map() }
    : undefined;
}

/** As the compiler names and hashes entries. */
function entryHashes({ trunks, callRoutes = [], numberPolicies = [] }: RoutingState): EntryHashes {
  const hashOf = (entry: object) => hashText(canonicalJson(entry));
  return new Map([
    ...trunks.map((trunk) => [`${trunk.kind}/${trunk.name}`, hashOf(trunk)] as const),
    ...callRoutes.map((route) => [`CallRoute/${route.name}`, hashOf(route)] as const),
    ...numberPolicies.map((policy) => [`NumberPolicy/${policy.name}`, hashOf(policy)] as const),
  ]);
}
