/** Which TeamsTrunk sends the OPTIONS for a trunk with a subdomain: the one that has the names which it lies below. Pure. */
import type { Gateway } from '../plan/gateways.ts';
import type { InstanceOutcome } from './instance-outcome.ts';

type Gateways = InstanceOutcome['gateways'];
type Links = ReadonlyMap<string, ReadonlySet<string>>;

interface Carriers {
  /** By the name of the trunk below. */
  readonly above: Links;
  /** By the name of the carrier. */
  readonly below: Links;
}

const known = new WeakMap<Gateways, Carriers>();
const nobody: ReadonlySet<string> = new Set();

/** Names; more than one where its pods lie below different ones. */
export function carriersOf({ gateways }: Pick<InstanceOutcome, 'gateways'>, trunk: string): ReadonlySet<string> {
  return carriersIn(gateways).above.get(trunk) ?? nobody;
}

/** Names of those that share what this trunk meets. */
export function trunksBelow({ gateways }: Pick<InstanceOutcome, 'gateways'>, carrier: string): ReadonlySet<string> {
  return carriersIn(gateways).below.get(carrier) ?? nobody;
}

/** Once for each look at an instance: it may have thousands. */
function carriersIn(gateways: Gateways): Carriers {
  let carriers = known.get(gateways);
  if (carriers === undefined) known.set(gateways, (carriers = link(gateways)));
  return carriers;
}

function link(gateways: Gateways): Carriers {
  const owners = new Map<string, string>();
  const each = function* (): Generator<readonly [string, Gateway]> {
    for (const [name, list] of gateways) for (const gateway of list) yield [name, gateway];
  };
  for (const [name, { fqdn }] of each()) owners.set(fqdn, name);
  const [above, below] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  for (const [name, { fqdn }] of each()) {
    const owner = owners.get(fqdn.slice(fqdn.indexOf('.') + 1));
    if (owner === undefined || owner === name) continue;
    add(above, name, owner);
    add(below, owner, name);
  }
  return { above, below };
}

function add(links: Map<string, Set<string>>, from: string, to: string): void {
  const set = links.get(from);
  if (set === undefined) links.set(from, new Set([to]));
  else set.add(to);
}
