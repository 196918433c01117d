/** The pods of an instance, each with a name that stays. The operator replaces them itself, by their calls. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import type { PodTemplate } from './kube-types.ts';
import { selectorLabels } from './labels.ts';
import { instanceName, podsServiceName } from './names.ts';

export function statefulSet(instance: SbcInstance, template: PodTemplate): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: childMetadata(instance, instanceName(instance)),
    spec: {
      replicas: instance.spec.replicas,
      serviceName: podsServiceName(instance),
      // A pod that drains for hours must not keep the others from starting.
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorLabels(instance) },
      template,
    },
  };
}
