/** Maps of texts that go into the metadata of objects that the operator makes. */
import { z } from 'zod';
import { withRules, type Rule } from './rule.ts';

/** More than anybody writes by hand, and little enough for the API server to bound. */
const maxEntries = 32;
/** A prefix of 253 characters, a slash, a name of 63. */
const maxKey = 317;
const prefix = '([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?';
const qualifiedName = new RegExp(`^${prefix}[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`);
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

const isKey = (text: string) => text.length <= maxKey && qualifiedName.test(text);

function textMap<Value extends z.ZodType<string>>(value: Value, ...further: readonly Rule<Record<string, string>>[]) {
  const map = z
    .record(z.string(), value)
    .refine((entries) => Object.keys(entries).length <= maxEntries, { abort: true })
    .meta({ maxProperties: maxEntries });
  return withRules(map, [
    {
      cel: `self.all(key, size(key) <= ${String(maxKey)} && key.matches(r'${qualifiedName.source}'))`,
      message: 'a key is a name such as example.com/name: letters, digits, hyphens, dots, underscores and one slash',
      holds: (entries) => Object.keys(entries).every(isKey),
      found: (entries) =>
        JSON.stringify(
          Object.keys(entries)
            .find((key) => !isKey(key))
            ?.slice(0, 80),
        ),
    },
    ...further,
  ]);
}

/** Orders to the operator about one object: all that it makes would carry them. */
const ownPrefix = 'teams-sbc.dev/';

const noOrders: Rule<Record<string, string>> = {
  cel: `!self.exists(key, key.startsWith('${ownPrefix}'))`,
  message: `keys that begin with ${ownPrefix} are orders to the operator about one object: set them on that object with kubectl annotate`,
  holds: (entries) => !Object.keys(entries).some((key) => key.startsWith(ownPrefix)),
};

export const annotations = textMap(z.string().max(4096), noOrders).meta({
  allowed: `at most ${String(maxEntries)} texts under names such as example.com/name`,
});

export const labels = textMap(
  z
    .string()
    .max(63)
    .regex(labelValue)
    .meta({ allowed: 'a label value: letters, digits, hyphens, dots and underscores, at most 63' }),
).meta({
  allowed: `at most ${String(maxEntries)} label values under names such as kubernetes.io/os`,
});
