import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RoutingState, TeamsTrunkState } from './document.ts';
import { canonicalJson, hashRoutingState, hashText } from './hash.ts';
import { parseRoutingState } from './parse.ts';
import { samplePbxTrunk, sampleState, sampleTeamsTrunk } from './sample-state.ts';
import {
  EntryTexts,
  JoinMemory,
  joinShards,
  maxShardLength,
  parseRoutingIndex,
  splitRoutingState,
  type SplitState,
} from './shards.ts';

function trunkNumber(number: number, change: Partial<TeamsTrunkState> = {}): TeamsTrunkState {
  const name = `customer-${String(number).padStart(4, '0')}`;
  const fqdns = [0, 1].map((ordinal) => `${name}.sbc-${String(ordinal)}.voice.example.com`);
  return { ...sampleTeamsTrunk, name, fqdns, ...change };
}

function stateWith(count: number, change: Partial<TeamsTrunkState> = {}): RoutingState {
  const trunks = Array.from({ length: count }, (_, number) => trunkNumber(number, change));
  return { ...sampleState, trunks: [samplePbxTrunk, ...trunks], routes: [{ from: 'pbx', to: ['pbx'] }] };
}

const textsOf = ({ shards }: SplitState) => new Map(shards.map(({ name, text }) => [name, text]));

function joined(split: SplitState, texts: ReadonlyMap<string, string> = textsOf(split)): string {
  const result = joinShards(split.index, texts);
  assert.deepEqual(result.ok ? [] : result.problems, []);
  return result.ok ? result.text : '';
}

test('what was split is joined to the identical document, and a runtime takes it', () => {
  for (const state of [sampleState, stateWith(0), stateWith(1), stateWith(500)]) {
    const split = splitRoutingState(state);
    const text = joined(split);
    assert.equal(text, canonicalJson(state));
    assert.equal(split.text, text);
    assert.equal(split.index.hash, hashRoutingState(state));
    assert.deepEqual(parseRoutingState(text), { ok: true, state });
    assert.deepEqual(parseRoutingIndex(JSON.stringify(split.index)), { ok: true, index: split.index });
  }
});

const name = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const entry = fc.record(
  { kind: fc.constantFrom('TeamsTrunk', 'PbxTrunk'), name, text: fc.string(), list: fc.array(fc.jsonValue()) },
  { requiredKeys: ['name'] },
);
const anyState = fc.record(
  {
    instance: fc.record({ namespace: name, name }),
    logLevel: fc.string(),
    pods: fc.array(fc.jsonValue()),
    trunks: fc.array(entry),
    routes: fc.array(fc.record({ from: name, to: fc.array(name) })),
    callRoutes: fc.array(entry),
    numberPolicies: fc.array(entry),
  },
  { requiredKeys: ['instance', 'trunks'] },
);

test('whatever stands in a document and in whatever order, split and join give it back', () => {
  fc.assert(
    fc.property(anyState, (state) => {
      const split = splitRoutingState(state as unknown as RoutingState);
      assert.equal(joined(split), canonicalJson(state));
    }),
  );
});

test('a list that is absent stays absent, and one that is empty stays empty', () => {
  const { routes, ...without } = sampleState;
  assert.equal(joined(splitRoutingState(without as RoutingState)), canonicalJson(without));
  const empty = { ...sampleState, routes: [], trunks: [], callRoutes: [] };
  assert.ok(routes.length > 0);
  assert.equal(joined(splitRoutingState(empty)), canonicalJson(empty));
});

test('the same content has the same shards, and the shards of an instance bear its name', () => {
  const split = splitRoutingState(stateWith(300));
  assert.deepEqual(splitRoutingState(stateWith(300)), split);
  for (const shard of split.shards) {
    assert.equal(shard.hash, hashText(shard.text));
    assert.equal(shard.name, `sbc-routing-${shard.hash.slice(7, 17)}`);
  }
  assert.equal(new Set(split.shards.map((shard) => shard.name)).size, split.shards.length);
});

test('one changed trunk changes one shard and the index', () => {
  const before = stateWith(2000);
  const trunks = before.trunks.map((trunk) =>
    trunk.name === 'customer-1234' ? { ...trunk, codecs: ['PCMA'] } : trunk,
  );
  const [old, next] = [splitRoutingState(before), splitRoutingState({ ...before, trunks })];
  const known = new Set(old.shards.map((shard) => shard.name));
  assert.equal(next.shards.length, old.shards.length);
  assert.equal(next.shards.filter((shard) => !known.has(shard.name)).length, 1);
  assert.notEqual(next.index.hash, old.index.hash);
});

test('a trunk that comes or goes changes one shard', () => {
  const before = stateWith(2000);
  const [old, next] = [
    splitRoutingState(before),
    splitRoutingState({ ...before, trunks: before.trunks.filter(({ name: each }) => each !== 'customer-1234') }),
  ];
  const known = new Set(old.shards.map((shard) => shard.name));
  assert.equal(next.shards.filter((shard) => !known.has(shard.name)).length, 1);
});

test('a changed setting changes the head alone', () => {
  const before = stateWith(500);
  const [old, next] = [splitRoutingState(before), splitRoutingState({ ...before, logLevel: 'Debug' })];
  assert.deepEqual(next.shards.slice(1), old.shards.slice(1));
  assert.notEqual(next.shards[0]?.hash, old.shards[0]?.hash);
});

