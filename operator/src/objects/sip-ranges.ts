/** The ranges that SIP may come from, by listener, and those that it came from until a short while ago. Pure. */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { networkRange } from './network-range.ts';

/** By name of the listener. */
export type SipRanges = ReadonlyMap<string, ReadonlySet<string>>;

/** By name of the listener: each range with the moment (milliseconds since 1970) at which it ends. */
export type FormerRanges = ReadonlyMap<string, ReadonlyMap<string, number>>;

export const noFormerRanges: FormerRanges = new Map();

/** On the NetworkPolicy: `{"<listener>": {"<range>": "<RFC 3339>"}}`, for an operator that is started again. */
const annotation = 'teams-sbc.dev/former-ranges';
/** Of each listener; the others end at once. An annotation must stay small. */
export const maxFormerRanges = 200;

export function sipRanges({ listeners, trunks }: RoutingState): SipRanges {
  const ranges = new Map(listeners.map(({ name }) => [name, new Set<string>()]));
  for (const { listener, allowCIDRs } of trunks)
    for (const cidr of allowCIDRs) ranges.get(listener)?.add(networkRange(cidr));
  return ranges;
}

export function formerRangesAnnotation(former: FormerRanges): { readonly annotations?: Record<string, string> } {
  if (former.size === 0) return {};
  const text = [...former].map(([listener, ranges]) => {
    const ends = [...ranges].toSorted().map(([range, endMs]) => [range, new Date(endMs).toISOString()] as const);
    return [listener, Object.fromEntries(ends)] as const;
  });
  return { annotations: { [annotation]: JSON.stringify(Object.fromEntries(text.toSorted())) } };
}

/** What stands there and can be read; the rest ends at once. */
export function readFormerRanges(policy: KubeObject | undefined): FormerRanges {
  const former = new Map<string, Map<string, number>>();
  for (const [listener, ranges] of entriesOf(parsed(policy?.metadata.annotations?.[annotation] ?? '')))
    for (const [range, end] of entriesOf(ranges).slice(0, maxFormerRanges)) {
      const endMs = typeof end === 'string' ? Date.parse(end) : NaN;
      if (Number.isNaN(endMs) || !/^[0-9a-f.:]+\/[0-9]{1,3}$/.test(range)) continue;
      former.set(listener, (former.get(listener) ?? new Map<string, number>()).set(range, endMs));
    }
  return former;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];
