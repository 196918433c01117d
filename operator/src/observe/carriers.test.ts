import assert from 'node:assert/strict';
import { test } from 'node:test';
import { carriersOf, trunksBelow } from './carriers.ts';

const gateway = (fqdn: string, pod: string) => ({ fqdn, pod, port: 5061 });
const at = (prefix: string) => [
  gateway(`${prefix}sbc-0.example.com`, 'sbc-0'),
  gateway(`${prefix}sbc-1.example.com`, 'sbc-1'),
];

test('the carrier of a trunk has the names which it lies below, and is known by them from both ends', () => {
  const gateways = new Map([
    ['customer1', at('customer1.')],
    ['carrier', at('')],
    ['customer2', at('customer2.')],
    ['tenant', [gateway('sbc.tenant.example', 'sbc-0')]],
  ]);
  assert.deepEqual([...carriersOf({ gateways }, 'customer1')], ['carrier']);
  assert.deepEqual([...trunksBelow({ gateways }, 'carrier')], ['customer1', 'customer2']);
  for (const name of ['carrier', 'tenant', 'nobody']) assert.deepEqual([...carriersOf({ gateways }, name)], [], name);
  assert.deepEqual([...trunksBelow({ gateways }, 'tenant')], []);
});
