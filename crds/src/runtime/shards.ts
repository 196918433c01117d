/**
 * A routing state in pieces that fit into ConfigMaps, and back. One shard (the head) holds all but the four long lists; the
 * entries of those lie in buckets by a hash of their kind and name, so that one changed trunk changes one shard. An index
 * names the shards and the hash of the whole: whoever joins them gets the identical document or problems. Pure.
 */
import { z } from 'zod';
import { atMost, problem, type Problem } from '../problem.ts';
import { problemsIn } from '../problems-in.ts';
import type { RoutingState } from './document.ts';
import { canonicalJson, hashText } from './hash.ts';
import { maxRoutingStateLength } from './parse.ts';

const indexVersion = 'teams-sbc.dev/routing-index/v1';
/** Key of the index in the data of its ConfigMap, and of a shard in that of its own. */
export const indexKey = 'index.json';
export const shardKey = 'shard.json';
/** Octets, half of what a ConfigMap may hold: never exceeded by a document that fits the contract. */
export const maxShardLength = 512 * 1024;

/** Octets that a bucket should have: one changed trunk costs one write of about as much. */
const AIM = 64 * 1024;
/** Entries of a document that has as many of everything as the contract allows spread over fewer. */
const MAX_BUCKETS = 4096;
/** The lists that are cut; in the order of canonical JSON. */
const LISTS = ['callRoutes', 'numberPolicies', 'routes', 'trunks'] as const;

const hash = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .meta({ allowed: 'sha256: and 64 hexadecimal digits' });

const routingIndex = z.strictObject({
  version: z.literal(indexVersion),
  /** `hashRoutingState` of the whole document. */
  hash,
  /** Characters of its canonical JSON. */
  length: z.int().min(2).max(maxRoutingStateLength),
  /** The head first. */
  shards: z
    .array(
      z.strictObject({
        /** Of the ConfigMap, in the same namespace. */
        name: z
          .string()
          .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
          .max(253)
          .meta({ allowed: 'the name of a ConfigMap' }),
        hash,
        length: z.int().min(2).max(maxShardLength),
      }),
    )
    .min(1)
    .max(MAX_BUCKETS + 1),
});

export type RoutingIndex = z.infer<typeof routingIndex>;

export interface Shard {
  /** Of its ConfigMap: the instance's, `-routing-` and ten digits of the hash. The same content has the same name. */
  readonly name: string;
  readonly text: string;
  /** Of the text. */
  readonly hash: string;
}

export interface SplitState {
  readonly index: RoutingIndex;
  /** The head first; no two are the same. */
  readonly shards: readonly Shard[];
  /** The whole document as canonical JSON: what `index.hash` is the hash of. */
  readonly text: string;
}

/** What is asked of each entry of a long list on every split. */
export interface EntryText {
  /** Canonical JSON. */
  readonly text: string;
  /** Of kind and name; stable between releases, since it decides the shard. */
  readonly bucket: number;
}

/** Remembers by identity what entries look like: for entries that are never changed in place, such as frozen ones. */
export class EntryTexts {
  readonly #texts = new WeakMap<object, EntryText>();

  readonly of = (entry: object): EntryText => {
    let text = this.#texts.get(entry);
    if (text === undefined) this.#texts.set(entry, (text = entryText(entry)));
    return text;
  };
}

function entryText(entry: object): EntryText {
  const digits = hashText(keyOf(entry)).slice('sha256:'.length, 'sha256:'.length + 8);
  return { text: canonicalJson(entry), bucket: Number.parseInt(digits, 16) };
}

/** A trunk by kind and name, a route by where it comes from, the others by name. */
function keyOf(entry: object): string {
  const { kind = '', name, from } = entry as { kind?: unknown; name?: unknown; from?: unknown };
  return `${String(kind)}/${String(typeof name === 'string' ? name : from)}`;
}

type Lists = Record<(typeof LISTS)[number], readonly object[]>;

/** @param textOf `EntryTexts.of` where most entries are those of the last split: 2000 trunks cost some milliseconds then. */
export function splitRoutingState(state: RoutingState, textOf: (entry: object) => EntryText = entryText): SplitState {
  const lists = listsOf(state);
  const texts = textsOf(lists, textOf);
  const text = wholeText(state, texts);
  const contents = [headText(state, lists), ...bucketTexts(lists, texts)];
  const shards = contents.map((content): Shard => {
    const shardHash = hashText(content);
    return { name: shardName(state.instance.name, shardHash), text: content, hash: shardHash };
  });
  const index: RoutingIndex = {
    version: indexVersion,
    hash: hashText(text),
    length: text.length,
    shards: shards.map((shard) => ({ name: shard.name, hash: shard.hash, length: shard.text.length })),
  };
  return { index, shards, text };
}

