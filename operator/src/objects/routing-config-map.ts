/** The ConfigMap that holds the routing state of an instance. Pure. */
import type { ConfigMap } from './kube-types.ts';
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { instanceLabels } from './labels.ts';

/** File name in the state directory. */
const routingStateKey = 'routing-state.json';

export function routingConfigMapName(instanceName: string): string {
  return `${instanceName}-routing`;
}

export function routingConfigMap(instance: SbcInstance, state: RoutingState): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: routingConfigMapName(instance.metadata.name),
      namespace: state.instance.namespace,
      labels: instanceLabels(instance),
    },
    data: { [routingStateKey]: `${JSON.stringify(state, null, 2)}\n` },
  };
}
