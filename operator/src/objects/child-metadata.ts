/** The metadata of everything that belongs to an instance. Pure. */
import { apiVersion } from '@teams-sbc/crds';
import type { SbcInstance } from '@teams-sbc/crds';
import type { ObjectMeta } from '../kube/kube-object.ts';
import { instanceLabels } from './labels.ts';

/**
 * Own labels alone: those of the custom resource stay with it, because Argo CD would take a child that carries its
 * tracking label or annotation for one of its own and prune it.
 */
export function childMetadata(instance: SbcInstance, name: string): ObjectMeta {
  const { uid, namespace } = instance.metadata;
  return {
    name,
    namespace: namespace ?? 'default',
    labels: instanceLabels(instance),
    // Absent in local mode, where nothing collects.
    ...(uid === undefined
      ? {}
      : {
          ownerReferences: [
            {
              apiVersion,
              kind: 'SbcInstance',
              name: instance.metadata.name,
              uid,
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        }),
  };
}
