/** `docs/reference/<kind>.md`: every field, rule and condition, from the same schemas that refuse manifests. */
import { conditionsOf, conditionTypes } from '../src/v1alpha1/conditions.ts';
import { kinds, type Kind } from '../src/v1alpha1/kinds.ts';
import { apiVersion } from '../src/v1alpha1/object.ts';
import { openAPISchema } from './custom-resource-definitions.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** Path below the repository's root → content. */
export function referencePages(): ReadonlyMap<string, string> {
  const names = Object.keys(kinds) as Kind[];
  return new Map(names.map((kind) => [`docs/reference/${kinds[kind].singular}.md`, page(kind)]));
}

function page(kind: Kind): string {
  const { plural, shortNames, columns } = kinds[kind];
  const schema = openAPISchema(kind);
  const spec = schema.properties?.['spec'] ?? {};
  const rules = [...rulesOf(schema, ''), ...rulesOf(spec, 'spec')];
  const shown = columns.map(({ name, description }) => `\`${name}\` (${lowerFirst(description)})`);
  return [
    '<!-- Written by `make generate` from crds/src/v1alpha1. Do not edit. -->',
    `# ${kind}`,
    schema.description ?? '',
    `\`apiVersion: ${apiVersion}\`, \`kind: ${kind}\`. In kubectl: \`${plural}\`, short \`${shortNames.join('`, `')}\`; all kinds together: \`kubectl get sbc\`. It shows ${shown.join(', ')}.`,
    ...fieldSections(spec, 'spec'),
    '## Rules',
    'Checked by the API server, and in local mode, before anything is changed.',
    rules.map(({ path, message }) => `- \`${path === '' ? 'metadata' : path}\`: ${message}.`).join('\n'),
    '## status',
    'Written by the operator. `status.observedGeneration` is the generation of the spec that it speaks about; `status.conditions` holds:',
    table(
      ['Condition', 'True means'],
      conditionsOf[kind].map((type) => [`\`${type}\``, conditionTypes[type]]),
    ),
    '',
  ].join('\n\n');
}

/** One table for each object, the outer one first. */
function fieldSections(schema: StructuralSchema, path: string): string[] {
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
    return fieldSections(below, `${path}.${name}${field.type === 'array' ? '[]' : ''}`);
  });
  return [`## ${path}`, table(['Field', 'Type', 'Default', 'Description'], rows), ...inner];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function typeOf(schema: StructuralSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.type === 'array') {
    const { minItems = 0, maxItems } = schema;
    const size = maxItems === undefined ? '' : `, ${String(minItems)} to ${String(maxItems)} entries`;
    return `list of ${plural(typeOf(schema.items ?? {}))}${size}`;
  }
  if (schema.type === 'integer') return `integer, ${String(schema.minimum ?? '')} to ${String(schema.maximum ?? '')}`;
  if (schema.type === 'string' && schema.maxLength !== undefined)
    return `string, at most ${String(schema.maxLength)} characters`;
  return schema.type ?? 'any';
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
