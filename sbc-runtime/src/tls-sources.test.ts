import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fatalTlsProblems } from './tls-sources.ts';
import { Authority } from './transport/testing/authority.ts';
import type { TlsSources } from './transport/tls-material.ts';

const DAY_MS = 86_400_000;

test('a certificate outside its dates is refused where it would take the place of a good one, and served where nothing is better', () => {
  const authority = new Authority();
  try {
    const root = authority.selfSigned('Root');
    const own = (days: number): TlsSources => {
      const { pem, key } = authority.issue(root, 'sbc', { names: ['sbc-0.example.com'], days });
      return { certificates: [{ name: 'sbc-tls', chain: pem, key }], bundles: [], trunks: [] };
    };
    const [short, long] = [own(10), own(90)];
    const nowMs = root.x509.validFromDate.getTime();
    const found = (next: TlsSources, atMs: number, before?: TlsSources) =>
      fatalTlsProblems(next, atMs, before).map((problem) => problem.found);
    const late = nowMs + 20 * DAY_MS;
    assert.deepEqual(found(short, late), [], 'at the start: calls that still work must go on');
    assert.deepEqual(found(short, late, long), ['expired']);
    assert.deepEqual(found(short, late, short), [], 'it is what serves already');
    assert.deepEqual(found(long, late, short), []);
    assert.deepEqual(found(long, nowMs - DAY_MS, short), [], 'neither is valid yet');
    assert.deepEqual(found(long, late, { ...long, certificates: [] }), []);
  } finally {
    authority.close();
  }
});

test('a certificate that lacks a name is refused where it would take the place of one that has it, and holds up no new trunk', () => {
  const authority = new Authority();
  try {
    const root = authority.selfSigned('Root');
    const own = (covered: string[], names: string[]): TlsSources => {
      const { pem, key } = authority.issue(root, 'sbc', { names: covered });
      return { certificates: [{ name: 'sbc-tls', chain: pem, key, names }], bundles: [], trunks: [] };
    };
    const [pod, tenant] = ['sbc-0.example.com', 'sbc.tenant.example'];
    const narrow = own([pod], [pod]);
    const wide = own([pod, tenant], [pod, tenant]);
    const asked = { ...narrow, certificates: narrow.certificates.map((each) => ({ ...each, names: [pod, tenant] })) };
    const found = (next: TlsSources, before?: TlsSources) =>
      fatalTlsProblems(next, root.x509.validFromDate.getTime(), before).map((problem) => problem.found);
    assert.deepEqual(found(asked), [], 'at the start: the other trunks work');
    assert.deepEqual(found(asked, narrow), [], 'a trunk is new, its certificate is on the way');
    assert.deepEqual(found(wide, asked), []);
    assert.deepEqual(found(asked, wide), ['does-not-cover']);
  } finally {
    authority.close();
  }
});