/** The first 40 bits are enough to tell an instance's shards apart; the index holds the whole hash. */
export function shardName(instance: string, shardHash: string): string {
  return `${instance}-routing-${shardHash.slice('sha256:'.length, 'sha256:'.length + 10)}`;
}

/** Canonical JSON of the whole. */
export function stateText(state: object, textOf: (entry: object) => EntryText): string {
  return wholeText(state, textsOf(listsOf(state), textOf));
}

function textsOf(lists: Lists, textOf: (entry: object) => EntryText): Record<(typeof LISTS)[number], EntryText[]> {
  const texts = LISTS.map((list) => [list, lists[list].map(textOf)]);
  return Object.fromEntries(texts) as Record<(typeof LISTS)[number], EntryText[]>;
}

function listsOf(state: object): Lists {
  const found = state as Partial<Lists>;
  return Object.fromEntries(LISTS.map((list) => [list, found[list] ?? []])) as unknown as Lists;
}

function wholeText(state: object, texts: Record<string, readonly EntryText[]>): string {
  const members = Object.entries(state)
    .filter(([, member]) => member !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => {
      const entries = texts[key];
      const value = entries === undefined ? canonicalJson(member) : `[${entries.map(({ text }) => text).join(',')}]`;
      return `${JSON.stringify(key)}:${value}`;
    });
  return `{${members.join(',')}}`;
}

/** Names the lists that are there; one in another order than by key says so, as places in that order. */
function headText(state: object, lists: Lists): string {
  const rest = Object.entries(state).filter(([key]) => !LISTS.some((list) => list === key));
  const present = LISTS.filter((list) => Object.hasOwn(state, list) && (state as Partial<Lists>)[list] !== undefined);
  const orders = present.flatMap((list) => {
    const order = orderOf(lists[list]);
    return order === undefined ? [] : [[list, order] as const];
  });
  return canonicalJson({
    state: Object.fromEntries(rest),
    lists: present,
    ...(orders.length > 0 && { orders: Object.fromEntries(orders) }),
  });
}

/** For each place of the list, which entry by key stands there; undefined: they stand in order. */
function orderOf(entries: readonly object[]): number[] | undefined {
  const keys = entries.map(keyOf);
  if (keys.every((key, at) => at === 0 || (keys[at - 1] ?? '') <= key)) return undefined;
  const byKey = keys.map((_, at) => at).sort((a, b) => compare(keys[a] ?? '', keys[b] ?? '') || a - b);
  const order = new Array<number>(keys.length);
  for (const [place, at] of byKey.entries()) order[at] = place;
  return order;
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function bucketTexts(lists: Lists, texts: Record<(typeof LISTS)[number], readonly EntryText[]>): string[] {
  const entries = LISTS.flatMap((list) =>
    lists[list].map((entry, at) => ({ list, key: keyOf(entry), at, ...(texts[list][at] ?? entryText(entry)) })),
  );
  if (entries.length === 0) return [];
  entries.sort((a, b) => compare(a.list, b.list) || compare(a.key, b.key) || a.at - b.at);
  const octets = entries.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 1, 0);
  let count = 1;
  while (count * AIM < octets && count < MAX_BUCKETS) count *= 2;
  for (;;) {
    const buckets = Map.groupBy(entries, ({ bucket }) => bucket & (count - 1));
    const contents = [...buckets.keys()].sort((a, b) => a - b).map((number) => bucketText(buckets.get(number) ?? []));
    if (count >= MAX_BUCKETS || contents.every((content) => Buffer.byteLength(content) <= maxShardLength))
      return contents;
    count *= 2;
  }
}

function bucketText(entries: readonly { readonly list: string; readonly text: string }[]): string {
  const byList = Map.groupBy(entries, ({ list }) => list);
  const members = [...byList].map(
    ([list, own]) => `${JSON.stringify(list)}:[${own.map(({ text }) => text).join(',')}]`,
  );
  return `{${members.join(',')}}`;
}

export type ParsedIndex =
  { readonly ok: true; readonly index: RoutingIndex } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Never throws. */
export function parseRoutingIndex(text: string): ParsedIndex {
  if (text.length > maxShardLength * 2)
    return refused('', `at most ${String(maxShardLength * 2)} characters long`, `${String(text.length)} characters`);
  const value = readJson(text);
  if (value === undefined) return refused('', 'an index in JSON', 'a text that is not JSON');
  const parsed = routingIndex.safeParse(value);
  if (parsed.success) return { ok: true, index: parsed.data };
  return { ok: false, problems: atMost(problemsIn(parsed.error, routingIndex, value)) };
}

