/** Which fields of an instance a running pod cannot follow: they are in its arguments, its sockets or its hosts file. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import { isDeepStrictEqual } from 'node:util';
import type { PlannedPod } from '../plan/planned-pods.ts';

type Spec = SbcInstance['spec'];

const fields: Readonly<Record<string, (spec: Spec) => unknown>> = {
  'spec.media.engine': ({ media }) => media.engine,
  'spec.media.portRange': ({ media }) => media.portRange,
  'spec.media.controlPort': ({ media }) => media.controlPort,
  'spec.observability.port': ({ observability }) => observability.port,
  'spec.network.hostAliases': ({ network }) => network.hostAliases,
};

/** @param started what the pod runs with; @param wanted what the directory says now */
export function pendingFields(started: StartedWith, wanted: Omit<StartedWith, 'listeners'>): string[] {
  const pending = Object.entries(fields)
    .filter(([, read]) => !isDeepStrictEqual(read(started.instance.spec), read(wanted.instance.spec)))
    .map(([field]) => field);
  if (started.pod.bindAddress !== wanted.pod.bindAddress) pending.push('spec.network.addresses');
  // RTPEngine's --max-sessions; a lower limit is the runtime's own and follows at once.
  if (wanted.instance.spec.capacity.maxCalls > started.instance.spec.capacity.maxCalls)
    pending.push('spec.capacity.maxCalls');
  if (areListenersMoved(started.listeners, wanted.instance.spec.listeners)) pending.push('spec.listeners');
  return pending;
}

export interface StartedWith {
  readonly instance: SbcInstance;
  readonly pod: PlannedPod;
  /** Of the document that the runtime began with: a runtime that died has begun with a newer one than its pod. */
  readonly listeners: Spec['listeners'];
}

/** A new listener is opened while calls run. One that moves or goes would cut off the calls whose Contact names it. */
function areListenersMoved(started: Spec['listeners'], wanted: Spec['listeners']): boolean {
  return started.some((listener) => !wanted.some((other) => isDeepStrictEqual(other, listener)));
}
