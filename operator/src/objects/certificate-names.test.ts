import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RoutingState, TrunkState } from '@teams-sbc/crds/runtime';
import { certificateNames } from './certificate-names.ts';

const pods = (count: number) =>
  Array.from({ length: count }, (_, ordinal) => ({
    name: `sbc-${String(ordinal)}`,
    ordinal,
    fqdn: `sbc-${String(ordinal)}.voice.example.com`,
  }));
const trunk = (name: string, fqdns: readonly string[]) =>
  ({ kind: 'TeamsTrunk', name, fqdns }) as unknown as TrunkState;
const tenant = (name: string, replicas: number) =>
  trunk(
    name,
    Array.from({ length: replicas }, (_, ordinal) => `sbc${String(ordinal)}.${name}.example`),
  );
const stateOf = (replicas: number, trunks: readonly TrunkState[]) =>
  ({ pods: pods(replicas), trunks }) as unknown as Pick<RoutingState, 'pods' | 'trunks'>;

test('of 200 tenants with names of their own on 16 pods the oldest have room, the others are told apart', () => {
  const tenants = Array.from({ length: 200 }, (_, index) => `t${String(index).padStart(3, '0')}`);
  // The younger the name, the older the trunk.
  const createdAt = new Map(tenants.map((name, index) => [name, new Date(2e12 - index * 1000).toISOString()]));
  const state = stateOf(
    16,
    tenants.map((name) => tenant(name, 16)),
  );
  const { dnsNames, leftOut } = certificateNames(state, createdAt);
  assert.equal(dnsNames.length, 16 + 5 * 16);
  for (const name of ['t199', 't195']) assert.ok(dnsNames.includes(`sbc15.${name}.example`));
  assert.equal(leftOut.size, 195);
  assert.deepEqual([...leftOut.keys()].slice(0, 2), ['t194', 't193']);
  assert.equal(leftOut.get('t194')?.length, 16);
});

test('a trunk below the name of a pod has always room: wildcards come before the names that tenants bring', () => {
  const tenants = Array.from({ length: 30 }, (_, index) => tenant(`t${String(index)}`, 16));
  const customer = trunk(
    'customer',
    pods(16).map(({ fqdn }) => `customer.${fqdn}`),
  );
  const { dnsNames, leftOut } = certificateNames(stateOf(16, [...tenants, customer]), new Map());
  assert.equal(dnsNames.filter((name) => name.startsWith('*.')).length, 16);
  assert.ok(!leftOut.has('customer'));
  assert.equal(leftOut.size, 30 - 4);
});

test('never more than 100 names, each once, and every trunk has all of its names or is told to have none', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), fc.array(fc.integer({ min: 0, max: 60 })), (replicas, numbers) => {
      const trunks = [...new Set(numbers)].map((number) => tenant(`t${String(number)}`, replicas));
      const { dnsNames, leftOut } = certificateNames(stateOf(replicas, trunks), new Map());
      assert.ok(dnsNames.length <= 100);
      assert.equal(new Set(dnsNames).size, dnsNames.length);
      for (const each of trunks)
        if (each.kind === 'TeamsTrunk')
          assert.equal(
            each.fqdns.every((name) => dnsNames.includes(name)),
            !leftOut.has(each.name),
          );
    }),
  );
});
