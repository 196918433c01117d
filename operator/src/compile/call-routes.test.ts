import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallRoute, NumberPolicy } from '@teams-sbc/crds';
import { parseRoutingState } from '@teams-sbc/crds/runtime';
import { aCallRoute, anInstance, aNumberPolicy, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { CompileMemo } from './compile-memo.ts';
import { compile } from './compile.ts';
import type { Manifests } from './attached.ts';
import type { Problem } from './problem.ts';

const trunks: Manifests = { teamsTrunks: [aTeamsTrunk()], pbxTrunks: [aPbxTrunk()] };

interface Case {
  readonly routes: readonly CallRoute[];
  readonly policies?: readonly NumberPolicy[];
  readonly changes?: Partial<Manifests>;
  /** Names of the routes in the document, and where they lead. */
  readonly is: Readonly<Record<string, readonly string[]>>;
  readonly problems?: readonly (readonly [Problem['reason'], string, RegExp])[];
  /** Whether the default route is made. */
  readonly isSimple?: true;
}

const bad = { rules: [{ name: 'a', pattern: '(1*)*', replacement: '1' }] };
const translated = { translate: { called: { policyRef: { name: 'policy' } } } };

const cases: Record<string, Case> = {
  'a route that is accepted ends the default route': { routes: [aCallRoute()], is: { route: ['pbx'] } },
  'a destination that is not there is taken out, the others are served': {
    routes: [
      aCallRoute({
        destinations: [
          { kind: 'PbxTrunk', name: 'gone' },
          { kind: 'TeamsTrunk', name: 'teams' },
        ],
      }),
    ],
    is: { route: ['teams'] },
    problems: [['TrunkNotFound', 'spec.destinations[0].name', /has no PbxTrunk\/gone .*create it, or name another/]],
  },
  'a trunk of the other kind is not the one that is meant': {
    routes: [aCallRoute({ destinations: [{ kind: 'PbxTrunk', name: 'teams' }] })],
    is: { route: [] },
    problems: [['TrunkNotFound', 'spec.destinations[0].name', /has no PbxTrunk\/teams/]],
  },
  'a route whose trunk is left out stays, and leads nowhere': {
    routes: [aCallRoute({ destinations: [{ kind: 'PbxTrunk', name: 'tcp' }] })],
    changes: { pbxTrunks: [aPbxTrunk({ transport: 'TCP' }, { name: 'tcp' })] },
    is: { route: [] },
    problems: [
      ['NoListener', 'spec.transport', /./],
      ['TrunkNotFound', 'spec.destinations[0].name', /PbxTrunk\/tcp is left out for a problem of its own/],
    ],
  },
  'nobody calls from a trunk that is not there: the route is left out, the default route is not made': {
    routes: [aCallRoute({ match: { from: { kind: 'TeamsTrunk', name: 'gone' } } })],
    is: {},
    problems: [['TrunkNotFound', 'spec.match.from.name', /has no TeamsTrunk\/gone/]],
  },
  'without its policy a route leads nowhere: nobody gets a number that was not rewritten': {
    routes: [aCallRoute(translated)],
    is: { route: [] },
    problems: [['PolicyNotFound', 'spec.translate.called.policyRef.name', /has no NumberPolicy\/policy/]],
  },
  'a policy with a pattern that is none is left out, and says what to write; its route leads nowhere': {
    routes: [aCallRoute(translated)],
    policies: [aNumberPolicy(bad)],
    is: { route: [] },
    problems: [
      ['InvalidPattern', 'spec.rules[0].pattern', /found \(1\*\)\*: something that may be empty is counted/],
      ['PolicyNotFound', 'spec.translate.called.policyRef.name', /left out for a problem of its own/],
    ],
  },
  'a replacement asks only for what its pattern captures': {
    routes: [],
    policies: [aNumberPolicy({ rules: [{ name: 'a', pattern: '1', replacement: '$1' }] })],
    is: {},
    problems: [['InvalidPattern', 'spec.rules[0].replacement', /the pattern has 0 groups/]],
    isSimple: true,
  },
  'a pattern that is too large is refused, the other routes live on': {
    routes: [
      aCallRoute({ match: { callingNumbers: [{ exact: '1' }, { pattern: '((1{64}){64}){64}' }] } }, { name: 'large' }),
      aCallRoute(),
    ],
    is: { route: ['pbx'] },
    problems: [['InvalidPattern', 'spec.match.callingNumbers[1].pattern', /use smaller counts, or several rules/]],
  },
  'a route that is not accepted leaves the default route': {
    routes: [aCallRoute({ match: { calledNumbers: [{ pattern: '[0-9]+' }] } })],
    is: {},
    problems: [['InvalidPattern', 'spec.match.calledNumbers[0].pattern', /write \{1,\} for one or more/]],
    isSimple: true,
  },
  'a route of another instance or namespace is not looked at': {
    routes: [aCallRoute({ sbcRef: { name: 'other' } }), aCallRoute({}, { namespace: 'voice' })],
    is: {},
    isSimple: true,
  },
};

for (const [name, { routes, policies = [], changes, is, problems = [], isSimple = false }] of Object.entries(cases)) {
  test(name, () => {
    const compiled = compile(anInstance(), { ...trunks, callRoutes: routes, numberPolicies: policies, ...changes });
    const { state } = compiled;
    assert.ok(state);
    const found = (state.callRoutes ?? []).map((route) => [route.name, route.destinations.map(({ trunk }) => trunk)]);
    assert.deepEqual(Object.fromEntries(found), is);
    assert.deepEqual(
      compiled.problems.map(({ reason, field, blocking }) => [reason, field, blocking]),
      problems.map(([reason, field]) => [reason, field, false]),
    );
    for (const [at, [, , message]] of problems.entries()) assert.match(compiled.problems[at]?.message ?? '', message);
    assert.equal(state.routes.length > 0, isSimple);
    assert.equal(parseRoutingState(JSON.stringify(state)).ok, true);
  });
}

test('a route stands in the document with all that it says', () => {
  const { state } = compile(anInstance(), {
    ...trunks,
    numberPolicies: [aNumberPolicy({ country: 'DE', noMatch: 'Reject' })],
    callRoutes: [
      aCallRoute(
        {
          ...translated,
          priority: 7,
          match: {
            from: { kind: 'TeamsTrunk', name: 'teams' },
            calledNumbers: [{ exact: '112' }, { prefix: '+49' }, { pattern: '0.*' }],
          },
          failover: { statusCodes: [486] },
        },
        { creationTimestamp: '2026-01-01T00:00:00Z' },
      ),
      aCallRoute(
        { action: 'Reject', destinations: [], reject: { statusCode: 403, reasonPhrase: 'Barred' } },
        { name: 'no' },
      ),
    ],
  });
  assert.deepEqual(state?.callRoutes, [
    {
      name: 'no',
      priority: 100,
      called: [],
      calling: [],
      destinations: [],
      failover: [408, 500, 502, 503, 504],
      reject: { status: 403, phrase: 'Barred' },
    },
    {
      name: 'route',
      priority: 7,
      created: '2026-01-01T00:00:00Z',
      from: 'teams',
      called: [{ exact: '112' }, { prefix: '+49' }, { pattern: '0.*' }],
      calling: [],
      calledPolicy: 'policy',
      destinations: [{ trunk: 'pbx', priority: 0, weight: 100 }],
      failover: [486],
    },
  ]);
  assert.deepEqual(state.numberPolicies, [
    { name: 'policy', country: 'DE', rules: [{ pattern: '0(.*)', replacement: '+49$1' }], noMatch: 'Reject' },
  ]);
});

test('with a memo only what has changed is made anew, and a new status changes nothing', () => {
  const memo = new CompileMemo();
  const stored = (changes: object, generation: number) => ({ uid: 'u-teams', generation, ...changes });
  const manifests = (teams = aTeamsTrunk({}, stored({}, 1))): Manifests => ({ ...trunks, teamsTrunks: [teams] });
  const before = compile(anInstance(), manifests(), { memo });
  const again = compile(anInstance(), manifests(aTeamsTrunk({}, stored({ resourceVersion: '2' }, 1))), { memo });
  assert.deepEqual(again, before);
  for (const [at, trunk] of (before.state?.trunks ?? []).entries()) assert.equal(again.state?.trunks[at], trunk);
  const changed = compile(anInstance(), manifests(aTeamsTrunk({ codecs: ['PCMA'] }, stored({}, 2))), { memo });
  assert.equal(changed.state?.trunks[0], before.state?.trunks[0]);
  assert.deepEqual(changed, compile(anInstance(), manifests(aTeamsTrunk({ codecs: ['PCMA'] }, stored({}, 2)))));
  const hashes = (compilation: typeof before) => [...compilation.trunkHashes].filter(([, hash]) => hash !== '');
  assert.deepEqual(
    hashes(changed).map(([key, hash]) => [key, hash === before.trunkHashes.get(key)]),
    [
      ['TeamsTrunk/teams', false],
      ['PbxTrunk/pbx', true],
    ],
  );
});

test('with a memo a change of the instance reaches every trunk', () => {
  const memo = new CompileMemo();
  const fqdns = (domain: string) => {
    const { state } = compile(anInstance({ domain }), trunks, { memo });
    return state?.trunks.flatMap((trunk) => (trunk.kind === 'TeamsTrunk' ? trunk.fqdns : []));
  };
  assert.deepEqual(fqdns('a.example.com'), ['sbc-0.a.example.com']);
  assert.deepEqual(fqdns('b.example.com'), ['sbc-0.b.example.com']);
});

test('addresses that the cluster has given stand in the document', () => {
  const { state } = compile(anInstance(), trunks, { addresses: new Map([[0, { address: '203.0.113.9' }]]) });
  assert.deepEqual(
    state?.pods.map(({ publicAddress }) => publicAddress),
    ['203.0.113.9'],
  );
});
