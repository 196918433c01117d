/**
 * The pod of an instance in a cluster. It depends on the instance alone: trunks, Secrets and trust roots come and go
 * through the API, so that none of them ever replaces a pod. Pure.
 */
import type { SbcInstance } from '@teams-sbc/crds';
import type { ListenerState } from '@teams-sbc/crds/runtime';
import { clusterVolumes } from './cluster-volumes.ts';
import { containerResources } from './container-resources.ts';
import type { Container, PodSpec, PodTemplate } from './kube-types.ts';
import { instanceLabels, selectorLabels } from './labels.ts';
import { runtimeAccountName } from './names.ts';
import { clusterPaths, paths } from './paths.ts';
import { meshOptOut, podSettings } from './pod-parts.ts';
import { rtpengineProcess } from './rtpengine-container.ts';
import { rtpengineStartupProbe } from './rtpengine-startup-probe.ts';
import { runtimeContainer, runtimeProcess } from './runtime-container.ts';

/** @param listeners `compileListeners(instance)` @param certificate `certificateSecret(instance)` */
export function clusterPodTemplate(
  instance: SbcInstance,
  listeners: readonly ListenerState[],
  certificate: string,
): PodTemplate {
  const wanted = instance.spec.podTemplate;
  const { volumes, mounts } = clusterVolumes(instance, certificate);
  const runtime: Container = { ...runtimeInCluster(instance, listeners), volumeMounts: mounts };
  return {
    metadata: {
      labels: instanceLabels(instance),
      annotations: {
        ...staysPut,
        ...wanted.annotations,
        ...meshOptOut,
        'kubectl.kubernetes.io/default-container': runtimeContainer,
      },
    },
    spec: {
      ...(instance.spec.media.engine === 'RTPEngine' ? { initContainers: [rtpengineInCluster(instance)] } : {}),
      containers: [runtime],
      volumes,
      serviceAccountName: runtimeAccountName(instance),
      // The token is for the runtime, which has a volume for it; RTPEngine gets none.
      automountServiceAccountToken: false,
      // One variable for each Service of the namespace: nobody reads them.
      enableServiceLinks: false,
      topologySpreadConstraints: spread(instance),
      ...(wanted.nodeSelector === undefined ? {} : { nodeSelector: wanted.nodeSelector }),
      ...(wanted.tolerations === undefined ? {} : { tolerations: wanted.tolerations.map(withoutAbsent) }),
      ...(wanted.imagePullSecrets === undefined
        ? {}
        : { imagePullSecrets: wanted.imagePullSecrets.map(({ name }) => ({ name })) }),
      ...(wanted.priorityClassName === undefined ? {} : { priorityClassName: wanted.priorityClassName }),
      ...podSettings(instance),
    },
  };
}

/** Autoscalers that move pods to save a node give their calls minutes at most. */
const staysPut = {
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
  'karpenter.sh/do-not-disrupt': 'true',
} as const;

function runtimeInCluster(instance: SbcInstance, listeners: readonly ListenerState[]): Container {
  const { statusPort } = instance.spec.observability;
  const runtime = runtimeProcess(instance, listeners, clusterPaths.mirror);
  return {
    ...runtime,
    args: [
      ...runtime.args,
      '--mirror-namespace=$(POD_NAMESPACE)',
      `--mirror-instance=${instance.metadata.name}`,
      `--mounted-state-directory=${paths.state}`,
      `--mounted-secrets-directory=${paths.secrets}`,
      `--status-port=${String(statusPort)}`,
      `--status-directory=${clusterPaths.status}`,
    ],
    env: [
      ...(runtime.env ?? []),
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    ],
    ports: [...(runtime.ports ?? []), { name: 'status', containerPort: statusPort, protocol: 'TCP' }],
    // A minute to read what it is told; the liveness probe begins after it.
    startupProbe: {
      httpGet: { path: '/livez', port: 'http' },
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: 60,
      // It has no calls yet.
      terminationGracePeriodSeconds: 5,
    },
    resources: containerResources(instance, 'runtime'),
  };
}

function rtpengineInCluster(instance: SbcInstance): Container {
  return {
    ...rtpengineProcess(instance),
    startupProbe: rtpengineStartupProbe(instance),
    resources: containerResources(instance, 'rtpengine'),
  };
}

/** Wishes, no demands: a pod in the wrong place takes calls, one that waits for the right place takes none. */
function spread(instance: SbcInstance): NonNullable<PodSpec['topologySpreadConstraints']> {
  const over = (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selectorLabels(instance) },
  });
  const keys = [instance.spec.podTemplate.topologyKey];
  // On the network of the node no two share one anyway.
  if (instance.spec.network.mode !== 'HostNetwork') keys.push('kubernetes.io/hostname');
  return [...new Set(keys)].map(over);
}

function withoutAbsent<T extends object>(written: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
