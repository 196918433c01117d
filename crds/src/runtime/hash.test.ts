import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, hashRoutingState } from './hash.ts';
import { sampleState } from './sample-state.ts';

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

test('a hash names its algorithm', () => {
  assert.match(hashRoutingState(sampleState), /^sha256:[0-9a-f]{64}$/);
});

test('the order of keys does not change the hash', () => {
  assert.equal(hashRoutingState(reversed(sampleState) as typeof sampleState), hashRoutingState(sampleState));
});

test('the order of a list changes the hash: calls try targets in order', () => {
  const turned = { ...sampleState, trunks: sampleState.trunks.toReversed() };
  assert.notEqual(hashRoutingState(turned), hashRoutingState(sampleState));
});

test('a member that is undefined counts as absent', () => {
  assert.equal(canonicalJson({ b: undefined, a: 1 }), '{"a":1}');
});

test('canonical JSON is JSON for the same value, whatever the order of its keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(canonicalJson(reversed(value)), canonicalJson(value));
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});
