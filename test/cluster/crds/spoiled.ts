/** For every field of a schema: accepted specs with that field spoiled, one way at a time. */
import type { CustomKind, Schema } from './all-cases.ts';
import { changed, type Change, type Json } from './kind-cases.ts';

export interface Spoiled {
  readonly what: string;
  /** The field, or the one above it where it is missing. */
  readonly at: string;
  readonly spec: Json;
}

interface Place {
  /** As the API server writes it. */
  readonly field: string;
  /** As `Change` wants it. */
  readonly path: string;
  readonly schema: Schema;
  readonly value: unknown;
}

export function spoiled({ schema, specs }: CustomKind): Spoiled[] {
  const seen = new Set<string>();
  return specs.flatMap((spec) =>
    places(schema.properties!['spec']!, spec, { field: 'spec', path: '' })
      // One place of each field is enough, in the first accepted spec that has it.
      .filter(({ field }) => {
        const name = field.replace(/\[\d+\]/g, '[]');
        return !seen.has(name) && seen.add(name);
      })
      .flatMap((place) => ways(place).map(({ what, change, at }) => ({ what, at, spec: changed(spec, change) }))),
  );
}

function places(schema: Schema, value: unknown, at: { field: string; path: string }): Place[] {
  const below = (name: string, field: string) => ({
    field: `${at.field}${field}`,
    path: at.path === '' ? name : `${at.path}.${name}`,
  });
  const inner = Array.isArray(value)
    ? value.flatMap((each, index) => (schema.items ? places(schema.items, each, below(`${index}`, `[${index}]`)) : []))
    : Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
        const given = (value as Record<string, unknown>)[name];
        return given === undefined ? [] : places(field, given, below(name, `.${name}`));
      });
  return at.path === '' ? inner : [{ ...at, schema, value }, ...inner];
}

interface Way {
  readonly what: string;
  readonly at: string;
  readonly change: Change;
}

function ways({ field, path, schema, value }: Place): Way[] {
  const found: Way[] = [];
  const add = (what: string, wrong: unknown) => found.push({ what, at: field, change: { [path]: wrong } });
  add('another type', schema.type === 'string' ? 7 : 'seven');
  if (schema.enum !== undefined) add('a value that is not listed', 'Nonsense');
  if (schema.pattern !== undefined) add('characters that no pattern takes', 'ä ~ ä');
  if (schema.maxLength !== undefined) add('a text that is too long', 'a'.repeat(schema.maxLength + 1));
  if (schema.minimum !== undefined) add('a number below the least', schema.minimum - 1);
  if (schema.maximum !== undefined) add('a number above the greatest', schema.maximum + 1);
  if (schema.minItems !== undefined) add('an empty list', []);
  if (schema.maxItems !== undefined && Array.isArray(value)) {
    add(
      'too many entries',
      Array.from({ length: schema.maxItems + 1 }, () => value[0] as unknown),
    );
  }
  for (const name of schema.required ?? []) {
    found.push({ what: `no ${name}`, at: field, change: { [`${path}.${name}`]: undefined } });
  }
  return found;
}
