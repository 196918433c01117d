/** Turns zod's issues into problems in plain words: field, what was found, what is allowed. */
import { z } from 'zod';
import { describeFound, formatPath, problem, type Problem } from './problem.ts';
import type { FieldMeta } from './field-meta.ts';

type Schema = z.core.$ZodType;
type Issue = z.core.$ZodIssue;

/** @param input what was parsed: the issues name places in it, not values. */
export function problemsIn(error: z.core.$ZodError, schema: Schema, input: unknown): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, schema, input));
}

function problemsOfIssue(issue: Issue, schema: Schema, input: unknown): Problem[] {
  const path = formatPath(issue.path);
  const found = valueAt(input, issue.path);
  if (issue.code === 'unrecognized_keys') return unknownFields(issue.keys, path, fieldsAt(schema, issue.path, input));
  if (issue.code === 'custom' && issue.params?.['rule'] === true) {
    const what = typeof issue.params['found'] === 'string' ? issue.params['found'] : describeFound(found);
    return [{ path, message: `${path}: ${issue.message} (found ${what})`, found: what, allowed: issue.message }];
  }
  const allowed = allowedAt(issue, schema, input);
  if (found !== undefined) return [problem(path, allowed, describeFound(found))];
  return [{ path, message: `${path}: is missing, must be ${allowed}`, found: 'nothing', allowed }];
}

function unknownFields(keys: readonly string[], path: string, fields: readonly string[]): Problem[] {
  return keys.map((key) => {
    const shown = key.length > 64 ? `${key.slice(0, 63)}…` : key;
    const where = path === '' ? shown : `${path}.${shown}`;
    const near = fields.find((field) => field.toLowerCase() === key.toLowerCase() || isOneEditAway(field, key));
    const hint = near === undefined ? `allowed here: ${fields.join(', ')}` : `did you mean ${near}?`;
    return {
      path: where,
      message: `${where}: there is no such field, ${hint}`,
      found: shown,
      allowed: fields.join(', '),
    };
  });
}

