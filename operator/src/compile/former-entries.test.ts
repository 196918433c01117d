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
