import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkRange } from './network-range.ts';

const ranges: Record<string, string> = {
  '10.20.0.10/24': '10.20.0.0/24',
  '52.112.0.0/14': '52.112.0.0/14',
  '192.0.2.255/31': '192.0.2.254/31',
  '192.0.2.10/32': '192.0.2.10/32',
  '203.0.113.7/0': '0.0.0.0/0',
  '2001:DB8:0:0::7/64': '2001:db8::/64',
  '2001:db8::7/128': '2001:db8::7/128',
  '2001:db8:ffff::/33': '2001:db8:8000::/33',
  '::/0': '::/0',
};

for (const [written, expected] of Object.entries(ranges)) {
  test(`${written} is ${expected}`, () => assert.equal(networkRange(written), expected));
}
