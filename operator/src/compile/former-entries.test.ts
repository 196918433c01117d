/** What becomes of an object that is changed into something that cannot be served. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoutingState } from '@teams-sbc/crds/runtime';
import { aCallRoute, anInstance, aNumberPolicy, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import type { Manifests } from './attached.ts';
import { compile } from './compile.ts';
import type { CompileOptions } from './compile.ts';

const translate = { called: { policyRef: { name: 'policy' } } };
const base: Manifests = {
  teamsTrunks: [aTeamsTrunk()],
  pbxTrunks: [aPbxTrunk()],
  callRoutes: [aCallRoute({ translate })],
  numberPolicies: [aNumberPolicy()],
};
const badPattern = '(1*)*';
const badRoute = aCallRoute({ translate, match: { calledNumbers: [{ pattern: badPattern }] } });
const badPolicy = aNumberPolicy({ rules: [{ name: 'a', pattern: badPattern, replacement: '1' }] });

const before = compile(anInstance(), base).state;
assert.ok(before);
const members = ['TeamsTrunk/teams', 'PbxTrunk/pbx', 'CallRoute/route', 'NumberPolicy/policy'];
const inForce = { state: before, versions: new Map(members.map((member) => [member, 'u1/3'])) };

function compiled(changes: Partial<Manifests>, options: CompileOptions = { inForce }, instance = anInstance()) {
  const compilation = compile(instance, { ...base, ...changes }, options);
  assert.ok(compilation.state);
  assert.equal(parseRoutingState(JSON.stringify(compilation.state)).ok, true);
  return { ...compilation, state: compilation.state };
}

const kept = 'what was accepted before (generation 3) stays in force';

for (const [what, changes, member] of [
  ['a route', { callRoutes: [badRoute] }, 'CallRoute/route'],
  ['a policy', { numberPolicies: [badPolicy] }, 'NumberPolicy/policy'],
  ['a trunk', { pbxTrunks: [aPbxTrunk({ transport: 'TCP' })] }, 'PbxTrunk/pbx'],
] as const) {
  test(`${what} that is changed into a bad one stays in the document as it was, and says so`, () => {
    const { state, problems, former } = compiled(changes);
    assert.deepEqual(state, before);
    assert.deepEqual([...former], [[member, kept]]);
    assert.deepEqual(
      problems.map(({ object }) => `${object.kind}/${object.name}`),
      [member],
    );
  });

  test(`${what} that was bad from the start is left out`, () => {
    const { state: today, former } = compiled(changes, {});
    assert.notDeepEqual(today, before);
    assert.equal(former.size, 0);
  });
}

test('what breaks a rule of this release stays as it was, although the compiler is not given it', () => {
  const present = { seen: new Map([['CallRoute/route', 'u1/4']]), invalid: new Set(['CallRoute/route']) };
  const { state, former } = compiled({ callRoutes: [] }, { inForce, present });
  assert.deepEqual(state, before);
  assert.deepEqual([...former.keys()], ['CallRoute/route']);
});

test('a namesake that was created anew has no past, and what was deleted is gone', () => {
  const present = { seen: new Map([['CallRoute/route', 'u2/1']]), invalid: new Set<string>() };
  assert.equal(compiled({ callRoutes: [badRoute] }, { inForce, present }).state.callRoutes, undefined);
  assert.equal(compiled({ callRoutes: [] }).state.callRoutes, undefined);
});

test('after a restart nobody knows which generation it was', () => {
  const { state, former } = compiled({ callRoutes: [badRoute] }, { inForce: { state: before, versions: new Map() } });
  assert.deepEqual(state, before);
  assert.deepEqual([...former.values()], ['what was accepted before stays in force']);
});

test('a route that stays as it was leads to no trunk that is gone', () => {
  const { state } = compiled({ callRoutes: [badRoute], pbxTrunks: [] });
  assert.deepEqual(
    state.callRoutes?.map(({ destinations }) => destinations),
    [[]],
  );
  const { state: without } = compiled({ callRoutes: [badRoute], numberPolicies: [] });
  assert.deepEqual(
    without.callRoutes?.map(({ destinations, calledPolicy }) => [destinations, calledPolicy]),
    [[[], undefined]],
  );
});

test('a trunk keeps no name that another one has by now, and no listener that is gone', () => {
  const taken = compiled({
    teamsTrunks: [aTeamsTrunk({ subdomain: 'x'.repeat(60) }), aTeamsTrunk({}, { name: 'heir' })],
  });
  assert.deepEqual(
    taken.state.trunks.filter(({ kind }) => kind === 'TeamsTrunk').map(({ name }) => name),
    ['heir'],
  );
  const listeners = anInstance().spec.listeners.filter(({ kind }) => kind === 'TeamsTrunk');
  const { state } = compiled({ callRoutes: [] }, { inForce }, anInstance({ listeners }));
  assert.deepEqual(
    state.trunks.map(({ kind }) => kind),
    ['TeamsTrunk'],
  );
});

test('a route that is changed to name what is not there stays as it was, while that is there', () => {
  const nowhere = { destinations: [{ kind: 'PbxTrunk', name: 'typo' }] };
  for (const spec of [
    { translate, ...nowhere },
    { translate, match: { from: { kind: 'PbxTrunk', name: 'typo' } } },
    { translate: { called: { policyRef: { name: 'typo' } } } },
  ]) {
    const { state, problems, former } = compiled({ callRoutes: [aCallRoute(spec)] });
    assert.deepEqual(state, before);
    assert.deepEqual([...former], [['CallRoute/route', kept]]);
    assert.equal(problems.length, 1);
  }
  const { state: gone, former } = compiled({ callRoutes: [aCallRoute(nowhere)], numberPolicies: [] });
  assert.deepEqual([gone.callRoutes?.map(({ destinations }) => destinations), former.size], [[[]], 0]);
  const present = { seen: new Map([['CallRoute/route', 'u2/1']]), invalid: new Set<string>() };
  assert.equal(compiled({ callRoutes: [aCallRoute(nowhere)] }, { inForce, present }).former.size, 0);
});

test('a route that has one destination left goes on with that one', () => {
  const destinations = ['pbx', 'typo'].map((name) => ({ kind: 'PbxTrunk', name }));
  const { state, former } = compiled({ callRoutes: [aCallRoute({ translate, priority: 5, destinations })] });
  assert.deepEqual([state.callRoutes?.map(({ priority }) => priority), former.size], [[5], 0]);
});

test('a trunk that names another key of the bundle that it has, where nothing stands, keeps the one that it has', () => {
  const trusting = (key: string) =>
    aTeamsTrunk({ tls: { trust: { caBundleRef: { kind: 'ConfigMap', name: 'ca', key } } } });
  const state = compile(anInstance(), { ...base, teamsTrunks: [trusting('ca.crt')] }).state;
  assert.ok(state);
  const options = { inForce: { ...inForce, state }, unresolved: new Set(['TeamsTrunk/teams']) };
  const changes = { teamsTrunks: [trusting('typo.crt')] };
  const goesOn = new Map([['TeamsTrunk/teams', 'as long as it lasts']]);
  const today = compiled(changes, { ...options, goesOn });
  assert.deepEqual(today.state, state);
  assert.deepEqual([...today.former.values()], [`${kept}; as long as it lasts`]);
  assert.deepEqual(
    compiled(changes, options).state.trunks.map(({ kind }) => kind),
    ['PbxTrunk'],
    'who cannot go on is left out',
  );
});
