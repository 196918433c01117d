import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import {
  hashRoutingState,
  indexKey,
  joinShards,
  parseRoutingIndex,
  parseRoutingState,
  shardKey,
} from '@teams-sbc/crds/runtime';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { anInstance, aPbxTrunk } from '../../test/manifests.ts';
import { compile } from '../compile/compile.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { routingCopyKey, routingCopyMap } from '../objects/routing-copy-map.ts';
import type { RoutingMapsPlan } from './plan-routing-maps.ts';
import { planRoutingMaps } from './plan-routing-maps.ts';

const instance = anInstance({}, { uid: 'b2c9' });
const nothing = { present: [], previousIndex: undefined };

function stateOf(trunks: number, changed?: number): RoutingState {
  const pbxTrunks = Array.from({ length: trunks }, (_, at) => {
    const host = at === changed ? '10.20.0.99' : '10.20.0.10';
    return aPbxTrunk({ peers: [{ name: 'a', host }], allowCIDRs: ['10.20.0.0/24'] }, { name: `pbx-${String(at)}` });
  });
  const { state } = compile(instance, { teamsTrunks: [], pbxTrunks, callRoutes: [], numberPolicies: [] });
  assert.ok(state);
  return state;
}

const text = (object: KubeObject, key: string) => (object['data'] as Record<string, string>)[key] ?? '';
const nameOf = ({ metadata }: KubeObject) => metadata.name;

function indexOf(plan: RoutingMapsPlan) {
  const parsed = parseRoutingIndex(text(plan.index, indexKey));
  assert.ok(parsed.ok);
  return parsed.index;
}

test('what the shards hold is the document, and so is the copy', () => {
  const state = stateOf(500);
  const plan = planRoutingMaps({ instance, state, ...nothing });
  const joined = joinShards(indexOf(plan), new Map(plan.shards.map((shard) => [nameOf(shard), text(shard, shardKey)])));
  assert.ok(joined.ok);
  const parsed = parseRoutingState(joined.text);
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.state, state);
  const binary = plan.copy['binaryData'] as Record<string, string>;
  assert.equal(gunzipSync(Buffer.from(binary[routingCopyKey] ?? '', 'base64')).toString(), joined.text);
  assert.equal(plan.hash, hashRoutingState(state));
});

test('the same document gives the same octets, the compressed copy too', () => {
  const octets = () => {
    const { shards, index, copy } = planRoutingMaps({ instance, state: stateOf(50), ...nothing });
    return JSON.stringify([shards, index, copy]);
  };
  assert.equal(octets(), octets());
});

test('a copy that would not fit into a ConfigMap is left empty, so that the API server takes it', () => {
  const lengthOf = (digests: number) => {
    const noise = Array.from({ length: digests }, (_, at) => createHash('sha256').update(String(at)).digest('hex'));
    const { [routingCopyKey]: copy = '' } = routingCopyMap(instance, noise.join(''))['binaryData'] as Record<
      string,
      string
    >;
    return Buffer.from(copy, 'base64').length;
  };
  assert.ok(lengthOf(20_000) > 640_000);
  assert.equal(lengthOf(36_000), 0);
});

test('shards cannot be changed, and can be told from the index and the copy by a label', () => {
  const plan = planRoutingMaps({ instance, state: stateOf(1), ...nothing });
  assert.ok(plan.shards.length >= 2);
  for (const shard of plan.shards) {
    assert.equal(shard['immutable'], true);
    assert.equal(shard.metadata.labels?.['teams-sbc.dev/routing-shard'], 'true');
    assert.match(nameOf(shard), /^sbc-routing-[0-9a-f]{10}$/);
  }
  assert.deepEqual([nameOf(plan.index), nameOf(plan.copy)], ['sbc-routing', 'sbc-routing-copy']);
  for (const { metadata } of [plan.index, plan.copy])
    assert.equal(metadata.labels?.['teams-sbc.dev/routing-shard'], undefined);
});

test('one changed trunk writes one shard, and keeps those of the index before', () => {
  const first = planRoutingMaps({ instance, state: stateOf(500), ...nothing });
  const present = first.shards.map(nameOf);
  const second = planRoutingMaps({ instance, state: stateOf(500, 7), present, previousIndex: indexOf(first) });
  assert.equal(second.shards.length, 1);
  assert.deepEqual(second.unused, []);
  const all = [...present, ...second.shards.map(nameOf)];
  const third = planRoutingMaps({ instance, state: stateOf(500, 7), present: all, previousIndex: indexOf(second) });
  assert.deepEqual(third.shards, []);
  assert.equal(third.unused.length, 1);
  assert.ok(present.includes(third.unused[0] ?? ''));
});

test('without a readable index before, what the new one names is all that is used', () => {
  const { shards } = planRoutingMaps({ instance, state: stateOf(1), ...nothing });
  const stray = 'sbc-routing-0000000000';
  const present = [stray, ...shards.map(nameOf)];
  assert.deepEqual(planRoutingMaps({ instance, state: stateOf(1), present, previousIndex: undefined }).unused, [stray]);
});
