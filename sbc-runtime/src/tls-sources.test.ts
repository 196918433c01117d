import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fatalTlsProblems } from './tls-sources.ts';
import { Authority } from './transport/testing/authority.ts';

const DAY_MS = 86_400_000;
const authority = new Authority();
after(() => authority.close());
const root = authority.selfSigned('Root');
const [own, other] = [
  authority.issue(root, 'own', { names: ['sbc-0.example.com'], days: 10 }),
  authority.issue(root, 'other'),
];
const nowMs = root.x509.validFromDate.getTime();
const found = (certificate: { chain: string; key: string; names?: string[] }, atMs = nowMs) =>
  fatalTlsProblems({ certificates: [{ name: 'sbc-tls', ...certificate }], bundles: [], trunks: [] }, atMs).map(
    (problem) => problem.found,
  );

test('a certificate that nobody can serve by makes a document unusable', () => {
  assert.deepEqual(found({ chain: own.pem, key: other.key }), ['key-mismatch']);
  assert.deepEqual(found({ chain: 'words', key: own.key }), ['unreadable']);
});

test('one outside its dates, or without a name, does not: calls that still work must go on', () => {
  assert.deepEqual(found({ chain: own.pem, key: own.key }, nowMs + 20 * DAY_MS), []);
  assert.deepEqual(found({ chain: own.pem, key: own.key }, nowMs - DAY_MS), []);
  assert.deepEqual(found({ chain: own.pem, key: own.key, names: ['sbc.tenant.example'] }), []);
});
