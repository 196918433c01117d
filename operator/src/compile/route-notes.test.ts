import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallRoute } from '@teams-sbc/crds';
import { aCallRoute, anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { compile } from './compile.ts';

const from = { kind: 'TeamsTrunk', name: 'teams' } as const;
const berlin = { prefix: '+4930' };
const munich = { prefix: '+4989' };
const back = [{ kind: 'TeamsTrunk', name: 'teams' } as const];
const at = (year: number) => ({ creationTimestamp: `${String(year)}-01-01T00:00:00Z` });

const route = (name: string, spec: Parameters<typeof aCallRoute>[0] = {}, metadata: object = {}) =>
  aCallRoute(spec, { name, ...metadata });

const cases: Record<string, { readonly routes: readonly CallRoute[]; readonly are: Readonly<Record<string, RegExp>> }> =
  {
    'routes for different calls say nothing': {
      routes: [route('a', { match: { calledNumbers: [berlin] } }), route('b', { match: { calledNumbers: [munich] } })],
      are: {},
    },
    'the special one before the general one says nothing': {
      routes: [route('a', { match: { calledNumbers: [berlin] }, priority: 1 }), route('b')],
      are: {},
    },
    'the younger of two with the same match and priority is never reached': {
      routes: [
        route('a', { match: { calledNumbers: [berlin, munich] } }, at(2026)),
        route('b', { match: { calledNumbers: [munich, berlin] } }, at(2025)),
      ],
      are: {
        a: /^spec\.match: no call reaches this route, CallRoute\/b matches all of its calls, has the same priority 100 and is older, or first by name: change spec\.match, /,
      },
    },
    'one behind a route for every call is never reached': {
      routes: [route('all', { priority: 1 }), route('b', { match: { from, calledNumbers: [berlin] } })],
      are: { b: /CallRoute\/all matches all of its calls, has the priority 1:/ },
    },
    'one behind a route for all calls of its trunk is never reached, one from another trunk is': {
      routes: [
        route('teams', { priority: 1, match: { from } }),
        route('b', { match: { from, callingNumbers: [berlin] } }),
        route('c', {
          match: { from: { kind: 'PbxTrunk', name: 'pbx' }, callingNumbers: [berlin] },
          destinations: back,
        }),
      ],
      are: { b: /CallRoute\/teams/ },
    },
    'calls that go back to where they come from, and nowhere else': {
      routes: [route('a', { match: { from }, destinations: back })],
      are: {
        a: /^spec\.destinations: calls from trunk teams go back to it and to no other: name another trunk, unless/,
      },
    },
    'calls that may go back among others say nothing': {
      routes: [route('a', { match: { from }, destinations: [...back, { kind: 'PbxTrunk', name: 'pbx' }] })],
      are: {},
    },
  };

for (const [name, { routes, are }] of Object.entries(cases)) {
  test(name, () => {
    const manifests = { teamsTrunks: [aTeamsTrunk()], pbxTrunks: [aPbxTrunk()], callRoutes: routes };
    const { notes, problems } = compile(anInstance(), manifests);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      notes.map(({ object }) => `${object.kind}/${object.name}`),
      Object.keys(are).map((each) => `CallRoute/${each}`),
    );
    for (const { object, message } of notes) assert.match(message, are[object.name] ?? /^$/);
  });
}
