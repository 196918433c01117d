/** At a drain of nodes one pod of an instance goes at a time. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { selectorLabels } from './labels.ts';
import { instanceName } from './names.ts';

export function podDisruptionBudget(instance: SbcInstance): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMetadata(instance, instanceName(instance)),
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: selectorLabels(instance) },
      // A pod that takes no calls may always go: it would keep its node from being emptied for ever.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  };
}
