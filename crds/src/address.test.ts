import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAddress, isCIDR } from './address.ts';

const cases: Record<string, { address: boolean; cidr: boolean }> = {
  '10.0.0.1': { address: true, cidr: false },
  '10.0.0.0/8': { address: false, cidr: true },
  '10.0.0.0/33': { address: false, cidr: false },
  '10.0.0.0/08': { address: false, cidr: false },
  '10.0.0.0/': { address: false, cidr: false },
  '10.0.0.256': { address: false, cidr: false },
  '2001:db8::1': { address: true, cidr: false },
  '2001:db8::/32': { address: false, cidr: true },
  '2001:db8::/129': { address: false, cidr: false },
  'fe80::1%eth0': { address: false, cidr: false },
  'fe80::1%eth0/64': { address: false, cidr: false },
  '0.0.0.0/0': { address: false, cidr: true },
  'sip.example.com': { address: false, cidr: false },
  '': { address: false, cidr: false },
};

for (const [text, expected] of Object.entries(cases)) {
  test(`"${text}" ${expected.address ? 'is' : 'is not'} an address and ${expected.cidr ? 'is' : 'is not'} a range`, () => {
    assert.deepEqual({ address: isAddress(text), cidr: isCIDR(text) }, expected);
  });
}
