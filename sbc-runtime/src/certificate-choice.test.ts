import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { sampleState } from '../../crds/src/runtime/sample-state.ts';
import { chooseCertificates } from './certificate-choice.ts';
import { fingerprintOf, type CertificateFiles, type LoadedDocument } from './settings/document-files.ts';
import { Authority, type Issued, type LeafOptions } from './transport/testing/authority.ts';

const DAY_MS = 86_400_000;
const authority = new Authority();
after(() => authority.close());
const root = authority.selfSigned('Root');
// Later than each of them was issued.
const nowMs = root.x509.validFromDate.getTime() + 3_600_000;

const [trunk = assert.fail('the sample has no TeamsTrunk')] = sampleState.trunks.filter(
  ({ kind }) => kind === 'TeamsTrunk',
);
const [pod, tenant] = ['sbc-0.voice.example.com', 'sbc.tenant.example'];

/** A document that wants these names, with that pair in its Secret. */
function documentOf({ pem, key }: Pick<Issued, 'pem' | 'key'>, names: readonly string[] = [pod]): LoadedDocument {
  const trunks = names.map((fqdn) => ({ ...trunk, fqdns: [fqdn], tls: { certificate: 'sbc-tls' } }));
  const state = { ...sampleState, trunks } as unknown as RoutingState;
  const parts = {
    ...{ hash: names.join(), trustBundles: [], logins: new Map() },
    certificates: [{ name: 'sbc-tls', certificate: pem, key }],
  };
  return { state, text: '', ...parts, fingerprint: fingerprintOf(parts) };
}
const leaf = (options: LeafOptions = {}) => authority.issue(root, 'sbc', { names: [pod], ...options });

/** Why the certificate of the new document is refused; undefined: it serves. */
function why(next: LoadedDocument, before: LoadedDocument, days = 0): string | undefined {
  const { document, refused } = chooseCertificates(next, before, { ordinal: 0, nowMs: nowMs + days * DAY_MS });
  const isRefused = refused.length > 0;
  assert.equal(document.certificates[0]?.certificate, (isRefused ? before : next).certificates[0]?.certificate);
  assert.equal(document.hash, next.hash);
  return refused[0]?.problem;
}

const [short, long, wide, narrow] = [leaf({ days: 10 }), leaf({ days: 90 }), leaf({ names: [pod, tenant] }), leaf()];

test('one outside its dates takes no good one’s place, and the place of one that peers refuse as well', () => {
  assert.match(why(documentOf(short), documentOf(long), 20) ?? '', /^expired at /);
  assert.match(why(documentOf(long), documentOf(short), -1) ?? 'taken', /^taken$/, 'neither is valid yet');
  assert.equal(why(documentOf(long), documentOf(short), 20), undefined);
  assert.equal(why(documentOf(short), documentOf(short), 20), undefined, 'it is what serves already');
});

test('one that lacks a name which the old one covers is refused, by the names of today', () => {
  const both = [pod, tenant];
  assert.equal(why(documentOf(narrow, both), documentOf(wide, both)), `subjectAltName lacks ${tenant}`);
  assert.equal(why(documentOf(narrow), documentOf(wide, both)), undefined, 'nobody wants that name any more');
  assert.equal(
    why(documentOf(short, both), documentOf(narrow)),
    undefined,
    'a trunk is new, its certificate on the way',
  );
  assert.equal(why(documentOf(wide, both), documentOf(narrow, both)), undefined);
  const other = leaf({ names: [tenant] });
  assert.equal(why(documentOf(other, both), documentOf(narrow, both)), `subjectAltName lacks ${pod}`);
});

test('of thousands of lost names a few are told', () => {
  const names = Array.from({ length: 2000 }, (_, at) => `c${at}.${pod}`);
  const wildcard = leaf({ names: [`*.${pod}`] });
  assert.match(
    why(documentOf(narrow, names), documentOf(wildcard, names)) ?? '',
    /lacks c0\S*, .* c4\S* and 1995 more$/,
  );
});

test('one that lacks a name takes the place of one that has expired', () => {
  assert.equal(why(documentOf(leaf({ names: [tenant] })), documentOf(short), 20), undefined);
});

test('one that nobody can serve by is refused, even where the old one has expired', () => {
  assert.match(why(documentOf({ ...long, key: short.key }), documentOf(short), 20) ?? '', /^tls\.key does not belong/);
  assert.notEqual(why(documentOf({ pem: 'words', key: long.key }), documentOf(long)), undefined);
});

test('a Secret that has lost a file is refused with the name of the file', () => {
  const missing = { path: '/s/tls.key', message: '/s/tls.key: must be a readable file', found: '', allowed: '' };
  const [entry] = documentOf(long).certificates as [CertificateFiles];
  const next = { ...documentOf(long), certificates: [{ ...entry, missing }] };
  assert.equal(why(next, documentOf(long)), missing.message);
});

test('a name without a predecessor takes what its Secret holds, to be judged with the document', () => {
  const next = documentOf({ ...long, key: short.key });
  const choice = chooseCertificates(next, { ...documentOf(long), certificates: [] }, { ordinal: 0, nowMs });
  assert.deepEqual([choice.document, choice.refused], [next, []]);
});

test('a document that keeps its certificate is the one in force, byte by byte', () => {
  const choice = chooseCertificates(documentOf({ ...long, key: short.key }), documentOf(long), { ordinal: 0, nowMs });
  assert.equal(choice.document.fingerprint, documentOf(long).fingerprint);
});

test('a trust bundle that nobody can read is the one before it, where it is of the same source', () => {
  const trusting = (roots: string, key = 'ca.crt'): LoadedDocument => {
    const before = documentOf(long);
    const source = { kind: 'ConfigMap', name: 'ca', key } as const;
    return {
      ...before,
      state: { ...before.state, trustBundles: [{ name: 'ca', source }] },
      trustBundles: [{ name: 'ca', roots, isMicrosoft: false }],
    };
  };
  const [other, broken] = [authority.selfSigned('Other').pem, `${root.pem}-----BEGIN CERTIFICATE-----\nwords`];
  const rootsOf = (next: LoadedDocument) =>
    chooseCertificates(next, trusting(root.pem), { ordinal: 0, nowMs }).document.trustBundles[0]?.roots;
  assert.deepEqual(
    [other, broken, 'words', ''].map((roots) => rootsOf(trusting(roots))),
    [other, root.pem, root.pem, root.pem],
  );
  assert.equal(rootsOf(trusting('words', 'another.crt')), 'words');
  const { keptBundles } = chooseCertificates(trusting('words'), trusting(root.pem), { ordinal: 0, nowMs });
  assert.deepEqual([keptBundles.map(({ name }) => name), keptBundles[0]?.problem === ''], [['ca'], false]);
});
