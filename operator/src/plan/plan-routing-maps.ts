/** The ConfigMaps that hold the routing state of an instance, and in which order they are written. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import { splitRoutingState } from '@teams-sbc/crds/runtime';
import type { EntryTexts, RoutingIndex, RoutingState } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { routingCopyMap } from '../objects/routing-copy-map.ts';
import { routingIndexMap } from '../objects/routing-index-map.ts';
import { routingShardMap } from '../objects/routing-shard-map.ts';

export interface RoutingMapsFacts {
  readonly instance: SbcInstance;
  readonly state: RoutingState;
  /** Names of the shard ConfigMaps that the API server has. */
  readonly present: readonly string[];
  /** The index that the API server has, where it can be read. */
  readonly previousIndex: RoutingIndex | undefined;
  /** Kept between calls, so that only changed entries are serialized. */
  readonly texts?: EntryTexts | undefined;
}

export interface RoutingMapsPlan {
  /** Of the whole document; what a runtime reports. */
  readonly hash: string;
  /** Those that are not `present`: written first. */
  readonly shards: readonly KubeObject[];
  /** Written when all shards and the Role are there. */
  readonly index: KubeObject;
  /** Written after the index. Compressed when it is asked for. */
  readonly copy: KubeObject;
  /** Deleted when every ready pod runs `hash`: neither this index nor the previous one names them. */
  readonly unused: readonly string[];
}

export function planRoutingMaps(facts: RoutingMapsFacts): RoutingMapsPlan {
  const { instance, state, present, previousIndex, texts } = facts;
  const split = splitRoutingState(state, texts?.of);
  const named = new Set([...split.index.shards, ...(previousIndex?.shards ?? [])].map(({ name }) => name));
  const there = new Set(present);
  let copy: KubeObject | undefined;
  return {
    hash: split.index.hash,
    shards: split.shards.filter(({ name }) => !there.has(name)).map((shard) => routingShardMap(instance, shard)),
    index: routingIndexMap(instance, split.index),
    get copy() {
      copy ??= routingCopyMap(instance, split.text);
      return copy;
    },
    unused: present.filter((name) => !named.has(name)).toSorted(),
  };
}
