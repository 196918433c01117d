/** The sockets that a planned pod will bind, each with the manifest field that chooses it. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import { isControlOnPodAddress } from '../objects/control-address.ts';
import type { PlannedPod } from '../plan/planned-pods.ts';

export interface HostPort {
  readonly protocol: 'UDP' | 'TCP';
  readonly address: string;
  readonly port: number;
  readonly field: string;
  /** The field that chooses the address. */
  readonly addressField: string;
}

/** Media ports are not among them: RTPEngine passes over those that are taken. */
export function hostPorts(instance: SbcInstance, { bindAddress, ordinal }: PlannedPod): HostPort[] {
  if (bindAddress === undefined) return [];
  const { spec } = instance;
  const addressField = `spec.network.addresses[${String(ordinal)}]`;
  const ports: HostPort[] = spec.listeners.map(({ transport, port }, index) => ({
    protocol: transport === 'UDP' ? 'UDP' : 'TCP',
    address: bindAddress,
    port,
    field: `spec.listeners[${String(index)}].port`,
    addressField,
  }));
  ports.push({
    protocol: 'TCP',
    address: bindAddress,
    port: spec.observability.port,
    field: 'spec.observability.port',
    addressField,
  });
  if (spec.media.engine === 'RTPEngine') {
    const address = isControlOnPodAddress(instance) ? bindAddress : '127.0.0.1';
    ports.push({
      protocol: 'UDP',
      address,
      port: spec.media.controlPort,
      field: 'spec.media.controlPort',
      addressField,
    });
  }
  return ports;
}
