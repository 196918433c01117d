import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { openAPISchema } from '../generate/custom-resource-definitions.ts';
import type { StructuralSchema } from '../generate/structural-schema.ts';
import { parseManifest } from './parse-manifest.ts';
import { kinds, type Kind } from './v1alpha1/kinds.ts';

const folder = join(import.meta.dirname, '../../config/samples');
const fileNames = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');

interface Manifest {
  readonly kind: Kind;
  readonly spec: unknown;
}

function manifestsIn(fileName: string): Manifest[] {
  return parseAllDocuments(readFileSync(join(folder, fileName), 'utf8')).map((document) => document.toJS() as Manifest);
}

for (const fileName of fileNames) {
  test(`every manifest of config/samples/${fileName} is accepted`, () => {
    for (const manifest of manifestsIn(fileName)) {
      const parsed = parseManifest(manifest);
      assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
    }
  });
}

for (const fileName of ['minimal.yaml', 'full.yaml']) {
  test(`config/samples/${fileName} has one manifest of every kind`, () => {
    assert.deepEqual(
      manifestsIn(fileName)
        .map(({ kind }) => kind)
        .sort(),
      Object.keys(kinds).sort(),
    );
  });
}

test('config/samples/full.yaml sets every field that can be set together with the others', () => {
  const exclusive = ['spec.tls.secretRef', 'spec.tls.trust.caBundleRef', 'spec.subdomain'];
  const missing = manifestsIn('full.yaml').flatMap(({ kind, spec }) =>
    unsetFields(openAPISchema(kind).properties?.['spec'] ?? {}, spec, 'spec').map((path) => `${kind}: ${path}`),
  );
  assert.deepEqual(
    missing.filter((path) => !exclusive.some((field) => path.endsWith(`: ${field}`))),
    [],
  );
});

function unsetFields(schema: StructuralSchema, value: unknown, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}.${name}`;
    const below = (value as Record<string, unknown>)[name];
    if (below === undefined) return [here];
    const [first] = Array.isArray(below) ? below : [below];
    return unsetFields((field.type === 'array' ? field.items : field) ?? {}, first, here);
  });
}
