/** What a pod's containers listen on, for the line that says they are ready. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import { isControlOnPodAddress } from '../objects/control-address.ts';
import { rtpengineContainer } from '../objects/rtpengine-container.ts';
import type { ReadyAddress } from './local-event.ts';

/** @param listeners those of the document that the runtime began with */
export function readyAddresses(
  container: string,
  instance: SbcInstance,
  listeners: SbcInstance['spec']['listeners'],
  address: string,
): ReadyAddress[] {
  const { media, observability } = instance.spec;
  if (container === rtpengineContainer) {
    const control = isControlOnPodAddress(instance) ? address : '127.0.0.1';
    return [
      { use: 'ng', address: control, port: media.controlPort },
      { use: 'rtp', address, port: media.portRange.start, lastPort: media.portRange.end },
    ];
  }
  return [
    ...listeners.map(({ kind, transport, port }) => ({ use: transport, serves: kind, address, port })),
    { use: 'http', address, port: observability.port },
  ];
}
