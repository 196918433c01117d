/** NumberPolicy: how numbers are rewritten, by rules that a CallRoute refers to. */
import { z } from 'zod';
import { country } from './country.ts';
import { status } from './conditions.ts';
import { dnsLabel, sbcRef } from './field.ts';
import { apiVersion, metadata } from './object.ts';
import { listMap } from './rule.ts';

/** What can be told by characters alone; `parseNumberPattern` judges the rest. */
export const numberPattern = z
  .string()
  .regex(/^[-0-9+*#.,?|(){}^$\\d[\]]+$/)
  .max(128)
  .meta({
    allowed:
      'a pattern of digits, + * # . [0-9] ( ) | ? {2,4} and \\d, at most 128 characters, such as +49(30|40).{4,10}',
  });

const rule = z.strictObject({
  name: dnsLabel.meta({ description: 'A name for logs and status.', examples: ['national'] }),
  pattern: numberPattern.meta({
    description:
      'What the whole number must fit. Digits and `#` stand for themselves, and so does `+` in front; `.` is any one character, `\\d` and `[0-9]` one digit, `[^0]` any but those; `( )` groups and captures, `|` separates choices, `?` is none or one, `*` none or more, `{4}`, `{2,}` and `{2,11}` so many of what stands before. `\\+` and `\\*` are the characters themselves. One or more is `{1,}`. Nothing else is a pattern: no names, no look-around, no back references. However long the number is, the work grows with its length alone.',
    examples: ['0([1-9].{3,12})', '+4930555(\\d{2,4})'],
  }),
  replacement: z
    .string()
    .regex(/^([-+0-9A-Za-z*#._]|\$[0-9])*$/)
    .max(64)
    .meta({
      allowed: 'digits, letters, + * # . _ - and $0 to $9 for what the pattern has captured, at most 64 characters',
    })
    .meta({
      description:
        'What the number becomes. `$1` to `$9` are what the groups of the pattern have captured, `$0` is the whole number. Teams wants E.164 with `+`. A caller of whom nothing is left, or `anonymous`, is hidden; a call to a number of which nothing is left is answered 404.',
      examples: ['+49$1', '$1'],
    }),
});

const spec = z
  .strictObject({
    sbcRef: sbcRef.meta({ description: 'The SbcInstance, in the same namespace, that applies the policy.' }),
    country: country.optional().meta({
      description:
        'Country whose dialling rules are applied first, as ISO 3166-1 alpha-2: with DE the rules see `030 123456` as `+4930123456`. Absent: the rules see the number as the trunk it came in on reads it.',
      examples: ['DE'],
    }),
    rules: listMap(z.array(rule).min(1).max(64), ['name']).meta({
      description: 'Tried in this order; the first that fits rewrites the number, and the others are not looked at.',
    }),
    noMatch: z.enum(['Pass', 'Reject']).default('Pass').meta({
      description: 'What happens to a number that no rule fits. `Pass`: it stays. `Reject`: the call is answered 404.',
    }),
  })
  .meta({ description: 'How numbers are rewritten.' });

export const numberPolicy = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('NumberPolicy'),
    metadata,
    spec,
    status: status.optional(),
  })
  .meta({ description: 'Rules that rewrite the called or calling number of calls. CallRoutes refer to it by name.' });

export type NumberPolicy = z.output<typeof numberPolicy>;
export type NumberPolicySpec = z.output<typeof spec>;
