/** CallRoute: which calls go where, under which numbers, and what happens when nobody is there. */
import { z } from 'zod';
import { status } from './conditions.ts';
import { objectName, sbcRef } from './field.ts';
import { numberPattern } from './number-policy.ts';
import { apiVersion, metadata } from './object.ts';
import { listMap, uniqueList, withRules } from './rule.ts';

const trunkKind = z.enum(['TeamsTrunk', 'PbxTrunk']);

const routedNumber = z
  .string()
  .regex(/^[-+0-9A-Za-z*#._]+$/)
  .max(64)
  .meta({ allowed: 'a number such as +4930123456 or 112, or a name such as anonymous, at most 64 characters' });

const matcher = withRules(
  z.strictObject({
    exact: routedNumber.optional().meta({
      description: 'The whole number.',
      examples: ['+4930123456', '112', 'anonymous'],
    }),
    prefix: routedNumber.optional().meta({
      description: 'What the number begins with. `+` alone means every number in E.164.',
      examples: ['+4930', '00'],
    }),
    pattern: numberPattern.optional().meta({
      description:
        'A pattern that the whole number must fit, in the same language as the rules of a NumberPolicy: digits, `+` in front, `.` for any one character, `[0-9]`, `( )`, `|`, `?`, `*`, `{2,4}`.',
      examples: ['+49(30|40).{4,10}'],
    }),
  }),
  [
    {
      cel: '[has(self.exact), has(self.prefix), has(self.pattern)].filter(given, given).size() == 1',
      message: 'an entry is either exact, prefix or pattern: write one entry for each of them',
      holds: (self) => [self.exact, self.prefix, self.pattern].filter((given) => given !== undefined).length === 1,
      found: (self) => Object.keys(self).join(' and ') || 'none of them',
    },
  ],
);

const matchers = z.array(matcher).min(1).max(64);

const match = z
  .strictObject({
    from: z
      .strictObject({
        kind: trunkKind.meta({ description: 'Kind of the trunk.' }),
        name: objectName.meta({ description: 'Name of the trunk, in the same namespace.', examples: ['teams'] }),
      })
      .optional()
      .meta({ description: 'The trunk that the call came in on. Absent: any.' }),
    calledNumbers: matchers.optional().meta({
      description:
        'One of these must fit the number that is called, as the trunk reads it: in E.164 where that can be told, without `;ext=` and the like. Absent: any.',
    }),
    callingNumbers: matchers.optional().meta({
      description:
        'One of these must fit the number of the caller, read like the called one; `anonymous` where the caller hides. Absent: any.',
    }),
  })
  .prefault({})
  .meta({ description: 'Which calls the route is for. All that is given must hold; `{}` is for every call.' });

const policy = (what: string) =>
  z
    .strictObject({
      policyRef: z
        .strictObject({
          name: objectName.meta({
            description: 'Name of the NumberPolicy, in the same namespace.',
            examples: ['to-e164'],
          }),
        })
        .meta({ description: 'The NumberPolicy that rewrites it.' }),
    })
    .optional()
    .meta({ description: what });

const translate = z
  .strictObject({
    called: policy('How the called number is rewritten before the call goes out. Absent: it stays.'),
    calling: policy(
      'How the number of the caller is rewritten before the call goes out. A caller who hides stays hidden. Absent: it stays.',
    ),
  })
  .optional()
  .meta({
    description: 'Numbers that the destinations get to see. What match looks at are the numbers before that.',
  });

const destination = z.strictObject({
  kind: trunkKind.meta({ description: 'Kind of the trunk.' }),
  name: objectName.meta({ description: 'Name of the trunk, in the same namespace.', examples: ['pbx'] }),
  priority: z.int().min(0).max(100).default(0).meta({
    description:
      'Destinations of a lower number are tried before those of a higher one. Those that do not answer OPTIONS on any host come behind all others.',
  }),
  weight: z.int().min(1).max(1000).default(100).meta({
    description:
      'Share of the calls that this destination gets first, among those of the same priority. With 300 and 100 it is three calls of four.',
  }),
});

const failoverStatus = withRules(z.int().min(400).max(606), [
  {
    cel: 'self != 603',
    message: 'with 603 a person declines the call, so nobody else may ring: remove 603 from the list',
    holds: (code) => code !== 603,
  },
]);

const defaultFailoverStatusCodes: readonly number[] = [408, 500, 502, 503, 504];

const failover = z
  .strictObject({
    statusCodes: uniqueList(z.array(failoverStatus).max(32))
      .default([...defaultFailoverStatusCodes])
      .meta({
        description:
          'SIP status codes of a destination on which the next one is tried: 408 and 5xx try its other hosts first, others leave it at once. No answer at all, and no connection, always try the next. Once a phone has rung, nothing is tried any more. All other codes end the call and reach the caller; 408, 503 and 504 do so when the other hosts of the same destination were tried.',
      }),
  })
  .prefault({})
  .meta({ description: 'When the next destination is tried.' });

const rejection = z
  .strictObject({
    statusCode: withRules(z.int().min(400).max(699), [
      {
        cel: 'self != 401 && self != 407',
        message: '401 and 407 ask the caller for a password: use 403 to refuse a call',
        holds: (code) => code !== 401 && code !== 407,
      },
    ]).meta({ description: 'The SIP status code that the caller gets.', examples: [403, 404, 603] }),
    reasonPhrase: z
      .string()
      .regex(/^[-A-Za-z0-9 .,_()]+$/)
      .max(64)
      .meta({ allowed: 'letters, digits, spaces and . , _ ( ) -, at most 64 characters' })
      .optional()
      .meta({ description: 'The words beside the code. Absent: those of RFC 3261.', examples: ['Number Not In Use'] }),
  })
  .optional()
  .meta({ description: 'The answer that callers get. Needed where action is Reject, and only there.' });

const spec = withRules(
  z.strictObject({
    sbcRef: sbcRef.meta({ description: 'The SbcInstance, in the same namespace, whose calls are routed.' }),
    priority: z.int().min(0).max(10_000).default(100).meta({
      description:
        'Routes of a lower number are looked at before those of a higher one, and the first that matches decides. Of two with the same number the older one comes first, then the one whose name does.',
    }),
    match,
    action: z.enum(['Route', 'Reject']).default('Route').meta({
      description: 'What happens to a call that matches: it goes to the destinations, or it is refused.',
    }),
    translate,
    destinations: listMap(z.array(destination).max(16), ['kind', 'name']).default([]).meta({
      description: 'Where the call may go. Needed where action is Route, and only there.',
    }),
    failover,
    reject: rejection,
  }),
  [
    {
      cel: "self.action != 'Route' || self.destinations.size() > 0",
      message: 'a route without destinations leads nowhere: add one, or set action to Reject and reject.statusCode',
      holds: (self) => self.action !== 'Route' || self.destinations.length > 0,
      path: ['destinations'],
      found: () => 'none',
    },
    {
      cel: "self.action != 'Reject' || self.destinations.size() == 0",
      message: 'a call that is refused goes nowhere: remove destinations, or set action to Route',
      holds: (self) => self.action !== 'Reject' || self.destinations.length === 0,
      path: ['destinations'],
    },
    {
      cel: "has(self.reject) == (self.action == 'Reject')",
      message: 'reject belongs to action Reject: set both, such as reject.statusCode 403, or remove both',
      holds: (self) => (self.reject !== undefined) === (self.action === 'Reject'),
      path: ['reject'],
    },
  ],
).meta({ description: 'Which calls go where.' });

export const callRoute = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('CallRoute'),
    metadata,
    spec,
    status: status.optional(),
  })
  .meta({
    description:
      'A rule for calls of an SbcInstance: which it is for, where they go or how they are refused. With the first CallRoute of an instance its default route, between its one TeamsTrunk and its one PbxTrunk, ends: calls that match no CallRoute are answered 404.',
  });

export type CallRoute = z.output<typeof callRoute>;
export type CallRouteSpec = z.output<typeof spec>;