/** Whether one inserted, removed or changed character turns one word into the other. */
function isOneEditAway(left: string, right: string): boolean {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  return short.slice(short.length === long.length ? at + 1 : at) === long.slice(at + 1);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function allowedAt(issue: Issue, root: Schema, input: unknown): string {
  const schema = schemaAt(root, issue.path, input);
  const allowed = schema && documentedAllowance(schema);
  if (allowed !== undefined) return allowed;
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return schema === undefined ? nounOf(issue.expected) : describeSchema(schema);
    case 'too_small':
    case 'too_big':
      return schema === undefined ? limitOf(issue) : describeSchema(schema);
    case 'invalid_union':
      return describeUnion(root, issue, input);
    case 'invalid_format':
      return issue.pattern === undefined
        ? `a text of the form ${issue.format}`
        : `a text that matches ${issue.pattern}`;
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

function limitOf(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  return issue.code === 'too_big' ? `at most ${String(issue.maximum)}` : `at least ${String(issue.minimum)}`;
}

function nounOf(type: string): string {
  switch (type) {
    case 'string':
      return 'a text';
    case 'int':
      return 'a whole number';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
    case 'record':
      return 'an object';
    default:
      return `of type ${type}`;
  }
}

function describeSchema(wrapped: Schema): string {
  const schema = unwrap(wrapped);
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const { minimum, maximum } = limitsOf(schema);
  if (def.type === 'number') return `a whole number${between(minimum, maximum)}`;
  if (def.type === 'string') return `a text${sized(minimum, maximum, 'characters')}`;
  if (def.type === 'array') return `a list${sized(minimum, maximum, 'entries')}`;
  if (def.type === 'object') return `an object with the fields ${Object.keys(def.shape).join(', ')}`;
  if (def.type === 'enum') return `one of ${Object.values(def.entries).join(', ')}`;
  return nounOf(def.type);
}

/** The least and greatest number, or length. */
function limitsOf(schema: Schema): { minimum?: number; maximum?: number } {
  const limits: { minimum?: number; maximum?: number } = {};
  for (const check of schema._zod.def.checks ?? []) {
    const { def } = (check as z.core.$ZodChecks)._zod;
    if (def.check === 'greater_than') limits.minimum = Number(def.value);
    else if (def.check === 'less_than') limits.maximum = Number(def.value);
    else if (def.check === 'min_length') limits.minimum = def.minimum;
    else if (def.check === 'max_length') limits.maximum = def.maximum;
  }
  return limits;
}

function sized(minimum: number | undefined, maximum: number | undefined, unit: string): string {
  if (maximum === undefined) return '';
  return ` of ${String(minimum ?? 0)} to ${String(maximum)} ${unit}`;
}

function between(minimum?: number, maximum?: number): string {
  if (minimum === undefined || maximum === undefined) return '';
  return ` from ${String(minimum)} to ${String(maximum)}`;
}

/** zod blames the discriminator's path, where no option was chosen: the values stand in the options above. */
function describeUnion(root: Schema, issue: z.core.$ZodIssueInvalidUnion, input: unknown): string {
  const { discriminator } = issue;
  const union = discriminator === undefined ? undefined : schemaAt(root, issue.path.slice(0, -1), input);
  const def = union && (unwrap(union) as z.core.$ZodTypes)._zod.def;
  if (def?.type !== 'union' || discriminator === undefined) return 'one of the documented forms';
  const values = def.options.flatMap((option) => literalsOf(option, discriminator));
  return `one of ${values.map(String).join(', ')}`;
}

function literalsOf(option: Schema, field: string): readonly unknown[] {
  const { def } = (option as z.core.$ZodTypes)._zod;
  const literal = def.type === 'object' && def.shape[field] && (def.shape[field] as z.core.$ZodTypes)._zod.def;
  return literal && literal.type === 'literal' ? literal.values : [];
}

function fieldsAt(root: Schema, path: readonly PropertyKey[], input: unknown): string[] {
  const schema = schemaAt(root, path, input);
  const def = schema && (unwrap(schema) as z.core.$ZodTypes)._zod.def;
  return def?.type === 'object' ? Object.keys(def.shape) : [];
}

/** The schema of the field at `path`; of a union, the option that `input` means. */
function schemaAt(root: Schema, path: readonly PropertyKey[], input: unknown): Schema | undefined {
  let schema: Schema | undefined = root;
  let value = input;
  for (const key of path) {
    if (schema === undefined) return undefined;
    const def: z.core.$ZodTypes['_zod']['def'] = (chooseOption(unwrap(schema), value) as z.core.$ZodTypes)._zod.def;
    if (def.type === 'array') schema = def.element;
    else if (def.type === 'record') schema = def.valueType;
    else if (def.type === 'object' && Object.hasOwn(def.shape, key)) schema = def.shape[String(key)];
    else return undefined;
    value = valueAt(value, [key]);
  }
  return schema && chooseOption(schema, value);
}

/** What the schema's own meta data says, or that of the schema inside it. */
function documentedAllowance(schema: Schema): string | undefined {
  const { allowed } = (z.globalRegistry.get(schema) ?? {}) as FieldMeta;
  if (allowed !== undefined) return allowed;
  const inner = innerOf(schema);
  return inner && documentedAllowance(inner);
}

/** The schema that says which type stands here, below defaults and transformations. */
function unwrap(schema: Schema): Schema {
  const inner = innerOf(schema);
  return inner === undefined ? schema : unwrap(inner);
}

function innerOf(schema: Schema): Schema | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'pipe') return def.in;
  if (def.type === 'optional' || def.type === 'default' || def.type === 'prefault' || def.type === 'nullable')
    return def.innerType;
  return undefined;
}

function chooseOption(schema: Schema, value: unknown): Schema {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type !== 'union') return schema;
  const kind = valueAt(value, ['kind']);
  const matching = def.options.find((option) => literalsOf(option, 'kind').includes(kind));
  return matching ?? schema;
}
