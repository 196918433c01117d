/** Where a call goes: the trunk that it came in on decides (the simple rule of one TeamsTrunk and one PbxTrunk is compiled into `routes`). Pure. */
import type { RouteState } from '@teams-sbc/crds/runtime';

export type RouteDecision =
  | { readonly kind: 'routed'; readonly to: readonly string[] }
  | { readonly kind: 'rejected'; readonly status: 404; readonly reason: 'no-route' };

/** `routes` by the trunk that they start from; built once for each document. */
export type RouteTable = ReadonlyMap<string, readonly string[]>;

export function routeTable(routes: readonly RouteState[]): RouteTable {
  return new Map(routes.map((route) => [route.from, route.to]));
}

export function routeCall(table: RouteTable, fromTrunk: string): RouteDecision {
  const to = table.get(fromTrunk);
  return to ? { kind: 'routed', to } : { kind: 'rejected', status: 404, reason: 'no-route' };
}
