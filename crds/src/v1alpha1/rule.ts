/**
 * Rules between fields, written once: the same entry refuses a manifest here (local mode, operator) and in the API
 * server (CEL in the CustomResourceDefinition), with the same words.
 */
import type { z } from 'zod';

export interface Rule<Value> {
  /** CEL, evaluated by the API server after defaulting; `self` is the value that the rule stands on. */
  readonly cel: string;
  /** What is wrong and what to do about it, as a sentence without a full stop. */
  readonly message: string;
  readonly holds: (value: Value) => boolean;
  /** The field to blame, below the value that the rule stands on. */
  readonly path?: readonly string[];
  /** What was found, where the value at `path` does not say it. */
  readonly found?: (value: Value) => string;
}

export function withRules<Schema extends z.ZodType>(schema: Schema, rules: readonly Rule<z.output<Schema>>[]): Schema {
  const refined = schema.superRefine((value, context) => {
    for (const rule of rules) {
      if (rule.holds(value)) continue;
      const params = { rule: true, ...(rule.found && { found: rule.found(value) }) };
      context.addIssue({ code: 'custom', message: rule.message, path: [...(rule.path ?? [])], params });
    }
  });
  const validations = rules.map(({ cel, message, path }) => ({
    rule: cel,
    message,
    ...(path && { fieldPath: `.${path.join('.')}` }),
  }));
  return refined.meta({ 'x-kubernetes-validations': validations });
}

/** A list whose entries are told apart by `keys`; the API server merges by them and refuses duplicates itself. */
export function listMap<Schema extends z.ZodArray<z.ZodObject>>(list: Schema, keys: readonly string[]): Schema {
  const refined = list.superRefine((entries, context) => {
    const twin = firstTwin(entries, keys);
    if (twin === undefined) return;
    const message = `two entries have the same ${keys.join(' and ')}: remove one of them`;
    context.addIssue({ code: 'custom', message, path: [twin], params: { rule: true } });
  });
  return refined.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [...keys] });
}

/** A list in which order counts and no two entries are the same (by `keys`, or as a whole). */
export function uniqueList<Schema extends z.ZodArray>(list: Schema, keys: readonly string[] = []): Schema {
  const same = keys.length === 0 ? 'a == b' : keys.map((key) => `a.${key} == b.${key}`).join(' && ');
  const what = keys.length === 0 ? 'value' : keys.join(' and ');
  return withRules(list, [
    {
      cel: `self.all(a, self.exists_one(b, ${same}))`,
      message: `two entries have the same ${what}: remove one of them`,
      holds: (entries) => firstTwin(entries as unknown[], keys) === undefined,
    },
  ]);
}

function firstTwin(entries: readonly unknown[], keys: readonly string[]): number | undefined {
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const values = keys.length === 0 ? entry : keys.map((key) => (entry as Record<string, unknown>)[key]);
    const identity = JSON.stringify(values);
    if (seen.has(identity)) return index;
    seen.add(identity);
  }
  return undefined;
}
