/** A piece of an instance's routing state. Its name says what is in it, so it never changes. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import { shardKey } from '@teams-sbc/crds/runtime';
import type { Shard } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';

/** Tells the shards from the index and the copy. */
export const shardLabel = 'teams-sbc.dev/routing-shard';

export function routingShardMap(instance: SbcInstance, { name, text }: Pick<Shard, 'name' | 'text'>): KubeObject {
  const metadata = childMetadata(instance, name);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata, labels: { ...metadata.labels, [shardLabel]: 'true' } },
    immutable: true,
    data: { [shardKey]: text },
  };
}
