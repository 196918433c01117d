/** The matrix of demands in docs/teams-direct-routing.md names every demand once, and tests that exist. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './sources.ts';

/** How many demands each family has, C-01 first. */
const families = { C: 22, O: 12, I: 20, J: 11, D: 11, R: 15, M: 10, B: 8, L: 3, T: 4, K: 5, F: 40 };

const page = readFileSync(join(ROOT, 'docs', 'teams-direct-routing.md'), 'utf8');
const rows = page.split('\n').flatMap((line) => {
  const [, id, demand, proof] = /^\| ([A-Z]-\d\d) \| (.+?) \| (.+) \|$/.exec(line) ?? [];
  return id === undefined || demand === undefined || proof === undefined ? [] : [{ id, demand, proof }];
});

test('every demand stands in the matrix once, in order', () => {
  const ids = Object.entries(families).flatMap(([family, count]) =>
    Array.from({ length: count }, (_, at) => `${family}-${String(at + 1).padStart(2, '0')}`),
  );
  assert.deepEqual(
    rows.map(({ id }) => id),
    ids,
  );
});

test('every demand is proved by tests that are named, or later', () => {
  const named = /^(\*\*part\*\* \([^)]+\): )?`[^`]+\.test\.ts`: “[^”]+”(<br>`[^`]+\.test\.ts`: “[^”]+”)*$/;
  assert.deepEqual(
    rows.filter(({ proof }) => proof !== 'later' && !named.test(proof)).map(({ id }) => id),
    [],
  );
});

test('every test that the matrix names exists', () => {
  const proofs = rows.flatMap(({ id, proof }) =>
    [...proof.matchAll(/`([^`]+\.test\.ts)`: “([^”]+)”/g)].map(([, file = '', name = '']) => ({ id, file, name })),
  );
  assert.ok(proofs.length > 50);
  const missing = proofs.filter(({ file, name }) => {
    const path = join(ROOT, file);
    return !existsSync(path) || !holdsName(readFileSync(path, 'utf8'), name);
  });
  assert.deepEqual(missing, []);
});

/** As a whole string of the source, in any of its three quotes. */
function holdsName(source: string, name: string): boolean {
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => source.includes(quoted));
}
