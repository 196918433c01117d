/**
 * What the operator may do, written once: `config/rbac` and the chart are made of it, and a test runs the operator with
 * exactly these rights against a real API server.
 */
import { stringify } from 'yaml';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** A cache: a list, and then a watch. */
const watch = ['list', 'watch'];
/** Server-side apply is a PATCH, and a create where nothing is there yet. What an instance always has goes with its owner. */
const apply = [...watch, 'create', 'patch'];
/** What an instance has now and then does not. */
const prune = [...apply, 'delete'];

/** In every namespace that the operator serves. */
const namespaceRules: readonly Rule[] = [
  {
    apiGroups: ['teams-sbc.dev'],
    resources: ['sbcinstances', 'teamstrunks', 'pbxtrunks', 'callroutes', 'numberpolicies'],
    verbs: watch,
  },
  {
    apiGroups: ['teams-sbc.dev'],
    resources: [
      'sbcinstances/status',
      'teamstrunks/status',
      'pbxtrunks/status',
      'callroutes/status',
      'numberpolicies/status',
    ],
    verbs: ['patch'],
  },
  // Children name their SbcInstance as the owner that waits for them; some clusters ask for this right before they let us.
  { apiGroups: ['teams-sbc.dev'], resources: ['sbcinstances/finalizers'], verbs: ['update'] },
  { apiGroups: ['apps'], resources: ['statefulsets'], verbs: apply },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: apply },
  { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: apply },
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: apply },
  { apiGroups: [''], resources: ['services'], verbs: prune },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: prune },
  { apiGroups: ['cert-manager.io'], resources: ['certificates'], verbs: prune },
  // What the issuer says of a Certificate stands there alone.
  { apiGroups: ['cert-manager.io'], resources: ['certificaterequests'], verbs: watch },
  { apiGroups: ['monitoring.coreos.com'], resources: ['servicemonitors'], verbs: prune },
  // A pod that runs an old template, once its calls are over.
  { apiGroups: [''], resources: ['pods'], verbs: [...watch, 'delete'] },
  // Read one by one where a manifest names them; the routing state is made of them.
  { apiGroups: [''], resources: ['configmaps'], verbs: ['get', ...prune] },
  // The operator reads Secrets one by one. `list` and `watch` are here because the runtime has them for the Secrets that its
  // document names, and nobody can grant what he does not have.
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', ...apply] },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
];

/** Nodes have no namespace: on the network of its node, a pod has the address of the node. */
const nodeRules: readonly Rule[] = [{ apiGroups: [''], resources: ['nodes'], verbs: watch }];

/** In the operator's own namespace: which of its replicas acts. */
const leaderRules: readonly Rule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
];

const notice = '# Written by `make generate` from scripts/packaging/rules.ts. Do not edit.\n';
const labels = { 'app.kubernetes.io/name': 'teams-sbc', 'app.kubernetes.io/component': 'operator' };
const name = 'teams-sbc-operator';
const subjects = [{ kind: 'ServiceAccount', name, namespace: 'teams-sbc-system' }];
const api = 'rbac.authorization.k8s.io';

/** Path below the repository's root → content. */
export function accessRules(): ReadonlyMap<string, string> {
  const role = (kind: string, roleName: string, rules: readonly Rule[]) => ({
    apiVersion: `${api}/v1`,
    kind,
    metadata: { name: roleName, labels },
    rules,
  });
  const binding = (kind: string, roleKind: string, roleName: string) => ({
    apiVersion: `${api}/v1`,
    kind,
    metadata: { name: roleName, labels },
    roleRef: { apiGroup: api, kind: roleKind, name: roleName },
    subjects,
  });
  const leader = `${name}-leader`;
  const documents: Record<string, unknown> = {
    'service-account': { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, labels } },
    'cluster-role': role('ClusterRole', name, [...namespaceRules, ...nodeRules]),
    'cluster-role-binding': binding('ClusterRoleBinding', 'ClusterRole', name),
    'leader-role': role('Role', leader, leaderRules),
    'leader-role-binding': binding('RoleBinding', 'Role', leader),
  };
  const files = new Map(
    Object.entries(documents).map(([file, document]) => [`config/rbac/${file}.yaml`, notice + yaml(document)]),
  );
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: Object.keys(documents).map((file) => `${file}.yaml`),
  };
  return files
    .set('config/rbac/kustomization.yaml', notice + yaml(kustomization))
    .set('charts/teams-sbc/files/rules/namespace.yaml', yaml(namespaceRules))
    .set('charts/teams-sbc/files/rules/nodes.yaml', yaml(nodeRules))
    .set('charts/teams-sbc/files/rules/leader.yaml', yaml(leaderRules));
}

function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 120, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
}
