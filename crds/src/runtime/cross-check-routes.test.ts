import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryProblems, stateProblems } from './check-state.ts';
import { diffRoutingState } from './diff.ts';
import type { CallRouteState, NumberPolicyState, RoutingState } from './document.ts';
import { parseRoutingState } from './parse.ts';
import { sampleState } from './sample-state.ts';

const route: CallRouteState = {
  name: 'out',
  priority: 100,
  from: 'teams',
  called: [{ prefix: '+' }, { pattern: '11[02]' }],
  calling: [],
  calledPolicy: 'national',
  destinations: [{ trunk: 'pbx', priority: 0, weight: 100 }],
  failover: [503],
};
const policy: NumberPolicyState = {
  name: 'national',
  rules: [{ pattern: '+49(.*)', replacement: '0$1' }],
  noMatch: 'Pass',
};

function problems(callRoutes: readonly object[], numberPolicies: readonly object[] = [policy]): readonly string[] {
  const parsed = parseRoutingState(JSON.stringify({ ...sampleState, routes: [], callRoutes, numberPolicies }));
  return parsed.ok ? [] : parsed.problems.map(({ message }) => message);
}

test('routes and policies that fit each other and the trunks are accepted', () => {
  assert.deepEqual(problems([route]), []);
});

test('what a route names must be there', () => {
  const destinations = [{ trunk: 'gone', priority: 0, weight: 1 }];
  const changes = { from: 'nowhere', calledPolicy: 'none', callingPolicy: 'no', destinations };
  assert.deepEqual(problems([{ ...route, ...changes }]), [
    'callRoutes[0].from: must be the name of an entry of trunks (found nowhere)',
    'callRoutes[0].calledPolicy: must be the name of an entry of numberPolicies (found none)',
    'callRoutes[0].callingPolicy: must be the name of an entry of numberPolicies (found no)',
    'callRoutes[0].destinations[0].trunk: must be the name of an entry of trunks (found gone)',
  ]);
});

test('no two routes and no two policies have one name', () => {
  assert.deepEqual(problems([route, route], [policy, policy]), [
    'callRoutes[1].name: must be different from callRoutes[0].name (found out)',
    'numberPolicies[1].name: must be different from numberPolicies[0].name (found national)',
  ]);
});

test('a pattern that is none refuses the document: no runtime runs half of it', () => {
  const [inRoute, inPolicy, replacement] = problems(
    [{ ...route, calling: [{ pattern: '(1' }] }],
    [
      {
        ...policy,
        rules: [
          { pattern: '[', replacement: '' },
          { pattern: '1', replacement: '$3' },
        ],
      },
    ],
  );
  assert.match(inRoute ?? '', /^callRoutes\[0\]\.calling\[0\]\.pattern: must be as number patterns are \(a \( without/);
  assert.match(inPolicy ?? '', /^numberPolicies\[0\]\.rules\[0\]\.pattern: must be as number patterns are/);
  assert.match(replacement ?? '', /^numberPolicies\[0\]\.rules\[1\]\.replacement: must be .* has 0 groups/);
});

test('the checks in pieces find what the whole finds', () => {
  const state: RoutingState = { ...sampleState, routes: [], callRoutes: [route], numberPolicies: [policy] };
  assert.deepEqual(stateProblems(state), []);
  assert.deepEqual(entryProblems('callRoutes', route), []);
  assert.deepEqual(
    entryProblems('callRoutes', { ...route, priority: -1 }).map(({ path }) => path),
    ['priority'],
  );
  assert.deepEqual(
    stateProblems({ ...state, trunks: [] }).map(({ path }) => path),
    ['callRoutes[0].from', 'callRoutes[0].destinations[0].trunk'],
  );
  const many = Array.from({ length: 4097 }, () => route);
  assert.deepEqual(
    stateProblems({ ...state, callRoutes: many }).map(({ message }) => message),
    ['callRoutes: must be a list of at most 4096 entries (found a list of 4097 entries)'],
  );
});

test('a change of routes is followed while calls run', () => {
  const { sections } = diffRoutingState(sampleState, { ...sampleState, callRoutes: [route], numberPolicies: [policy] });
  assert.deepEqual([sections.callRoutes, sections.numberPolicies, sections.trunks], ['reconcile', 'reconcile', 'none']);
});
