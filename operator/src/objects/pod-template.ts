/** The pod of an instance in local mode: all that the routing state names is mounted. A cluster's: cluster-pod-template.ts. Pure. */
import type { PodTemplate } from './kube-types.ts';
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { instanceLabels } from './labels.ts';
import { paths } from './paths.ts';
import { meshOptOut, podSettings } from './pod-parts.ts';
import { podVolumes } from './pod-volumes.ts';
import { rtpengineProcess } from './rtpengine-container.ts';
import { runtimeProcess } from './runtime-container.ts';

export function podTemplate(instance: SbcInstance, state: RoutingState): PodTemplate {
  const { volumes, mounts } = podVolumes(instance, state);
  const inputs = { state: paths.state, secrets: paths.secrets, trust: paths.trust };
  return {
    metadata: { labels: instanceLabels(instance), annotations: { ...meshOptOut } },
    spec: {
      ...(instance.spec.media.engine === 'RTPEngine' ? { initContainers: [rtpengineProcess(instance)] } : {}),
      containers: [{ ...runtimeProcess(instance, state.listeners, inputs), volumeMounts: mounts }],
      volumes,
      ...podSettings(instance),
    },
  };
}
