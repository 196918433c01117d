/** Trunks that want the same thing: the oldest keeps it, the others are left out. Pure. */
import type { Trunk } from './trunk.ts';
import type { PodName } from './fqdns.ts';
import { trunkFqdns } from './fqdns.ts';
import type { Problem } from './problem.ts';
import { refOf } from './problem.ts';

/** @param trunks the oldest first */
export function trunkConflicts(pods: readonly PodName[], trunks: readonly Trunk[]): ReadonlyMap<Trunk, Problem> {
  const dropped = new Map<Trunk, Problem>();
  const byName = new Map<string, Trunk>();
  const byFqdn = new Map<string, Trunk>();
  const drop = (trunk: Trunk, field: string, message: string) =>
    dropped.set(trunk, { object: refOf(trunk), field, reason: 'Conflict', message, blocking: false });
  for (const trunk of trunks) {
    const { name } = trunk.metadata;
    const namesake = byName.get(name);
    if (namesake !== undefined) {
      // Routes, logs and metrics call a trunk by its name alone.
      drop(trunk, 'metadata.name', `found ${name}, the name of a ${namesake.kind} too, allowed a name of its own`);
      continue;
    }
    byName.set(name, trunk);
    if (trunk.kind !== 'TeamsTrunk') continue;
    const fqdns = trunkFqdns(pods, trunk);
    const taken = fqdns.find((fqdn) => byFqdn.has(fqdn));
    if (taken !== undefined) {
      const owner = byFqdn.get(taken)?.metadata.name ?? '';
      const field = trunk.spec.fqdns === undefined ? 'spec.subdomain' : 'spec.fqdns';
      drop(trunk, field, `found ${taken}, which TeamsTrunk/${owner} has already, allowed an FQDN of its own`);
      continue;
    }
    for (const fqdn of fqdns) byFqdn.set(fqdn, trunk);
  }
  return dropped;
}
