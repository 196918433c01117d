/** Gives the pods of an instance their Role. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { runtimeAccountName } from './names.ts';

export function roleBinding(instance: SbcInstance): KubeObject {
  const metadata = childMetadata(instance, runtimeAccountName(instance));
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: metadata.name, namespace: metadata.namespace }],
  };
}
