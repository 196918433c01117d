/** The ConfigMap that names the shards of an instance's routing state: what a runtime watches. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import { indexKey } from '@teams-sbc/crds/runtime';
import type { RoutingIndex } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { routingIndexName } from './names.ts';

export function routingIndexMap(instance: SbcInstance, index: RoutingIndex): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(instance, routingIndexName(instance)),
    data: { [indexKey]: JSON.stringify(index) },
  };
}
