import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { conditionsOf } from '../src/v1alpha1/conditions.ts';
import { kinds, type Kind } from '../src/v1alpha1/kinds.ts';
import { customResourceDefinition, customResourceDefinitions, openAPISchema } from './custom-resource-definitions.ts';
import { referencePages } from './reference-pages.ts';
import type { StructuralSchema } from './structural-schema.ts';

const all = Object.keys(kinds) as Kind[];

function fieldsBelow(schema: StructuralSchema, path: string): [path: string, schema: StructuralSchema][] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    fieldsBelow(field, `${path}.${name}`),
  );
  return [[path, schema], ...inner, ...(schema.items === undefined ? [] : fieldsBelow(schema.items, `${path}[]`))];
}

/** Of spec and status. */
function fieldsOf(kind: Kind): [path: string, schema: StructuralSchema][] {
  const { spec = {}, status = {} } = openAPISchema(kind).properties ?? {};
  return [...fieldsBelow(spec, `${kind}.spec`), ...fieldsBelow(status, `${kind}.status`)];
}

test('every field of every spec and status is documented', () => {
  const undocumented = all
    .flatMap(fieldsOf)
    .filter(([path, { description }]) => description === undefined && !path.endsWith('[]'));
  assert.deepEqual(
    undocumented.map(([path]) => path),
    [],
  );
});

test('every description is made of sentences', () => {
  const broken = all.flatMap(fieldsOf).filter(([, { description = 'A.' }]) => !/^[A-Z].*[.]$/s.test(description));
  assert.deepEqual(
    broken.map(([path]) => path),
    [],
  );
});

test('every list and every text has a limit, so that the API server can bound the cost of rules', () => {
  const open = all
    .flatMap(fieldsOf)
    .filter(
      ([, { type, enum: values, maxItems, maxLength }]) =>
        (type === 'array' && maxItems === undefined) ||
        (type === 'string' && values === undefined && maxLength === undefined),
    );
  assert.deepEqual(
    open.map(([path]) => path),
    [],
  );
});

test('every rule names its field, and its path leads to a field of the schema', () => {
  for (const [path, schema] of all.flatMap((kind) => fieldsBelow(openAPISchema(kind), kind))) {
    for (const { fieldPath = '' } of schema['x-kubernetes-validations'] ?? []) {
      let field: StructuralSchema | undefined = schema;
      for (const name of fieldPath.split('.').slice(1)) field = field?.properties?.[name];
      assert.ok(field, `${path}${fieldPath}`);
    }
  }
});

test('a new object has every condition of its kind, none of them known yet', () => {
  for (const kind of all) {
    const { default: first } = openAPISchema(kind).properties?.['status'] ?? {};
    const { conditions } = first as { conditions: { type: string; status: string; reason: string }[] };
    assert.deepEqual(
      conditions.map(({ type, status, reason }) => [type, status, reason]),
      conditionsOf[kind].map((type) => [type, 'Unknown', 'Pending']),
    );
  }
});

test('kubectl scale and autoscalers see the replicas of an SbcInstance, whose fields are in the schema', () => {
  const { subresources } = customResourceDefinition('SbcInstance').spec.versions[0] ?? {};
  assert.deepEqual(subresources, {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  });
  const { status } = openAPISchema('SbcInstance').properties ?? {};
  assert.deepEqual(
    [status?.properties?.['replicas']?.type, status?.properties?.['selector']?.type],
    ['integer', 'string'],
  );
});

test('a column points to a field of the schema, and never to several values', () => {
  for (const kind of all) {
    for (const { jsonPath } of kinds[kind].columns) {
      assert.ok(!jsonPath.includes('[*]'), jsonPath);
      if (jsonPath.startsWith('.metadata')) continue;
      let field: StructuralSchema | undefined = openAPISchema(kind);
      for (const name of jsonPath
        .replace(/\[[^\]]*\].*$/, '')
        .split('.')
        .slice(1))
        field = field?.properties?.[name];
      assert.ok(field, `${kind}${jsonPath}`);
    }
  }
});

test('the default of a value that depends on the region is left to the operator', () => {
  const allowCIDRs = openAPISchema('TeamsTrunk').properties?.['spec']?.properties?.['allowCIDRs'];
  assert.equal(allowCIDRs?.default, undefined);
  assert.equal(allowCIDRs?.items?.format, 'cidr');
});

test('kubectl finds the kinds by their short names and all together as sbc', () => {
  assert.deepEqual(
    all
      .map((kind) => customResourceDefinition(kind).spec.names)
      .map(({ shortNames, categories }) => [...shortNames, ...categories]),
    [
      ['sbci', 'sbc'],
      ['tmst', 'sbc'],
      ['pbxt', 'sbc'],
      ['croute', 'sbc'],
      ['nump', 'sbc'],
    ],
  );
});

test('the files hold what was built, and the kustomization lists them', () => {
  const files = customResourceDefinitions();
  for (const kind of all) {
    const text = files.get(`crds/generated/teams-sbc.dev_${kinds[kind].plural}.yaml`);
    assert.deepEqual(parse(text ?? ''), JSON.parse(JSON.stringify(customResourceDefinition(kind))));
    assert.deepEqual(parse(text ?? '', { version: '1.1' }), parse(text ?? ''), 'as kubectl and helm read it');
  }
  const { resources } = parse(files.get('crds/generated/kustomization.yaml') ?? '') as { resources: string[] };
  assert.equal(resources.length, all.length);
});

test('a reference page has a table for every object of the spec', () => {
  const page = referencePages().get('docs/reference/sbcinstance.md') ?? '';
  for (const heading of [
    '## spec',
    '## spec.listeners[]',
    '## spec.media.portRange',
    '## Rules',
    '## Conditions',
    '## status',
  ])
    assert.ok(page.includes(`\n${heading}\n`), heading);
});

test('docs/api.md has every field of every kind', () => {
  const page = referencePages().get('docs/api.md') ?? '';
  for (const kind of all) {
    for (const [path] of fieldsOf(kind)) {
      const [, field = ''] = /[.]([^.]+)$/.exec(path.replaceAll('[]', '')) ?? [];
      if (!path.endsWith('[]') && field !== 'spec' && field !== 'status')
        assert.ok(page.includes(`| \`${field}\` |`), path);
    }
  }
});
