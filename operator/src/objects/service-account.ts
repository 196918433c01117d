/** Who the pods of an instance are at the API server. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { runtimeAccountName } from './names.ts';

export function serviceAccount(instance: SbcInstance): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: childMetadata(instance, runtimeAccountName(instance)),
    automountServiceAccountToken: false,
  };
}
