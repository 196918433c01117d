/** CallRoutes that are served as they are written, and hardly meant so: calls that go back, and routes that no call reaches. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { CallRouteState } from '@teams-sbc/crds/runtime';
import { compareText } from './attached.ts';
import { defaultNamespace } from './problem.ts';
import type { Note } from './problem.ts';

/** @param routes those of the document */
export function routeNotes({ metadata }: SbcInstance, routes: readonly CallRouteState[]): readonly Note[] {
  const namespace = metadata.namespace ?? defaultNamespace;
  const first = new Map<string, CallRouteState>();
  return routes.toSorted(asLookedAt).flatMap((route) => {
    const { own, wider } = matchOf(route);
    const before = wider.map((match) => first.get(match)).find((each) => each !== undefined);
    if (!first.has(own)) first.set(own, route);
    const object = { kind: 'CallRoute', namespace, name: route.name };
    return [
      ...(before === undefined ? [] : [{ object, message: unreached(route, before) }]),
      ...(isWayBack(route) ? [{ object, message: wayBack(route) }] : []),
    ];
  });
}

/** As the runtime does: the first that matches decides. */
function asLookedAt(a: CallRouteState, b: CallRouteState): number {
  return a.priority - b.priority || compareText(a.created ?? '', b.created ?? '') || compareText(a.name, b.name);
}

interface Match {
  readonly own: string;
  /** What matches all calls that `own` does, itself among them: with each of its conditions, or without. */
  readonly wider: readonly string[];
}

/** An entry stays the same object while its manifest does. */
const matches = new WeakMap<CallRouteState, Match>();

function matchOf(route: CallRouteState): Match {
  let match = matches.get(route);
  if (match === undefined) matches.set(route, (match = matchTexts(route)));
  return match;
}

function matchTexts({ from, called, calling }: CallRouteState): Match {
  const parts = [from, listText(called), listText(calling)];
  const texts = parts.reduce<readonly string[]>(
    (all, part) => all.flatMap((text) => (part === undefined ? [`${text}\n`] : [`${text}\n`, `${text}\n${part}`])),
    [''],
  );
  return { own: parts.map((part) => `\n${part ?? ''}`).join(''), wider: texts };
}

/** In any order: one of them must fit. */
function listText(entries: CallRouteState['called']): string | undefined {
  return entries.length === 0
    ? undefined
    : entries
        .map((entry) => JSON.stringify(entry))
        .toSorted()
        .join();
}

function unreached({ priority }: CallRouteState, before: CallRouteState): string {
  const why =
    before.priority === priority
      ? `has the same priority ${String(priority)} and is older, or first by name`
      : `has the priority ${String(before.priority)}`;
  return `spec.match: no call reaches this route, CallRoute/${before.name} matches all of its calls, ${why}: change spec.match, give this one a lower spec.priority, or remove one of the two`;
}

function isWayBack({ from, destinations }: CallRouteState): boolean {
  return from !== undefined && destinations.length > 0 && destinations.every(({ trunk }) => trunk === from);
}

function wayBack({ from = '' }: CallRouteState): string {
  return `spec.destinations: calls from trunk ${from} go back to it and to no other: name another trunk, unless that is meant`;
}
