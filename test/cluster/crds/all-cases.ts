/** Every kind of teams-sbc.dev with its table and its CustomResourceDefinition as it is installed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { repository } from '../kit/binaries.ts';
import type { Said } from '../kit/api-client.ts';
import { callRouteCases } from './call-route-cases.ts';
import type { Json, KindCases } from './kind-cases.ts';
import { changed } from './kind-cases.ts';
import { numberPolicyCases } from './number-policy-cases.ts';
import { pbxTrunkCases } from './pbx-trunk-cases.ts';
import { sbcInstanceCases } from './sbc-instance-cases.ts';
import { teamsTrunkCases } from './teams-trunk-cases.ts';

const tables: readonly KindCases[] = [
  sbcInstanceCases,
  teamsTrunkCases,
  pbxTrunkCases,
  callRouteCases,
  numberPolicyCases,
];

/** The parts of a structural schema that the tests look at. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

export interface CustomKind {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  /** Of the collection in the namespace `default`. */
  readonly path: string;
  readonly schema: Schema;
  readonly cases: KindCases;
  /** Specs that are accepted: the table's and those of config/samples. */
  readonly specs: readonly Json[];
}

export const customKinds: readonly CustomKind[] = readdirSync(join(repository, 'crds', 'generated'))
  .filter((file) => file.startsWith('teams-sbc.dev_'))
  .map((file) => customKind(parse(readFileSync(join(repository, 'crds', 'generated', file), 'utf8'))));

function customKind({ spec }: Said): CustomKind {
  const { kind, plural, shortNames } = spec.names;
  const cases = tables.find((table) => table.kind === kind);
  if (cases === undefined) throw new Error(`Cannot test ${kind}: it has no table in test/cluster/crds`);
  const specs = [
    cases.minimal,
    ...cases.accepted.map(({ change }) => changed(cases.minimal, change)),
    ...samples(kind),
  ];
  const path = `/apis/teams-sbc.dev/v1alpha1/namespaces/default/${plural}`;
  return {
    kind,
    plural,
    shortName: shortNames[0],
    path,
    schema: spec.versions[0].schema.openAPIV3Schema,
    cases,
    specs,
  };
}

function samples(kind: string): Json[] {
  const directory = join(repository, 'config', 'samples');
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(readFileSync(join(directory, file), 'utf8')))
    .map((document) => document.toJS() as { kind?: string; spec: Json } | null)
    .flatMap((object) => (object?.kind === kind ? [object.spec] : []));
}

export function manifest(kind: string, spec: unknown, name = 'case'): Json {
  return { apiVersion: 'teams-sbc.dev/v1alpha1', kind, metadata: { name }, spec };
}

export interface SchemaField {
  /** Such as `spec.listeners[].port`. */
  readonly path: string;
  readonly schema: Schema;
}

/** The schema itself and every field below it. */
export function fieldsOf(schema: Schema, path: string): SchemaField[] {
  return [
    { path, schema },
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      fieldsOf(field, path === '' ? name : `${path}.${name}`),
    ),
    ...(schema.items === undefined ? [] : fieldsOf(schema.items, `${path}[]`)),
  ];
}
