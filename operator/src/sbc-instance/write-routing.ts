/** Writes the routing state: shards, what the pods may read, then the index, then the mounted copy; collects what is unused. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { childFieldManager } from '../apply/child-writer.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeObject, ObjectMeta } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import { routingIndexName } from '../objects/names.ts';
import { shardLabel } from '../objects/routing-shard-map.ts';
import type { RoutingMapsPlan } from '../plan/plan-routing-maps.ts';
import { planRoutingMaps } from '../plan/plan-routing-maps.ts';
import type { Store } from '../watch/store.ts';
import { byInstance } from '../observe/stores.ts';
import type { InstanceMemory } from './instance-memory.ts';
import { readIndex } from './last-good.ts';

export interface RoutingPlan extends RoutingMapsPlan {
  /** In the new index. */
  readonly shardCount: number;
}

export function planRouting(
  instance: SbcInstance,
  state: RoutingState,
  {
    maps,
    memory,
    instanceKey,
  }: { readonly maps: Store; readonly memory: InstanceMemory; readonly instanceKey: string },
): RoutingPlan {
  const own = maps.by(byInstance, instanceKey);
  const isOwned = ({ ownerReferences = [] }: ObjectMeta) =>
    ownerReferences.some(({ uid, controller }) => controller === true && uid === instance.metadata.uid);
  const present = own
    // A label alone makes no shard: one of others is neither trusted nor deleted.
    .filter(({ metadata }) => metadata.labels?.[shardLabel] !== undefined && isOwned(metadata))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
  const previousIndex = readIndex(own.find(({ metadata }) => metadata.name === routingIndexName(instance)));
  const plan = planRoutingMaps({ instance, state, present, previousIndex, texts: memory.texts });
  return Object.assign(plan, { shardCount: readIndex(plan.index)?.shards.length ?? 0 });
}

/** A shard's name is its content: what is there needs no second look. */
export async function writeShards(kube: Pick<KubeClient, 'apply'>, shards: readonly KubeObject[]): Promise<void> {
  for (const shard of shards) await kube.apply(shard, { fieldManager: childFieldManager, force: true });
}

export async function deleteUnused(
  kube: Pick<KubeClient, 'delete'>,
  namespace: string,
  names: readonly string[],
): Promise<void> {
  for (const name of names) await kube.delete(resources.configMaps, { namespace, name });
}
