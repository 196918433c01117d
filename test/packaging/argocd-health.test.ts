/** The health script of Argo CD in a Lua of its own, without libraries, as Argo CD runs it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { kinds } from '../../crds/src/v1alpha1/kinds.ts';
import { healthOf } from './lua.ts';

interface Case {
  readonly name: string;
  readonly object: { readonly kind: string };
  readonly health: { readonly status: string; readonly message: string };
}

const folder = join(import.meta.dirname, '../../config/argocd');
const script = readFileSync(join(folder, 'health.lua'), 'utf8');
const cases = parse(readFileSync(join(folder, 'tests/cases.yaml'), 'utf8')) as Case[];

for (const { name, object, health } of cases) {
  test(`Argo CD: ${name}`, () => assert.deepEqual(healthOf(script, object), health));
}

test('every kind has the script in argocd-cm.yaml', () => {
  const { data } = parse(readFileSync(join(folder, 'argocd-cm.yaml'), 'utf8')) as { data: Record<string, string> };
  assert.deepEqual(
    Object.entries(data),
    Object.keys(kinds).map((kind) => [`resource.customizations.health.teams-sbc.dev_${kind}`, script]),
  );
});
