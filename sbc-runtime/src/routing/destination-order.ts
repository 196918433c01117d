/** The order in which one call tries its destinations: by priority, and by lot among the same, as RFC 2782 does with SRV. Pure. */
import type { CallRouteState } from '@teams-sbc/crds/runtime';

type Destination = CallRouteState['destinations'][number];

/** The lowest priority first; within one the heaviest first, so that most lots are drawn in one step. */
export function priorityGroups(destinations: readonly Destination[]): readonly (readonly Destination[])[] {
  const groups = Map.groupBy(destinations, ({ priority }) => priority);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group.toSorted((a, b) => b.weight - a.weight));
}

/** @param below a random integer in [0, its argument) */
export function drawOrder(
  groups: readonly (readonly Destination[])[],
  below: (limit: number) => number,
): readonly string[] {
  return groups.flatMap((group) => drawGroup(group, below));
}

function drawGroup(group: readonly Destination[], below: (limit: number) => number): string[] {
  const left = [...group];
  const drawn: string[] = [];
  let total = left.reduce((sum, { weight }) => sum + weight, 0);
  while (left.length > 1) {
    let lot = below(total);
    const at = left.findIndex(({ weight }) => (lot -= weight) < 0);
    const [chosen] = left.splice(at, 1);
    if (chosen === undefined) break;
    drawn.push(chosen.trunk);
    total -= chosen.weight;
  }
  return [...drawn, ...left.map(({ trunk }) => trunk)];
}
