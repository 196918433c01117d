/** What the operator watches, and what it drops of it before it is kept. */
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import type { Resource } from '../kube/resource.ts';
import { shardLabel } from '../objects/routing-shard-map.ts';

/** Children of an instance. Secrets are not among them: the operator reads them one by one, lest it hold those of everybody. */
export const childResources: readonly Resource[] = [
  resources.configMaps,
  resources.services,
  resources.serviceAccounts,
  resources.roles,
  resources.roleBindings,
  resources.statefulSets,
  resources.podDisruptionBudgets,
  resources.networkPolicies,
];

/** Children whose CRD belongs to others. */
export const optionalChildResources: readonly Resource[] = [
  resources.certificates,
  // Its own child, with its labels: there alone stands what its issuer says.
  resources.certificateRequests,
  resources.serviceMonitors,
];

/** Without what was asked for and what was signed: what is read of it is how far it has come. */
function trimCertificateRequest({ apiVersion, kind, metadata, status }: KubeObject): KubeObject {
  const { conditions } = (status ?? {}) as { readonly conditions?: unknown };
  return { apiVersion, kind, metadata, status: { conditions } };
}

/** A shard is named after its content, which nobody here reads. */
function trimConfigMap(object: KubeObject): KubeObject {
  if (object.metadata.labels?.[shardLabel] === undefined) return object;
  return Object.fromEntries(Object.entries(object).filter(([field]) => field !== 'data')) as unknown as KubeObject;
}

export const childTrims: ReadonlyMap<Resource, (object: KubeObject) => KubeObject> = new Map<
  Resource,
  (object: KubeObject) => KubeObject
>([
  [resources.configMaps, trimConfigMap],
  [resources.certificateRequests, trimCertificateRequest],
]);

/** A node's status is long, and written all the time. */
export function trimNode({ apiVersion, kind, metadata, status }: KubeObject): KubeObject {
  const { addresses } = (status ?? {}) as { readonly addresses?: unknown };
  const { name, uid, resourceVersion } = metadata;
  return { apiVersion, kind, metadata: { name, uid, resourceVersion }, status: { addresses } };
}

/** Of a pod's spec its node is read, of its status whether and where it runs, and why it does not. */
export function trimPod({ apiVersion, kind, metadata, spec, status }: KubeObject): KubeObject {
  const { nodeName, hostNetwork } = (spec ?? {}) as Readonly<Record<string, unknown>>;
  const { podIP, phase, reason, conditions, ...rest } = (status ?? {}) as Readonly<Record<string, unknown>>;
  const containers = {
    containerStatuses: trimContainers(rest['containerStatuses']),
    initContainerStatuses: trimContainers(rest['initContainerStatuses']),
  };
  const trimmed = { podIP, phase, reason, conditions, ...containers };
  return { apiVersion, kind, metadata, spec: { nodeName, hostNetwork }, status: trimmed };
}

/** Of each container, whether it runs, what it waits for, and how it ended: images and times are long, and nobody reads them. */
function trimContainers(statuses: unknown): unknown {
  if (!Array.isArray(statuses)) return undefined;
  return (statuses as readonly ContainerStatus[]).map(({ name, started, state, lastState }) => {
    const { waiting } = state ?? {};
    const { reason, exitCode } = lastState?.terminated ?? {};
    return {
      ...{ name, started },
      state: state?.running === undefined ? { ...(waiting !== undefined && { waiting }) } : { running: {} },
      ...(lastState?.terminated !== undefined && { lastState: { terminated: { reason, exitCode } } }),
    };
  });
}

interface ContainerStatus {
  readonly name: string;
  readonly started?: boolean;
  readonly state?: { readonly running?: object; readonly waiting?: object };
  readonly lastState?: { readonly terminated?: { readonly reason?: string; readonly exitCode?: number } };
}
