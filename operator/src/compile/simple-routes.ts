/** The route that nobody has to write. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { RouteState, TrunkState } from '@teams-sbc/crds/runtime';
import type { Note } from './problem.ts';
import { refOf } from './problem.ts';
import type { Trunk } from './trunk.ts';

/**
 * The simple case needs no routing: one TeamsTrunk and one PbxTrunk are each other's destination. What counts is how many
 * the instance has, not how many are served: a second trunk that is left out for a fault must not make the first a default.
 */
export function simpleRoutes(
  instance: SbcInstance,
  attached: readonly Trunk[],
  served: readonly TrunkState[],
): { readonly routes: RouteState[]; readonly notes: readonly Note[] } {
  const count = (kind: Trunk['kind']) => attached.filter((trunk) => trunk.kind === kind).length;
  const teams = served.find(({ kind }) => kind === 'TeamsTrunk');
  const pbx = served.find(({ kind }) => kind === 'PbxTrunk');
  if (count('TeamsTrunk') !== 1 || count('PbxTrunk') !== 1) {
    const message = `no default route: it is made for exactly one TeamsTrunk and one PbxTrunk, found ${String(count('TeamsTrunk'))} and ${String(count('PbxTrunk'))}; calls are answered 404 until a CallRoute says where they go`;
    return { routes: [], notes: [{ object: refOf(instance), message }] };
  }
  if (teams === undefined || pbx === undefined) {
    const message = 'no default route: one of its two trunks is left out for the problem above';
    return { routes: [], notes: [{ object: refOf(instance), message }] };
  }
  return {
    routes: [
      { from: pbx.name, to: [teams.name] },
      { from: teams.name, to: [pbx.name] },
    ],
    notes: [],
  };
}
