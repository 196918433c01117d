/** A zod schema as the structural OpenAPI v3 schema that the API server takes: no closed objects, no references. */
import { z } from 'zod';

/** The part of OpenAPI v3 that our schemas use. */
export interface StructuralSchema {
  description?: string;
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  format?: string;
  enum?: readonly string[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  anyOf?: readonly { type?: string; format?: string; pattern?: string }[];
  maxProperties?: number;
  required?: readonly string[];
  properties?: Record<string, StructuralSchema>;
  items?: StructuralSchema;
  additionalProperties?: StructuralSchema;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-validations'?: readonly Validation[];
}

export interface Validation {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** In the order in which a reader wants them. What stands neither here nor under `dropped` is a mistake in a schema. */
const kept = [
  'description',
  'type',
  'format',
  'enum',
  'default',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'maxProperties',
  'anyOf',
  'required',
  'properties',
  'items',
  'additionalProperties',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
] as const satisfies readonly (keyof StructuralSchema)[];
const dropped = ['$schema', 'examples', 'allowed', 'propertyNames'];

const maxInt32 = 2 ** 31 - 1;

/** @param opaque a schema below `schema` of which only the type is told. */
export function structuralSchema(schema: z.ZodType, opaque: z.ZodType): StructuralSchema {
  const json = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if ((zodSchema as z.core.$ZodType) !== opaque) return;
      for (const key of Object.keys(jsonSchema)) if (key !== 'type') Reflect.deleteProperty(jsonSchema, key);
    },
  });
  return convert(json);
}

/** Values that show how to write a field, as in its description. */
export function withExamples(description: string, examples: unknown): string {
  if (!Array.isArray(examples) || examples.length === 0) return description;
  const shown = examples.map((example) => `\`${typeof example === 'string' ? example : JSON.stringify(example)}\``);
  return `${description} ${shown.length === 1 ? 'Example' : 'Examples'}: ${shown.join(', ')}.`;
}

function convert(source: Record<string, unknown>): StructuralSchema {
  const unknown = Object.keys(source).filter((key) => !dropped.includes(key) && !kept.some((known) => known === key));
  if (unknown.length > 0) throw new TypeError(`Cannot write a structural schema: it has no ${unknown.join(', ')}`);
  const result: Record<string, unknown> = {};
  // The one form of a union of types that the API server takes.
  const { 'x-kubernetes-int-or-string': isIntOrString } = source;
  for (const key of kept) {
    const value =
      key === 'anyOf' && isIntOrString === true ? [{ type: 'integer' }, { type: 'string' }] : converted(key, source);
    if (value !== undefined) result[key] = value;
  }
  return result;
}

function converted(key: (typeof kept)[number], source: Record<string, unknown>): unknown {
  const value = source[key];
  if (key === 'description') return typeof value === 'string' ? withExamples(value, source['examples']) : undefined;
  if (key === 'format' && source['type'] === 'integer') return Number(source['maximum']) > maxInt32 ? 'int64' : 'int32';
  if (key === 'maximum' && value === Number.MAX_SAFE_INTEGER) return undefined;
  // `{}` and false open and close an object: the API server does the one by preserving, the other by pruning.
  if (key === 'additionalProperties' && (!isObject(value) || Object.keys(value).length === 0)) return undefined;
  if (key === 'items' || key === 'additionalProperties') return isObject(value) ? convert(value) : undefined;
  if (key !== 'properties' || !isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, convert(isObject(field) ? field : {})]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
