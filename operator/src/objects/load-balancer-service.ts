/** The way to one pod from outside, where every pod has a load balancer of its own. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { ListenerState } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { selectorLabels } from './labels.ts';
import { loadBalancerServiceName } from './names.ts';
import { servicePort } from './service-port.ts';

/** Undefined where all listeners are UDP: kube-proxy forgets UDP flows while a pod drains, so they never go through it. */
export function loadBalancerService(
  instance: SbcInstance,
  ordinal: number,
  listeners: readonly ListenerState[],
): KubeObject | undefined {
  const streams = listeners.filter(({ protocol }) => protocol !== 'UDP');
  if (streams.length === 0) return undefined;
  const name = loadBalancerServiceName(instance, ordinal);
  const annotations = instance.spec.network.serviceAnnotations;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...childMetadata(instance, name), ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      type: 'LoadBalancer',
      // Peers are known by their address, so it must arrive.
      externalTrafficPolicy: 'Local',
      // Teams: requests inside a call come over new connections, also while the pod drains and is not ready.
      publishNotReadyAddresses: true,
      selector: { ...selectorLabels(instance), 'statefulset.kubernetes.io/pod-name': name },
      ports: streams.map(servicePort),
    },
  };
}
