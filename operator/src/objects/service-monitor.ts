/** Tells a Prometheus operator where the metrics of an instance are. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { selectorLabels } from './labels.ts';
import { instanceName } from './names.ts';

export function serviceMonitor(instance: SbcInstance): KubeObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: childMetadata(instance, instanceName(instance)),
    spec: {
      selector: { matchLabels: selectorLabels(instance) },
      // Of the Services of an instance the headless one alone has a port of this name.
      endpoints: [{ port: 'http', path: '/metrics' }],
    },
  };
}
