/** What the operator may do and what not, written down a second time: the rules are made of scripts/packaging/rules.ts. */

/** `verb resource.group[/subresource]` */
const list = (verbs: string, resources: string): string[] =>
  resources.split(' ').flatMap((resource) => verbs.split(' ').map((verb) => `${verb} ${resource}`));

const ours =
  'sbcinstances.teams-sbc.dev teamstrunks.teams-sbc.dev pbxtrunks.teams-sbc.dev callroutes.teams-sbc.dev numberpolicies.teams-sbc.dev';
const statuses = ours.replaceAll('.teams-sbc.dev', '.teams-sbc.dev/status');
const lasting =
  'statefulsets.apps poddisruptionbudgets.policy roles.rbac.authorization.k8s.io rolebindings.rbac.authorization.k8s.io serviceaccounts secrets';
const pruned =
  'services configmaps networkpolicies.networking.k8s.io certificates.cert-manager.io servicemonitors.monitoring.coreos.com';

/** In a namespace that it serves. */
export const allowed: readonly string[] = [
  ...list('list watch', ours),
  ...list('patch', statuses),
  ...list('list watch create patch', lasting),
  ...list('list watch create patch delete', pruned),
  ...list('list watch', 'certificaterequests.cert-manager.io'),
  ...list('get', 'secrets configmaps'),
  ...list('list watch delete', 'pods'),
  ...list('create patch', 'events'),
  'update sbcinstances.teams-sbc.dev/finalizers',
];

/** In the same namespace. */
export const forbidden: readonly string[] = [
  ...list('create update patch delete deletecollection', ours),
  ...list('delete deletecollection update', lasting),
  ...list('update deletecollection', pruned),
  ...list('create patch update deletecollection', 'pods'),
  ...list('create', 'pods/exec pods/attach pods/portforward pods/ephemeralcontainers pods/eviction pods/binding'),
  ...list('get', 'pods/log'),
  ...list('create', 'serviceaccounts/token'),
  ...list('escalate bind', 'roles.rbac.authorization.k8s.io'),
  ...list('get list create patch', 'persistentvolumeclaims deployments.apps daemonsets.apps jobs.batch'),
  ...list(
    'create patch',
    'issuers.cert-manager.io certificaterequests.cert-manager.io ingresses.networking.k8s.io endpoints',
  ),
  ...list('update patch', 'sbcinstances.teams-sbc.dev/scale statefulsets.apps/scale'),
  ...list('* get', '*'),
];

/** Of the cluster, whatever namespaces it serves. */
export const clusterWide = {
  allowed: list('list watch', 'nodes'),
  forbidden: [
    ...list('patch update delete create', 'nodes nodes/status namespaces'),
    ...list('get', 'nodes/proxy'),
    ...list('create patch delete', 'customresourcedefinitions.apiextensions.k8s.io'),
    ...list('create patch bind escalate', 'clusterroles.rbac.authorization.k8s.io'),
    ...list('create patch', 'clusterrolebindings.rbac.authorization.k8s.io'),
    ...list('create', 'validatingwebhookconfigurations.admissionregistration.k8s.io'),
    ...list('create', 'certificatesigningrequests.certificates.k8s.io clusterissuers.cert-manager.io'),
    ...list('impersonate', 'users groups serviceaccounts'),
  ],
};

/** Beside its own Deployment: which of its replicas acts. */
export const beside = {
  allowed: list('get create update', 'leases.coordination.k8s.io'),
  forbidden: list('delete list watch patch', 'leases.coordination.k8s.io'),
};

export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
}

export function attributesOf(right: string): ResourceAttributes {
  const [verb = '', what = ''] = right.split(' ');
  const [name = '', subresource = ''] = what.split('/');
  const dot = name.indexOf('.');
  if (name === '*') return { verb, group: '*', resource: '*', subresource };
  return dot < 0
    ? { verb, group: '', resource: name, subresource }
    : { verb, group: name.slice(dot + 1), resource: name.slice(0, dot), subresource };
}
