import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import type { HeldBackFacts } from './held-back.ts';
import { isHeldBack } from './held-back.ts';

const facts: HeldBackFacts = {
  instance: anInstance({ tls: { issuerRef: { name: 'ca' } } }),
  secret: { issuedFor: undefined },
  certificate: undefined,
  certManager: true,
};
const certificate = { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name: 'sbc-tls' } };

for (const [name, changes, expected] of [
  ['a Secret that cert-manager did not write is not overwritten', {}, true],
  ['nor is one of another Certificate', { secret: { issuedFor: 'other' } }, true],
  ['one of ours that was left behind is taken up', { secret: { issuedFor: 'sbc-tls' } }, false],
  ['where there is none, one is asked for', { secret: undefined }, false],
  ['a Certificate that is there stays', { certificate }, false],
  ['a Secret that is brought is nobody else’s', { instance: anInstance() }, false],
  ['where nobody issues nothing is overwritten', { certManager: false }, false],
] as const)
  test(name, () => assert.equal(isHeldBack({ ...facts, ...changes }), expected));
