/** What both containers of a pod share. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import { isControlOnPodAddress } from './control-address.ts';
import type { EnvVar } from './kube-types.ts';

export function environment(instance: SbcInstance): EnvVar[] {
  return [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'CONTROL_ADDRESS', value: isControlOnPodAddress(instance) ? '$(POD_IP)' : '127.0.0.1' },
  ];
}

export function lockedDown() {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  };
}
