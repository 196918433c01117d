/** Labels that every object of an instance carries (the recommended labels of Kubernetes). Pure. */
import type { SbcInstance } from '@teams-sbc/crds';

export function instanceLabels(instance: SbcInstance): Record<string, string> {
  return {
    ...selectorLabels(instance),
    'app.kubernetes.io/part-of': 'teams-sbc',
    'app.kubernetes.io/managed-by': 'teams-sbc-operator',
  };
}

/**
 * What finds the pods of an instance; never changes, because a StatefulSet's selector cannot.
 * Not `app.kubernetes.io/instance`: Argo CD, where it tracks by label, takes what carries that for its own and prunes it.
 */
export function selectorLabels(instance: SbcInstance): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'teams-sbc',
    'teams-sbc.dev/instance': instance.metadata.name,
    'app.kubernetes.io/component': 'sbc-runtime',
  };
}
