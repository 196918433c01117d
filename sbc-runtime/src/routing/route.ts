/**
 * Where a call goes. Without CallRoutes the trunk that it came in on decides (`routes`: the simple rule of one TeamsTrunk
 * and one PbxTrunk). With them the first one that fits does, by priority, age and name. Pure but for the lots it draws.
 */
import type { CallRouteState, RoutingState } from '@teams-sbc/crds/runtime';
import { drawOrder, priorityGroups } from './destination-order.ts';
import { numberPart, type NumberMatcher } from './number-matcher.ts';
import type { NumberRewriter, ReadNumber } from './number-rewriter.ts';
import { RouteIndex } from './route-index.ts';
import { RouteMemory } from './route-memory.ts';

/** User parts, as the trunk that the call came in on reads them; `caller` is `anonymous` where the caller hides. */
export interface RoutedNumbers {
  readonly called: string;
  readonly caller: string;
}

export type RouteDecision =
  | {
      readonly kind: 'routed';
      /** Trunks, in the order in which they are tried; empty: the route has lost all that it names. */
      readonly to: readonly string[];
      /** As the destinations get to see them; absent: as they came. */
      readonly numbers?: RoutedNumbers;
      /** Statuses on which the next trunk is tried; absent: there is no CallRoute. */
      readonly failover?: ReadonlySet<number>;
    }
  | {
      readonly kind: 'rejected';
      readonly status: number;
      readonly phrase?: string;
      /** `no-route`: there is none for calls of that trunk at all. `unrouted-number`: none of them fits this call. */
      readonly reason: 'no-route' | 'unrouted-number' | 'rejected-by-route';
    };

export interface CallRouterDeps {
  /** A random integer in [0, limit). */
  readonly below: (limit: number) => number;
  readonly readNumber: ReadNumber;
  /** Of the documents before, made with the same `readNumber`. @default none */
  readonly memory?: RouteMemory;
}

type Routes = Pick<RoutingState, 'routes' | 'callRoutes' | 'numberPolicies'>;

interface ReadyRoute {
  readonly place: number;
  readonly prefixes: readonly string[];
  readonly from: string | undefined;
  readonly called: NumberMatcher | undefined;
  readonly calling: NumberMatcher | undefined;
  readonly calledPolicy: NumberRewriter | undefined;
  readonly callingPolicy: NumberRewriter | undefined;
  readonly groups: ReturnType<typeof priorityGroups>;
  readonly failover: ReadonlySet<number>;
  readonly rejection: Rejected | undefined;
}

type Rejected = Extract<RouteDecision, { kind: 'rejected' }>;

const noRoute: RouteDecision = { kind: 'rejected', status: 404, reason: 'no-route' };
const unroutedNumber: RouteDecision = { kind: 'rejected', status: 404, reason: 'unrouted-number' };
const DECLINED = 603;
/** A caller who hides. */
export const ANONYMOUS = 'anonymous';

/** Built once for each document; calls that it has routed keep what they got. */
export class CallRouter {
  readonly #below: (limit: number) => number;
  readonly #simple: ReadonlyMap<string, RouteDecision>;
  readonly #hasRoutes: boolean;
  readonly #hasFromAny: boolean;
  readonly #fromAny: RouteIndex<ReadyRoute>;
  /** Routes that name a trunk, by it. */
  readonly #byTrunk: ReadonlyMap<string, RouteIndex<ReadyRoute>>;

  constructor(state: Routes, deps: CallRouterDeps) {
    const { callRoutes = [], numberPolicies = [], routes } = state;
    this.#below = deps.below;
    this.#simple = new Map(routes.map(({ from, to }) => [from, { kind: 'routed', to }]));
    const { memory = new RouteMemory(deps.readNumber) } = deps;
    const policies = new Map(numberPolicies.map((policy) => [policy.name, memory.rewriter(policy)]));
    const ready = callRoutes.toSorted(byPriority).map((route, place) => readyRoute(route, { place, policies, memory }));
    const byFrom = Map.groupBy(ready, ({ from }) => from);
    this.#hasRoutes = ready.length > 0;
    this.#hasFromAny = byFrom.has(undefined);
    this.#fromAny = new RouteIndex(byFrom.get(undefined) ?? []);
    this.#byTrunk = new Map(
      [...byFrom].flatMap(([from, own]) => (from === undefined ? [] : [[from, new RouteIndex(own)] as const])),
    );
  }

  route(fromTrunk: string, numbers: RoutedNumbers): RouteDecision {
    if (!this.#hasRoutes) return this.#simple.get(fromTrunk) ?? noRoute;
    const called = numberPart(numbers.called);
    const caller = numberPart(numbers.caller);
    const fits = (route: ReadyRoute): boolean =>
      route.called?.fits(called) !== false && route.calling?.fits(caller) !== false;
    const own = this.#byTrunk.get(fromTrunk);
    const ofTrunk = own?.first(called, fits);
    const ofAny = this.#fromAny.first(called, fits);
    const route = ofTrunk === undefined || (ofAny !== undefined && ofAny.place < ofTrunk.place) ? ofAny : ofTrunk;
    if (route !== undefined) return this.#decide(route, numbers);
    return own === undefined && !this.#hasFromAny ? noRoute : unroutedNumber;
  }

  #decide(route: ReadyRoute, { called, caller }: RoutedNumbers): RouteDecision {
    const { calledPolicy, callingPolicy, failover, rejection } = route;
    if (rejection !== undefined) return rejection;
    const rewritten = {
      called: calledPolicy === undefined ? called : calledPolicy.rewrite(called),
      // RFC 3323: who hides has no number to rewrite.
      caller: callingPolicy === undefined || caller === ANONYMOUS ? caller : callingPolicy.rewrite(caller),
    };
    // A called number of which the policy leaves nothing would reach whoever answers without one.
    const isLost = rewritten.called === '' && called !== '';
    if (rewritten.called === undefined || rewritten.caller === undefined || isLost)
      return { kind: 'rejected', status: 404, reason: 'rejected-by-route' };
    // RFC 3261 §25.1: there is no URI with an empty user.
    const numbers = { called: rewritten.called, caller: rewritten.caller === '' ? ANONYMOUS : rewritten.caller };
    return { kind: 'routed', to: drawOrder(route.groups, this.#below), numbers, failover };
  }
}

interface RouteContext {
  readonly place: number;
  readonly policies: ReadonlyMap<string, NumberRewriter>;
  readonly memory: RouteMemory;
}

function readyRoute(route: CallRouteState, { place, policies, memory }: RouteContext): ReadyRoute {
  const policy = (name: string | undefined) => (name === undefined ? undefined : policies.get(name));
  const called = memory.matcher(route.called);
  return {
    place,
    prefixes: called?.prefixesOfAll ?? [''],
    from: route.from,
    called,
    calling: memory.matcher(route.calling),
    calledPolicy: policy(route.calledPolicy),
    callingPolicy: policy(route.callingPolicy),
    groups: priorityGroups(route.destinations),
    // Teams: 603 is a person's no, whatever a document says.
    failover: new Set(route.failover.filter((status) => status !== DECLINED)),
    rejection: route.reject && rejection(route.reject),
  };
}

function rejection({ status, phrase }: NonNullable<CallRouteState['reject']>): Rejected {
  return { kind: 'rejected', status, ...(phrase === undefined ? {} : { phrase }), reason: 'rejected-by-route' };
}

function byPriority(a: CallRouteState, b: CallRouteState): number {
  return a.priority - b.priority || compareText(a.created ?? '', b.created ?? '') || compareText(a.name, b.name);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
