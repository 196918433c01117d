/**
 * Reads one routing state after the other: entries that the last one had are not checked again, and are the very objects that
 * they were. With one changed trunk of thousands that costs little more than reading JSON.
 */
import type { z } from 'zod';
import { stateProblems } from './check-state.ts';
import { patternProblems } from './cross-check-routes.ts';
import { entrySchemas, routingState, type RoutingState } from './document.ts';
import { maxRoutingStateLength, parseRoutingState, type ParsedRoutingState } from './parse.ts';
import { EntryTexts, stateText } from './shards.ts';

type List = keyof typeof entrySchemas;
type Entry<L extends List> = z.infer<(typeof entrySchemas)[L]>;

const NO_ENTRIES = { routes: [], trunks: [], callRoutes: [], numberPolicies: [] };

export class RoutingStateReader {
  /** By list and JSON. */
  #known: ReadonlyMap<string, object> = new Map();
  readonly #texts = new EntryTexts();

  /** What `parseRoutingState` says. Never throws. */
  read(text: string): ParsedRoutingState {
    const state = this.#readQuickly(text);
    return state === undefined ? parseRoutingState(text) : { ok: true, state };
  }

  /** What `canonicalJson` says, of a state that was read here and whose entries nobody has changed since. */
  textOf(state: RoutingState): string {
    return stateText(state, this.#texts.of);
  }

  /** Undefined where anything is wrong: what it is takes a look at the whole. */
  #readQuickly(text: string): RoutingState | undefined {
    const raw = text.length > maxRoutingStateLength ? undefined : readObject(text);
    if (raw === undefined) return undefined;
    const { trunks, callRoutes, numberPolicies, ...rest } = raw;
    const head = routingState.safeParse({ ...rest, trunks: [] });
    if (!head.success) return undefined;
    const seen = new Map<string, object>();
    const read = <L extends List>(list: L, entries: unknown) => this.#entries(list, entries, seen);
    const lists = {
      trunks: read('trunks', trunks),
      ...(callRoutes !== undefined && { callRoutes: read('callRoutes', callRoutes) }),
      ...(numberPolicies !== undefined && { numberPolicies: read('numberPolicies', numberPolicies) }),
    };
    if (Object.values(lists).includes(undefined)) return undefined;
    const state = { ...head.data, ...lists } as RoutingState;
    if (stateProblems(state).length > 0) return undefined;
    this.#known = seen;
    return state;
  }

  #entries<L extends List>(list: L, raw: unknown, seen: Map<string, object>): Entry<L>[] | undefined {
    if (!Array.isArray(raw)) return undefined;
    const entries: Entry<L>[] = [];
    for (const each of raw as unknown[]) {
      const key = `${list} ${JSON.stringify(each)}`;
      const entry = (this.#known.get(key) as Entry<L> | undefined) ?? readEntry(list, each);
      if (entry === undefined) return undefined;
      seen.set(key, entry);
      entries.push(entry);
    }
    return entries;
  }
}

function readEntry<L extends List>(list: L, raw: unknown): Entry<L> | undefined {
  const parsed = entrySchemas[list].safeParse(raw);
  if (!parsed.success) return undefined;
  const alone = { ...NO_ENTRIES, [list]: [parsed.data] } as unknown as RoutingState;
  return patternProblems(alone).length === 0 ? (parsed.data as Entry<L>) : undefined;
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
