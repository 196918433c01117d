/**
 * `docs/reference/<kind>.md` and `docs/api.md`, which holds all kinds: every field, limit, rule, printer column and
 * condition, from the same schemas that refuse manifests.
 */
import { conditionsOf, conditionTypes } from '../src/v1alpha1/conditions.ts';
import { kinds, type Kind } from '../src/v1alpha1/kinds.ts';
import { apiVersion } from '../src/v1alpha1/object.ts';
import { openAPISchema } from './custom-resource-definitions.ts';
import type { StructuralSchema } from './structural-schema.ts';
import { notice, table } from './tables.ts';

const names = Object.keys(kinds) as Kind[];

/** Path below the repository's root → content. */
export function referencePages(): ReadonlyMap<string, string> {
  const pages = names.map((kind) => [`docs/reference/${kinds[kind].singular}.md`, page(kind)] as const);
  return new Map([...pages, ['docs/api.md', apiPage()]]);
}

function page(kind: Kind): string {
  return [notice, ...sections(kind, ''), ''].join('\n\n');
}

function apiPage(): string {
  return [
    notice,
    '# API',
    `All kinds of \`${apiVersion}\` with every field, its type, default and limits, and every rule of the API server. The same in a shell: \`kubectl explain sbcinstance.spec --recursive\`. What status says, reason by reason: [conditions.md](conditions.md).`,
    table(
      ['Kind', 'kubectl', 'What it is'],
      names.map((kind) => [
        `[${kind}](#${kind.toLowerCase()})`,
        `\`${kinds[kind].plural}\`, \`${kinds[kind].shortNames.join('`, `')}\``,
        openAPISchema(kind).description ?? '',
      ]),
    ),
    ...names.flatMap((kind) => sections(kind, '#')),
    '',
  ].join('\n\n');
}

/** @param deeper `#` where the page holds other kinds as well: headings then stand one level down and name the kind. */
function sections(kind: Kind, deeper: '' | '#'): string[] {
  const { plural, shortNames, columns } = kinds[kind];
  const schema = openAPISchema(kind);
  const { spec = {}, status = {} } = schema.properties ?? {};
  const rules = [...rulesOf(schema, ''), ...rulesOf(spec, 'spec')];
  const shown = columns.map(({ name, description }) => `\`${name}\` (${lowerFirst(description)})`);
  const owner = deeper === '' ? '' : `${kind}: `;
  const heading = (text: string) => `${deeper}## ${owner}${text}`;
  return [
    `${deeper}# ${kind}`,
    schema.description ?? '',
    `\`apiVersion: ${apiVersion}\`, \`kind: ${kind}\`. In kubectl: \`${plural}\`, short \`${shortNames.join('`, `')}\`; all kinds together: \`kubectl get sbc\`. It shows ${shown.join(', ')}.`,
    ...fieldSections(spec, 'spec', heading),
    heading('Rules'),
    'Checked by the API server, and in local mode, before anything is changed.',
    rules.map(({ path, message }) => `- \`${path === '' ? 'metadata' : path}\`: ${message}.`).join('\n'),
    heading('Conditions'),
    `In \`status.conditions\`; their reasons: [conditions.md](${deeper === '' ? '../' : ''}conditions.md).`,
    table(
      ['Condition', 'True means'],
      conditionsOf[kind].map((type) => [`\`${type}\``, conditionTypes[type]]),
    ),
    ...fieldSections(status, 'status', heading),
  ];
}

/** One table for each object, the outer one first. */
function fieldSections(schema: StructuralSchema, path: string, heading: (text: string) => string): string[] {
  const fields = Object.entries(schema.properties ?? {});
  const rows = fields.map(([name, field]) => [
    `\`${name}\``,
    typeOf(field),
    defaultOf(field, schema.required?.includes(name) ?? false),
    field.description ?? '',
  ]);
  const inner = fields.flatMap(([name, field]) => {
    const below = field.type === 'array' ? field.items : field;
    if (below?.properties === undefined) return [];
    return fieldSections(below, `${path}.${name}${field.type === 'array' ? '[]' : ''}`, heading);
  });
  return [heading(path), table(['Field', 'Type', 'Default', 'Description'], rows), ...inner];
}

function typeOf(schema: StructuralSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.type === 'array') {
    const { minItems = 0, maxItems } = schema;
    const size = maxItems === undefined ? '' : `, ${String(minItems)} to ${String(maxItems)} entries`;
    return `list of ${entriesOf(schema.items ?? {})}${size}`;
  }
  if (schema.type === 'integer') return `integer, ${String(schema.minimum ?? '')} to ${String(schema.maximum ?? '')}`;
  if (schema.type === 'string' && schema.maxLength !== undefined && schema.format !== 'date-time')
    return `string, ${schema.minLength === undefined ? '' : `${String(schema.minLength)} to `}${schema.minLength === undefined ? 'at most ' : ''}${String(schema.maxLength)} characters${patternOf(schema)}`;
  if (schema['x-kubernetes-int-or-string'] === true)
    return `integer or string, at most ${String(schema.maxLength)} characters`;
  if (schema.format === 'date-time') return 'time (RFC 3339)';
  if (schema.additionalProperties !== undefined)
    return `map of names to ${plural(typeOf(schema.additionalProperties))}, at most ${String(schema.maxProperties)} entries`;
  return schema.type ?? 'any';
}

/** Where it is short enough to be read; the description says in words what it means. */
function patternOf({ pattern }: StructuralSchema): string {
  return pattern === undefined || pattern.length > 80 ? '' : `, \`${pattern}\``;
}

function entriesOf(schema: StructuralSchema): string {
  return schema.enum === undefined ? plural(typeOf(schema)) : schema.enum.map((value) => `\`${value}\``).join(' and ');
}

function plural(type: string): string {
  return type.replace(/^(string|object|integer)\b/, '$1s').replace(/, .*/, '');
}

function defaultOf(schema: StructuralSchema, isRequired: boolean): string {
  if (isRequired) return 'required';
  if (schema.default === undefined) return '';
  return schema.type === 'object' && JSON.stringify(schema.default) === '{}'
    ? ''
    : `\`${JSON.stringify(schema.default)}\``;
}

interface RuleLine {
  readonly path: string;
  readonly message: string;
}

function rulesOf(schema: StructuralSchema, path: string): RuleLine[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message, fieldPath = '' }) => ({
    path: `${path}${fieldPath}`.replace(/^\./, ''),
    message,
  }));
  if (path === '') return own;
  const ofFields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    rulesOf(field, `${path}.${name}`),
  );
  return [...own, ...ofFields, ...(schema.items === undefined ? [] : rulesOf(schema.items, `${path}[]`))];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
