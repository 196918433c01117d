import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../parse-manifest.ts';
import { manifest } from '../sample-manifest.ts';
import type { Kind } from './kinds.ts';

function problems(kind: Kind, change: object): readonly string[] {
  const parsed = parseManifest(manifest(kind, change));
  return parsed.ok ? [] : parsed.problems.map(({ message }) => message);
}

test('a CallRoute without much is for every call, has priority 100 and fails over on 408 and most of 5xx', () => {
  const parsed = parseManifest(manifest('CallRoute'));
  assert.ok(parsed.ok && parsed.kind === 'CallRoute');
  assert.deepEqual(parsed.object.spec, {
    sbcRef: { name: 'sbc' },
    priority: 100,
    match: {},
    action: 'Route',
    destinations: [{ kind: 'PbxTrunk', name: 'pbx', priority: 0, weight: 100 }],
    failover: { statusCodes: [408, 500, 502, 503, 504] },
  });
});

const called = (...calledNumbers: object[]) => ({ match: { calledNumbers } });
const pbx = { kind: 'PbxTrunk', name: 'pbx' };

const refusals: readonly (readonly [what: string, kind: Kind, change: object, message: string])[] = [
  [
    'a route that leads nowhere',
    'CallRoute',
    { destinations: [] },
    'spec.destinations: a route without destinations leads nowhere: add one, or set action to Reject and reject.statusCode (found none)',
  ],
  [
    'a refusal with a destination',
    'CallRoute',
    { action: 'Reject', reject: { statusCode: 403 } },
    'spec.destinations: a call that is refused goes nowhere: remove destinations, or set action to Route (found a list of one entry)',
  ],
  [
    'a refusal without a status',
    'CallRoute',
    { action: 'Reject', destinations: [] },
    'spec.reject: reject belongs to action Reject: set both, such as reject.statusCode 403, or remove both (found nothing)',
  ],
  [
    'a status for a call that is routed',
    'CallRoute',
    { reject: { statusCode: 403 } },
    'spec.reject: reject belongs to action Reject: set both, such as reject.statusCode 403, or remove both (found an object)',
  ],
  [
    'a refusal that asks for a password',
    'CallRoute',
    { action: 'Reject', destinations: [], reject: { statusCode: 401 } },
    'spec.reject.statusCode: 401 and 407 ask the caller for a password: use 403 to refuse a call (found 401)',
  ],
  [
    'failover on 603',
    'CallRoute',
    { failover: { statusCodes: [503, 603] } },
    'spec.failover.statusCodes[1]: with 603 a person declines the call, so nobody else may ring: remove 603 from the list (found 603)',
  ],
  [
    'a status twice',
    'CallRoute',
    { failover: { statusCodes: [503, 503] } },
    'spec.failover.statusCodes: two entries have the same value: remove one of them (found a list of 2 entries)',
  ],
  [
    'a destination twice',
    'CallRoute',
    { destinations: [pbx, { ...pbx, weight: 7 }] },
    'spec.destinations[1]: two entries have the same kind and name: remove one of them (found an object)',
  ],
  [
    'an entry that says two things',
    'CallRoute',
    called({ exact: '112', prefix: '11' }),
    'spec.match.calledNumbers[0]: an entry is either exact, prefix or pattern: write one entry for each of them (found exact and prefix)',
  ],
  [
    'an entry that says nothing',
    'CallRoute',
    called({}),
    'spec.match.calledNumbers[0]: an entry is either exact, prefix or pattern: write one entry for each of them (found none of them)',
  ],
  [
    'a pattern with a letter',
    'CallRoute',
    called({ pattern: '\\w+' }),
    'spec.match.calledNumbers[0].pattern: must be a pattern of digits, + * # . [0-9] ( ) | ? {2,4} and \\d, at most 128 characters, such as +49(30|40).{4,10} (found "\\\\w+")',
  ],
  [
    'a replacement with a blank',
    'NumberPolicy',
    { rules: [{ name: 'a', pattern: '1', replacement: '+49 30' }] },
    'spec.rules[0].replacement: must be digits, letters, + * # . _ - and $0 to $9 for what the pattern has captured, at most 64 characters (found "+49 30")',
  ],
  [
    'a rule twice',
    'NumberPolicy',
    {
      rules: [
        { name: 'a', pattern: '1', replacement: '2' },
        { name: 'a', pattern: '2', replacement: '3' },
      ],
    },
    'spec.rules[1]: two entries have the same name: remove one of them (found an object)',
  ],
  [
    'a policy without rules',
    'NumberPolicy',
    { rules: [] },
    'spec.rules: must be a list of 1 to 64 entries (found a list of 0 entries)',
  ],
];

for (const [what, kind, change, message] of refusals)
  test(`refused with its remedy: ${what}`, () => assert.deepEqual(problems(kind, change), [message]));

test('a pattern that only its parser can judge is stored: its status says what is wrong', () => {
  assert.deepEqual(problems('CallRoute', called({ pattern: '(1*)*' })), []);
});
