/** The condition AddressesAssigned. Pure. */
import type { ReasonOf, SbcInstance } from '@teams-sbc/crds';
import type { ConditionOutcome } from '../status/condition-outcome.ts';
import type { AddressPlan } from './plan-addresses.ts';

/**
 * @param isLate an address has been missing for longer than a start takes
 * @param absent names of pods that do not run, whose address is written or was found before; empty: there is none
 */
export function assessAddresses(
  instance: SbcInstance,
  { addresses, missing, notes }: AddressPlan,
  isLate: boolean,
  absent = '',
): ConditionOutcome<ReasonOf<'SbcInstance', 'AddressesAssigned'>> {
  if (missing.length > 0) {
    const reason = !isLate && missing.every(({ away }) => away) ? 'AddressPending' : 'AddressMissing';
    return { status: 'False', reason, message: missing.map(({ message }) => message).join('; ') };
  }
  const byAddress = Map.groupBy(addresses, ([, { address }]) => address);
  const shared = [...byAddress].find(([, entries]) => entries.length > 1);
  if (shared !== undefined) {
    const [address, entries] = shared;
    const pods = entries.map(([ordinal]) => `${instance.metadata.name}-${String(ordinal)}`).join(' and ');
    const message = `${pods} have the address ${address}, and Teams takes one gateway for each: write an address of its own for each pod to spec.network.addresses`;
    return { status: 'False', reason: 'AddressShared', message };
  }
  const kept = absent === '' ? [] : [`${absent} does not run yet, its address is kept`];
  const all = absent === '' ? 'every pod has an address of its own' : 'every pod that runs has an address of its own';
  const said = [all, ...kept, ...notes.map(({ message }) => message)];
  return { status: 'True', reason: 'Assigned', message: said.join('; ') };
}
