import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashRoutingState, maxRoutingStateLength, parseRoutingState, splitRoutingState } from '@teams-sbc/crds/runtime';
import { aCallRoute, anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { CompileMemo } from './compile-memo.ts';
import { compile } from './compile.ts';

const numbers = Array.from({ length: 64 }, (_, index) => ({ exact: `+49${String(index)}`.padEnd(60, '0') }));
const model = aCallRoute({ match: { calledNumbers: numbers, callingNumbers: numbers } });
const route = (index: number) => ({
  ...model,
  metadata: { ...model.metadata, name: `route-${String(index)}`, uid: String(index), generation: 1 },
});
const memo = new CompileMemo();
const compileWith = (count: number) =>
  compile(
    anInstance(),
    {
      teamsTrunks: [aTeamsTrunk()],
      pbxTrunks: [aPbxTrunk()],
      callRoutes: Array.from({ length: count }, (_, index) => route(index)),
    },
    { memo },
  );

test('what is longer than a runtime reads is refused with its remedy, and the longest that is not can be read', () => {
  const state = compileWith(1000).state;
  assert.ok(state !== undefined);
  const perRoute = splitRoutingState(state).text.length / 1000;
  const most = Math.floor(maxRoutingStateLength / perRoute);
  let count = most + 3;
  let compiled = compileWith(count);
  assert.equal(compiled.state, undefined);
  const [problem] = compiled.problems;
  assert.deepEqual(
    [problem?.object.kind, problem?.reason, problem?.blocking],
    ['SbcInstance', 'DocumentInvalid', true],
  );
  assert.match(problem?.message ?? '', /found 16\d{6} characters, allowed at most 16777216: move .* to another/);
  while (compiled.state === undefined) compiled = compileWith(--count);
  assert.ok(count > most - 3);
  const { index, text } = splitRoutingState(compiled.state);
  assert.deepEqual([parseRoutingState(text).ok, index.hash], [true, hashRoutingState(compiled.state)]);
});