export type JoinedState =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Remembers the shards of the last join: one that has not changed is neither hashed nor read again. */
export class JoinMemory {
  readonly texts = new EntryTexts();
  /** By the text, whose hash was found right. */
  contents: ReadonlyMap<string, { readonly hash: string; readonly content: unknown }> = new Map();
}

/**
 * The document as canonical JSON, whose hash is `index.hash`; whether a runtime can use it is `parseRoutingState`'s to say.
 * Never throws.
 *
 * @param texts of the shards, by the name of their ConfigMap
 * @param memory of the join before, and for the next one
 */
export function joinShards(
  index: RoutingIndex,
  texts: ReadonlyMap<string, string>,
  memory: JoinMemory = new JoinMemory(),
): JoinedState {
  const isKnown = ({ name, hash: wanted, length }: RoutingIndex['shards'][number]) => {
    const shard = texts.get(name) ?? '';
    return shard.length === length && memory.contents.get(shard)?.hash === wanted;
  };
  const problems = index.shards.flatMap((shard, at) =>
    isKnown(shard) ? [] : shardProblems(shard, at, texts.get(shard.name)),
  );
  if (problems.length > 0) return { ok: false, problems: atMost(problems) };
  memory.contents = new Map(
    index.shards.map(({ name, hash: shardHash }) => {
      const shard = texts.get(name) ?? '';
      return [shard, memory.contents.get(shard) ?? { hash: shardHash, content: readJson(shard) }] as const;
    }),
  );
  const [head, ...buckets] = index.shards.map(({ name }) => memory.contents.get(texts.get(name) ?? '')?.content);
  const state = assemble(head, buckets);
  if (state === undefined) return refused('shards', 'a head and buckets of lists', 'shards of another form');
  const text = stateText(state, memory.texts.of);
  const found = hashText(text);
  if (found !== index.hash) return refused('hash', `the hash of the joined document, ${found}`, index.hash);
  return { ok: true, text };
}

function shardProblems(shard: RoutingIndex['shards'][number], at: number, text: string | undefined): Problem[] {
  const path = `shards[${String(at)}]`;
  if (text === undefined) return [problem(path, `the ConfigMap ${shard.name}, which must be there`, 'nothing')];
  if (text.length !== shard.length)
    return [problem(path, `${String(shard.length)} characters of ${shard.name}`, `${String(text.length)} characters`)];
  const found = hashText(text);
  return found === shard.hash ? [] : [problem(path, `a text of ${shard.name} with the hash ${shard.hash}`, found)];
}

/** Undefined where the parts are no parts of a document: hashes fit, so somebody else than `splitRoutingState` wrote them. */
function assemble(head: unknown, buckets: readonly unknown[]): object | undefined {
  if (!isObject(head) || !isObject(head['state']) || !Array.isArray(head['lists'])) return undefined;
  const present: readonly unknown[] = head['lists'];
  const orders = isObject(head['orders']) ? head['orders'] : {};
  const state = new Map(Object.entries(head['state']));
  if (LISTS.some((list) => state.has(list))) return undefined;
  for (const list of LISTS) {
    const entries = buckets.flatMap((bucket) => entriesOf(bucket, list));
    if (!present.includes(list) && entries.length === 0) continue;
    const ordered = entries.every(isObject) && inOrder(entries, orders[list]);
    if (ordered === false) return undefined;
    state.set(list, ordered);
  }
  return Object.fromEntries(state);
}

function entriesOf(bucket: unknown, list: string): readonly unknown[] {
  const entries = isObject(bucket) ? bucket[list] : undefined;
  return Array.isArray(entries) ? entries : [];
}

function inOrder(entries: readonly object[], order: unknown): readonly unknown[] | false {
  const byKey = entries
    .map((entry) => ({ entry, key: keyOf(entry) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ entry }) => entry);
  if (order === undefined) return byKey;
  if (!Array.isArray(order) || order.length !== byKey.length) return false;
  const ordered = order.map((place: unknown) => (typeof place === 'number' ? byKey[place] : undefined));
  return ordered.includes(undefined) ? false : ordered;
}

function refused(path: string, allowed: string, found: string): { ok: false; problems: readonly Problem[] } {
  return { ok: false, problems: [problem(path, allowed, found)] };
}

/** Undefined: not JSON. JSON has no undefined of its own. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
