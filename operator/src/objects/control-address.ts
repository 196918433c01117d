/** Where RTPEngine takes commands. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';

/**
 * Whoever reaches RTPEngine's control port can take over every call, so it stands on 127.0.0.1. Where all pods are bound
 * to loopback addresses anyway (local mode, tests), each has it on its own: nobody outside reaches a loopback address.
 */
export function isControlOnPodAddress(instance: SbcInstance): boolean {
  const { addresses } = instance.spec.network;
  return addresses.length > 0 && addresses.every((entry) => (entry.bindAddress ?? entry.address).startsWith('127.'));
}
