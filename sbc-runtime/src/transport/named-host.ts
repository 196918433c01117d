/** Where a request inside a dialog may go: its peer has named the host, and could have named anybody's. Pure. */
import type { Hop } from '../sip/hop.ts';
import type { Admission } from './admission.ts';
import type { Address } from './resolver.ts';

type Ranges = Pick<Admission, 'trunksAt' | 'formerTrunksAt'>;

/** The addresses that the trunk's peers may speak from, and the one that has spoken; all of them for a hop that was configured, or that took the request before. */
export function allowedAmong(addresses: readonly Address[], hop: Hop, ranges: Ranges): readonly Address[] {
  if (!isNamedByPeer(hop) || addresses.every(({ address }) => isAllowed(address, hop, ranges))) return addresses;
  return addresses.filter(({ address }) => isAllowed(address, hop, ranges));
}

export const isNamedByPeer = (hop: Hop): boolean => hop.heardFrom !== undefined && hop.at === undefined;

function isAllowed(address: string, { heardFrom, listener, trunk }: Hop, ranges: Ranges): boolean {
  return (
    address === heardFrom?.address ||
    ranges.trunksAt(listener, address).includes(trunk) ||
    ranges.formerTrunksAt(listener, address).includes(trunk)
  );
}
