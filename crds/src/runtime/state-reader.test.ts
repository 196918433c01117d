import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RoutingState } from './document.ts';
import { canonicalJson } from './hash.ts';
import { parseRoutingState } from './parse.ts';
import { samplePbxTrunk, sampleState, sampleTeamsTrunk } from './sample-state.ts';
import { RoutingStateReader } from './state-reader.ts';

const teams = (number: number) => ({
  ...sampleTeamsTrunk,
  name: `customer-${number}`,
  fqdns: [0, 1].map((ordinal) => `customer-${number}.sbc-${ordinal}.voice.example.com`),
});
const route = (pattern: string) => ({
  ...{ name: 'out', priority: 1, called: [{ pattern }], calling: [], failover: [503] },
  destinations: [{ trunk: 'pbx', priority: 0, weight: 100 }],
});
const stateOf = (...trunks: unknown[]) => ({ ...sampleState, trunks: [samplePbxTrunk, ...trunks], routes: [] });

function read(reader: RoutingStateReader, state: unknown): RoutingState {
  const parsed = reader.read(JSON.stringify(state));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.state;
}

test('what stays from one document to the next is the very object that it was, what changed is another', () => {
  const reader = new RoutingStateReader();
  const before = read(reader, stateOf(teams(1), teams(2)));
  const after = read(reader, stateOf(teams(1), { ...teams(2), codecs: ['PCMA'] }, teams(3)));
  assert.deepEqual(
    after.trunks.map((trunk) => before.trunks.includes(trunk)),
    [true, true, false, false],
  );
  assert.equal(reader.textOf(after), canonicalJson(after));
});

test('a pattern that is none is refused with its place, also behind a document that was good', () => {
  const reader = new RoutingStateReader();
  read(reader, { ...stateOf(), callRoutes: [route('+49.*')] });
  const bad = JSON.stringify({ ...stateOf(), callRoutes: [route('(')] });
  assert.deepEqual(reader.read(bad), parseRoutingState(bad));
  assert.equal(reader.read(bad).ok, false);
});

const section = fc.constantFrom(...Object.keys(sampleState), 'callRoutes', 'numberPolicies');
const change = fc.oneof(
  fc.tuple(section, fc.jsonValue()).map(([key, value]) => ({ ...stateOf(teams(1)), [key]: value })),
  fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }).map(teams), fc.jsonValue())).map((trunks) => stateOf(...trunks)),
  fc.constantFrom('(', '+49.*', '0[1-9]').map((pattern) => ({ ...stateOf(), callRoutes: [route(pattern)] })),
);

test('it says what a reader without a memory says, whatever was read before', () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (states) => {
      const reader = new RoutingStateReader();
      for (const state of states) {
        const text = JSON.stringify(state);
        const parsed = reader.read(text);
        assert.deepEqual(parsed, parseRoutingState(text));
        if (parsed.ok) assert.equal(reader.textOf(parsed.state), canonicalJson(parsed.state));
      }
    }),
  );
});
