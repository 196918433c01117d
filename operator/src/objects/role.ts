/**
 * What the pods of an instance may read: of Secrets those alone that their routing state names, and every ConfigMap of the
 * namespace whose name they know. They write nothing. Pure.
 */
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { routingIndexName, runtimeAccountName } from './names.ts';
import { secretsOf, trustSourcesOf } from './named-sources.ts';

export function role(instance: SbcInstance, state: RoutingState): KubeObject {
  const secrets = new Set([...secretsOf(state), ...trustSourcesOf(state, 'Secret')]);
  const watched = new Set([routingIndexName(instance), ...trustSourcesOf(state, 'ConfigMap')]);
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: childMetadata(instance, runtimeAccountName(instance)),
    rules: [
      // Names of shards change with their content, and the index that names them must never be ahead of this Role.
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
      // With a name, list and watch are allowed for a field selector on that name alone.
      { apiGroups: [''], resources: ['configmaps'], resourceNames: sorted(watched), verbs: ['list', 'watch'] },
      // RBAC: an empty list of names stands for all of them.
      ...(secrets.size === 0 ? [] : [secretsRule(secrets)]),
    ],
  };
}

const secretsRule = (names: ReadonlySet<string>) => ({
  apiGroups: [''],
  resources: ['secrets'],
  resourceNames: sorted(names),
  verbs: ['get', 'list', 'watch'],
});

const sorted = (names: ReadonlySet<string>) => [...names].toSorted();
