/** The headless Service that gives every pod a name inside the cluster, and that metrics are read through. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { ListenerState } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { selectorLabels } from './labels.ts';
import { podsServiceName } from './names.ts';
import { servicePort } from './service-port.ts';

/** @param listeners `compileListeners(instance)` */
export function podsService(instance: SbcInstance, listeners: readonly ListenerState[]): KubeObject {
  const { port, statusPort } = instance.spec.observability;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(instance, podsServiceName(instance)),
    spec: {
      clusterIP: 'None',
      // A pod that drains is not ready, and still has a name, calls and metrics.
      publishNotReadyAddresses: true,
      selector: selectorLabels(instance),
      ports: [
        { name: 'http', port, targetPort: 'http', protocol: 'TCP' },
        { name: 'status', port: statusPort, targetPort: 'status', protocol: 'TCP' },
        ...listeners.map(servicePort),
      ],
    },
  };
}
