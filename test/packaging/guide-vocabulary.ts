/** What a page of the guide may name: fields, conditions and reasons, labels, metrics, resources. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kinds } from '@teams-sbc/crds';
import { parse } from 'yaml';
import { codeOf, ROOT, sourceLines } from '../architecture/sources.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly enum?: readonly unknown[];
}

interface Definition {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

const schemas = Object.values(kinds).map(({ plural }) => {
  const text = readFileSync(join(ROOT, `crds/generated/teams-sbc.dev_${plural}.yaml`), 'utf8');
  return (parse(text) as Definition).spec.versions[0]?.schema.openAPIV3Schema ?? {};
});
const product = sourceLines('operator/src', 'crds/src', 'sbc-runtime/src').map(({ text }) => codeOf(text));
const code = product.join('\n');

/** Whether a kind of ours has the field: `spec.network.addresses`, `status.addresses[*].fqdn`. */
export function isField(path: string): boolean {
  const names = path.replace(/\[[^\]]*\]/g, '').split('.');
  return schemas.some((schema) => leadsTo(schema, names));
}

function leadsTo(schema: Schema, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  if (schema.items !== undefined) return leadsTo(schema.items, [name, ...rest]);
  if (typeof schema.additionalProperties === 'object' && schema.properties === undefined) return true;
  const next = schema.properties?.[name];
  return next !== undefined && leadsTo(next, rest);
}

/** A name that some field has, wherever it stands. */
export function isFieldName(name: string): boolean {
  return schemas.some((schema) => holds(schema, name));
}

function holds({ properties = {}, items }: Schema, name: string): boolean {
  if (Object.hasOwn(properties, name)) return true;
  return [...Object.values(properties), ...(items === undefined ? [] : [items])].some((each) => holds(each, name));
}

/** CamelCase words of ours: conditions, reasons, events, values of fields, kinds. */
export const ourWords: ReadonlySet<string> = new Set(
  [...code.matchAll(/'([A-Z][A-Za-z0-9]+)'|^\s*([A-Z][A-Za-z0-9]+): /gm)].flatMap(([, quoted, key]) =>
    [quoted, key].filter((word) => word !== undefined),
  ),
);

export const isOurLabel = (name: string): boolean => code.includes(`'teams-sbc.dev/${name}'`);

export function isMetric(name: string): boolean {
  const operators = /^sbc_operator_(.+)$/.exec(name)?.[1];
  return operators === undefined
    ? readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8').includes(`| \`${name}\` |`)
    : code.includes(`'${operators}'`);
}

/** A path into the values of the chart, `crds.keep`. */
export function isChartValue(path: string): boolean {
  let value: unknown = parse(readFileSync(join(ROOT, 'charts/teams-sbc/values.yaml'), 'utf8'));
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false;
    value = (value as Record<string, unknown>)[name];
  }
  return true;
}

const ofOthers = [
  ...['pod', 'secret', 'namespace', 'deployment', 'statefulset', 'service', 'event', 'crd', 'node'],
  ...['certificate', 'certificaterequest', 'order', 'challenge', 'issuer', 'clusterissuer', 'networkpolicy'],
];

/** What kubectl takes for a resource: our kinds under each of their names, and the kinds of others that the guide needs. */
export const resources: ReadonlySet<string> = new Set([
  'sbc',
  ...Object.values(kinds).flatMap(({ plural, shortNames, singular }) => [plural, singular, ...shortNames]),
  ...ofOthers.flatMap((name) => [name, name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`]),
]);

/** Every page that a link may lead to has its anchors made as GitHub makes them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const headings = withoutBlocks(page).matchAll(/^#+ (.+)$/gm);
  return new Set([...headings].map(([, heading = '']) => slug(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))));
}

const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

export const withoutBlocks = (page: string): string => page.replace(/^ *```[^]*?^ *```$/gm, '');

/** Names in inline code. */
export const inlineCode = (page: string): string[] =>
  [...withoutBlocks(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);

export const pagesThere = (): string[] => globSync('docs/guide/*.md', { cwd: ROOT }).toSorted();
