/** The resources that the operator reads or writes, and their paths at the API server. */
import type { KubeObject } from './kube-object.ts';

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Where one object or a collection is. */
export interface Place {
  /** Absent: cluster scope, or the collection over all namespaces. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: 'status' | 'eviction' | undefined;
}

const ours = { group: 'teams-sbc.dev', version: 'v1alpha1', namespaced: true };
const core = { group: '', version: 'v1', namespaced: true };
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true };

export const resources = {
  sbcInstances: { ...ours, plural: 'sbcinstances', kind: 'SbcInstance' },
  teamsTrunks: { ...ours, plural: 'teamstrunks', kind: 'TeamsTrunk' },
  pbxTrunks: { ...ours, plural: 'pbxtrunks', kind: 'PbxTrunk' },
  callRoutes: { ...ours, plural: 'callroutes', kind: 'CallRoute' },
  numberPolicies: { ...ours, plural: 'numberpolicies', kind: 'NumberPolicy' },
  namespaces: { ...core, plural: 'namespaces', kind: 'Namespace', namespaced: false },
  pods: { ...core, plural: 'pods', kind: 'Pod' },
  nodes: { ...core, plural: 'nodes', kind: 'Node', namespaced: false },
  services: { ...core, plural: 'services', kind: 'Service' },
  configMaps: { ...core, plural: 'configmaps', kind: 'ConfigMap' },
  secrets: { ...core, plural: 'secrets', kind: 'Secret' },
  serviceAccounts: { ...core, plural: 'serviceaccounts', kind: 'ServiceAccount' },
  roles: { ...rbac, plural: 'roles', kind: 'Role' },
  roleBindings: { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' },
  statefulSets: { group: 'apps', version: 'v1', plural: 'statefulsets', kind: 'StatefulSet', namespaced: true },
  podDisruptionBudgets: {
    group: 'policy',
    version: 'v1',
    plural: 'poddisruptionbudgets',
    kind: 'PodDisruptionBudget',
    namespaced: true,
  },
  networkPolicies: {
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'networkpolicies',
    kind: 'NetworkPolicy',
    namespaced: true,
  },
  certificates: {
    group: 'cert-manager.io',
    version: 'v1',
    plural: 'certificates',
    kind: 'Certificate',
    namespaced: true,
  },
  certificateRequests: {
    group: 'cert-manager.io',
    version: 'v1',
    plural: 'certificaterequests',
    kind: 'CertificateRequest',
    namespaced: true,
  },
  serviceMonitors: {
    group: 'monitoring.coreos.com',
    version: 'v1',
    plural: 'servicemonitors',
    kind: 'ServiceMonitor',
    namespaced: true,
  },
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true },
  events: { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true },
  customResourceDefinitions: {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    plural: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
    namespaced: false,
  },
} as const satisfies Record<string, Resource>;

const byKind = new Map<string, Resource>(
  Object.values(resources).map((resource) => [`${apiVersionOf(resource)} ${resource.kind}`, resource]),
);

/** Throws where the operator has no business with the kind: a bug, never input. */
export function resourceOf(object: Pick<KubeObject, 'apiVersion' | 'kind'>): Resource {
  const resource = byKind.get(`${object.apiVersion} ${object.kind}`);
  if (resource !== undefined) return resource;
  throw new Error(`Cannot name the resource of ${object.apiVersion} ${object.kind}: it is not in kube/resource.ts`);
}

/** `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `/apis/apps/v1`, `/api/v1`. */
export function groupPathOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** `/apis/apps/v1/namespaces/default/statefulsets/sbc/status`. */
export function pathOf(resource: Resource, at: Place = {}): string {
  const namespace = resource.namespaced && at.namespace !== undefined ? `/namespaces/${encode(at.namespace)}` : '';
  const name = at.name === undefined ? '' : `/${encode(at.name)}`;
  const subresource = at.subresource === undefined ? '' : `/${at.subresource}`;
  return `${groupPathOf(resource)}${namespace}/${resource.plural}${name}${subresource}`;
}

const encode = (part: string): string => encodeURIComponent(part);
