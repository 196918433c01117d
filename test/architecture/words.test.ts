/** Who may say what, and who may read the clock. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { reasons } from '@teams-sbc/crds';
import { codeOf, ROOT, sourceLines } from './sources.ts';

/** Names of the contract are the contract's: `TeamsTrunk`, `TeamsTrunkState`, the preset `MicrosoftTeams`. */
const CONTRACT = /\bTeamsTrunk(State)?\b|\bMicrosoftTeams\b/g;

test('outside peers and settings the runtime names Teams only in comments that say "Teams:"', () => {
  const lines = sourceLines('sbc-runtime/src').filter(({ file }) => !/src\/(peers|settings)\//.test(file));
  assert.ok(lines.length > 0);
  const places = lines
    .filter(({ text }) => /Teams/.test(text.replace(CONTRACT, '')) && !/Teams:/.test(text))
    .map(({ place, text }) => `${place} ${text.trim()}`);
  assert.deepEqual(places, []);
});

test('only kernel starts timers, reads the clock and draws randomness', () => {
  const lines = sourceLines('sbc-runtime/src', 'operator/src', 'crds/src').filter(
    ({ file }) => !/src\/kernel\//.test(file),
  );
  const forbidden =
    /(?<![.\w])(setTimeout|setInterval|setImmediate)\(|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|performance\.now\(/;
  const places = lines
    .filter(({ text }) => forbidden.test(codeOf(text)))
    .map(({ place, text }) => `${place} ${text.trim()}`);
  assert.deepEqual(places, []);
});

test('only main.ts reads arguments and environment, takes signals or exits', () => {
  const lines = sourceLines('sbc-runtime/src', 'operator/src', 'crds/src').filter(
    ({ file }) => !file.endsWith('/main.ts'),
  );
  const places = lines
    .filter(({ text }) => /\bprocess\.(env|argv|exit|on|once)\b/.test(codeOf(text)))
    .map(({ place, text }) => `${place} ${text.trim()}`);
  assert.deepEqual(places, []);
});

const catalogue = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8');

test('every error code in the sources is explained in docs/errors.md, and the reverse', () => {
  const inSources = new Set(
    sourceLines('sbc-runtime/src', 'operator/src', 'crds/src').flatMap(
      ({ text }) => codeOf(text).match(/\bSBC_[A-Z0-9_]+\b/g) ?? [],
    ),
  );
  const explained = new Set(catalogue.match(/\bSBC_[A-Z0-9_]+\b/g) ?? []);
  assert.deepEqual([...inSources].sort(), [...explained].sort());
});

test('every way a call can end is explained in docs/errors.md', () => {
  const source = readFileSync(join(ROOT, 'sbc-runtime/src/b2bua/call-end.ts'), 'utf8');
  const union = source.slice(source.indexOf('export type CallEndReason'), source.indexOf('export interface CallEnd'));
  const reasons = [...union.matchAll(/'([a-z-]+)'/g)].map((match) => match[1] ?? '');
  assert.ok(reasons.length > 15);
  assert.deepEqual(
    reasons.filter((reason) => !catalogue.includes(`| \`${reason}\` |`)),
    [],
  );
});

test('every reason of a condition that is documented is one that the operator gives', () => {
  const given = new Set(
    sourceLines('operator/src').flatMap(({ text }) =>
      [...codeOf(text).matchAll(/'([A-Z][A-Za-z]+)'/g)].map(([, word]) => word),
    ),
  );
  const documented = Object.values(reasons).flatMap((types) => Object.values(types).flatMap(Object.keys));
  assert.ok(documented.length > 100);
  assert.deepEqual(
    documented.filter((reason) => !given.has(reason)),
    [],
  );
});