test('with as many trunks as the contract allows, all of them large, no shard is above half a ConfigMap', () => {
  const allowCIDRs = Array.from({ length: 120 }, (_, number) => `203.0.${String(number)}.0/24`);
  const split = splitRoutingState(stateWith(4095, { allowCIDRs }));
  for (const { text } of split.shards) assert.ok(Buffer.byteLength(text) <= maxShardLength);
  assert.ok(split.shards.length > 50);
  assert.equal(joined(split), split.text);
});

test('a large entry of each list, and lists in reverse order, stay below the limit as well', () => {
  const fqdns = Array.from({ length: 64 }, (_, number) => `${'a'.repeat(200)}.${String(number)}.example.com`);
  const trunks = Array.from({ length: 900 }, (_, number) => trunkNumber(number, { fqdns })).toReversed();
  const split = splitRoutingState({ ...sampleState, trunks });
  for (const { text } of split.shards) assert.ok(Buffer.byteLength(text) <= maxShardLength);
  assert.equal(joined(split), split.text);
});

test('a missing shard, a damaged one and one of another length are named', () => {
  const split = splitRoutingState(stateWith(300));
  const { name: victim = '', text = '' } = split.shards[1] ?? {};
  const problems = (change: (texts: Map<string, string>) => void) => {
    const texts = textsOf(split);
    change(texts);
    const result = joinShards(split.index, texts);
    return result.ok ? [] : result.problems.map(({ message }) => message.replaceAll(/sha256:[0-9a-f]{64}/g, '…'));
  };
  assert.deepEqual(
    problems((texts) => texts.delete(victim)),
    [`shards[1]: must be the ConfigMap ${victim}, which must be there (found nothing)`],
  );
  assert.deepEqual(
    problems((texts) => texts.set(victim, text.replace('Teams', 'teams'))),
    [`shards[1]: must be a text of ${victim} with the hash … (found …)`],
  );
  assert.deepEqual(
    problems((texts) => texts.set(victim, `${text} `)),
    [`shards[1]: must be ${String(text.length)} characters of ${victim} (found ${String(text.length + 1)} characters)`],
  );
});

test('a join that remembers the one before gives the identical document, and believes no shard for its name', () => {
  const memory = new JoinMemory();
  const [before, after] = [stateWith(300), stateWith(301)].map((state) => splitRoutingState(state));
  for (const split of [before, after, before]) {
    assert.ok(split);
    const result = joinShards(split.index, textsOf(split), memory);
    assert.equal(result.ok && result.text, split.text);
  }
  assert.ok(before);
  const [, victim] = before.shards;
  const spoiled = new Map([...textsOf(before), [victim?.name ?? '', (victim?.text ?? '').replace('Teams', 'teams')]]);
  assert.equal(joinShards(before.index, spoiled, memory).ok, false);
});

test('shards that fit their hashes and not the hash of the whole are refused', () => {
  const split = splitRoutingState(sampleState);
  const other = splitRoutingState({ ...sampleState, logLevel: 'Debug' });
  const result = joinShards({ ...other.index, hash: split.index.hash }, textsOf(other));
  assert.deepEqual(result.ok ? [] : result.problems.map(({ path }) => path), ['hash']);
});

test('an index with a fault is refused with its place', () => {
  const { index } = splitRoutingState(sampleState);
  for (const [path, damaged] of [
    ['version', { ...index, version: 'teams-sbc.dev/routing-index/v2' }],
    ['hash', { ...index, hash: 'md5:1' }],
    ['shards', { ...index, shards: [] }],
    ['shards[0].name', { ...index, shards: [{ ...index.shards[0], name: '../secret' }] }],
    ['', 'no index'],
  ] as const) {
    const parsed = parseRoutingIndex(JSON.stringify(damaged));
    assert.equal(parsed.ok ? undefined : parsed.problems[0]?.path, path);
  }
  assert.equal(parseRoutingIndex('{').ok, false);
  assert.equal(parseRoutingIndex(' '.repeat(2 * maxShardLength + 1)).ok, false);
});

test('no index and no shard makes them throw', () => {
  const text = fc.oneof(fc.json(), fc.string(), fc.constantFrom('{"state":{},"lists":["trunks"]}', '{"trunks":[1]}'));
  fc.assert(
    fc.property(text, fc.array(text, { minLength: 1, maxLength: 3 }), (noise, contents) => {
      parseRoutingIndex(noise);
      const shards = contents.map((content, at) => ({
        name: `shard-${String(at)}`,
        hash: hashText(content),
        length: content.length,
      }));
      const { index } = splitRoutingState(sampleState);
      joinShards({ ...index, shards }, new Map(contents.map((content, at) => [`shard-${String(at)}`, content])));
    }),
  );
});

test('an entry that was seen before is not written out again', () => {
  const texts = new EntryTexts();
  const trunk = { name: 'a', asked: 0 };
  let reads = 0;
  const watched = new Proxy(trunk, { ownKeys: (target) => (reads++, Reflect.ownKeys(target)) });
  const first = texts.of(watched);
  const after = reads;
  assert.equal(texts.of(watched), first);
  assert.equal(reads, after);
  assert.ok(after > 0);
});
