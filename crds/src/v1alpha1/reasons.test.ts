import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionsPage } from '../../generate/conditions-page.ts';
import { conditionsOf } from './conditions.ts';
import { reasons, type ReasonEntry, type ReasonOf } from './reasons.ts';

const all = Object.entries(reasons).flatMap(([kind, types]) =>
  Object.entries(types).flatMap(([type, entries]) =>
    Object.entries(entries as Readonly<Record<string, ReasonEntry>>).map(
      ([reason, entry]) => [`${kind} ${type} ${reason}`, reason, entry] as const,
    ),
  ),
);

test('every condition of every kind has reasons: one to begin with, one that is good', () => {
  assert.deepEqual(Object.keys(reasons), Object.keys(conditionsOf));
  for (const [kind, types] of Object.entries(reasons)) {
    assert.deepEqual(Object.keys(types), conditionsOf[kind as keyof typeof conditionsOf], kind);
    for (const [type, entries] of Object.entries(types)) {
      const statuses = Object.values(entries as Readonly<Record<string, ReasonEntry>>).flatMap((each) => each.statuses);
      assert.ok('Pending' in entries && statuses.includes('True'), `${kind} ${type}`);
    }
  }
});

test('a reason is one CamelCase word, its meaning and remedy are sentences without a full stop', () => {
  for (const [where, reason, { meaning, remedy }] of all) {
    assert.match(reason, /^[A-Z][A-Za-z]+$/, where);
    for (const sentence of [meaning, remedy ?? 'Nothing']) {
      assert.match(sentence, /^[A-Za-z].*[^.]$/s, where);
      assert.ok(!sentence.includes('|'), where);
    }
  }
});

test('what is bad has a remedy', () => {
  for (const [where, , { statuses, remedy }] of all)
    assert.ok(!statuses.includes('False') || remedy !== undefined, where);
});

test('a reason that passes is one of False, and of a condition of its name it passes on every kind', () => {
  const passing = new Map<string, boolean>();
  for (const [where, , { statuses, isProgress = false }] of all) {
    const name = where.slice(where.indexOf(' ') + 1);
    assert.equal(passing.get(name) ?? isProgress, isProgress, where);
    passing.set(name, isProgress);
    assert.ok(!isProgress || statuses.includes('False'), where);
  }
  assert.ok(passing.get('CertificateReady Issuing') === true && passing.get('CertificateReady Expired') === false);
});

test('docs/conditions.md has every reason', () => {
  const page = conditionsPage().get('docs/conditions.md') ?? '';
  for (const [where, reason, { meaning }] of all)
    assert.ok(page.includes(`| \`${reason}\` |`) && page.includes(meaning), where);
});

test('a reason outside the catalogue does not compile', () => {
  const known: ReasonOf<'TeamsTrunk', 'Reachable'> = 'TlsFailed';
  // @ts-expect-error: it is none of its reasons
  const unknown: ReasonOf<'TeamsTrunk', 'Reachable'> = 'CertManagerNotInstalled';
  assert.ok(known in reasons.TeamsTrunk.Reachable && !(unknown in reasons.TeamsTrunk.Reachable));
});
