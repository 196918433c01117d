/** What to say while there is no pod. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import { instanceName } from '../objects/names.ts';

/** Why none is made, the controller of StatefulSets alone knows: it says so in events, which the operator may not read. */
export function noPodYet(instance: SbcInstance): string {
  const words = `there is no pod yet: if that lasts, 'kubectl describe statefulset ${instanceName(instance)}' says why`;
  if (instance.spec.network.mode !== 'HostNetwork') return words;
  return `${words}; the namespace must allow the host network (Pod Security level privileged)`;
}
