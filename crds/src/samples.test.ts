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

for (const [fileName, wanted] of [
  ['minimal.yaml', ['SbcInstance', 'TeamsTrunk', 'PbxTrunk']],
  ['full.yaml', Object.keys(kinds)],
] as const) {
  test(`config/samples/${fileName} has a manifest of each: ${wanted.join(', ')}`, () => {
    assert.deepEqual(
      manifestsIn(fileName)
        .map(({ kind }) => kind)
        .filter((kind, at, all) => all.indexOf(kind) === at)
        .sort(),
      [...wanted].sort(),
    );
  });
}

test('config/samples/full.yaml sets every field that can be set together with the others', () => {
  const exclusive = [
    'spec.tls.secretRef',
    'spec.network.serviceAnnotations',
    'spec.tls.trust.caBundleRef',
    'spec.subdomain',
  ];
  const specs = Map.groupBy(manifestsIn('full.yaml'), ({ kind }) => kind);
  const missing = [...specs].flatMap(([kind, manifests]) =>
    unsetFields(
      openAPISchema(kind).properties?.['spec'] ?? {},
      manifests.map(({ spec }) => spec),
      'spec',
    ).map((path) => `${kind}: ${path}`),
  );
  assert.deepEqual(
    missing.filter((path) => !exclusive.some((field) => path.endsWith(`: ${field}`))),
    [],
  );
});

/** Fields that none of the values sets. */
function unsetFields(schema: StructuralSchema, values: readonly unknown[], path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}.${name}`;
    const below = values
      .map((value) => (value as Record<string, unknown>)[name])
      .filter((value) => value !== undefined);
    if (below.length === 0) return [here];
    return unsetFields((field.type === 'array' ? field.items : field) ?? {}, below.flat(), here);
  });
}
