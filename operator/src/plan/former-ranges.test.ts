import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance, aPbxTrunk } from '../../test/manifests.ts';
import { compile } from '../compile/compile.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { networkPolicy } from '../objects/network-policy.ts';
import { noFormerRanges, readFormerRanges } from '../objects/sip-ranges.ts';
import type { RangeMemory } from './former-ranges.ts';
import { nextRangeEnd, stepRanges } from './former-ranges.ts';

const instance = anInstance({ network: { mode: 'ClusterPod' }, media: { engine: 'None' } });
const keepMs = 600_000;
const start: RangeMemory = { wanted: new Map(), former: noFormerRanges };

function stateWith(...allowCIDRs: string[]) {
  const pbxTrunks = allowCIDRs.length === 0 ? [] : [aPbxTrunk({ allowCIDRs })];
  const { state } = compile(instance, { teamsTrunks: [], pbxTrunks });
  assert.ok(state !== undefined);
  return state;
}

function policyOf(state: ReturnType<typeof stateWith>, { former }: RangeMemory): KubeObject {
  const policy = networkPolicy(instance, state, former);
  assert.ok(policy !== undefined);
  return policy;
}

function open(state: ReturnType<typeof stateWith>, memory: RangeMemory): readonly string[] {
  const { ingress } = policyOf(state, memory).spec as { ingress: { from?: { ipBlock?: { cidr: string } }[] }[] };
  return ingress.flatMap(({ from = [] }) =>
    from.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock.cidr])),
  );
}

test('a range that a trunk gives up stays open while calls may go on, and is closed then', () => {
  const both = stateWith('10.1.0.0/24', '10.2.0.0/24');
  const one = stateWith('10.1.0.0/24');
  let memory = stepRanges(start, both, { nowMs: 0, keepMs });
  assert.deepEqual(policyOf(both, memory).metadata.annotations, undefined);
  memory = stepRanges(memory, one, { nowMs: 1000, keepMs });
  assert.deepEqual(open(one, memory), ['10.1.0.0/24', '10.2.0.0/24']);
  assert.deepEqual([nextRangeEnd(memory, 1000), nextRangeEnd(start, 1000)], [keepMs, undefined]);
  memory = stepRanges(memory, one, { nowMs: keepMs, keepMs });
  assert.deepEqual(open(one, memory), ['10.1.0.0/24', '10.2.0.0/24']);
  memory = stepRanges(memory, one, { nowMs: keepMs + 1000, keepMs });
  assert.deepEqual(open(one, memory), ['10.1.0.0/24']);
});

test('the last trunk of a listener leaves its ranges behind as well, and none does where a drain waits for nothing', () => {
  const none = stateWith();
  const before = stepRanges(start, stateWith('10.1.0.0/24'), { nowMs: 0, keepMs });
  assert.deepEqual(open(none, stepRanges(before, none, { nowMs: 0, keepMs })), ['10.1.0.0/24']);
  assert.deepEqual(open(none, stepRanges(before, none, { nowMs: 0, keepMs: 0 })), []);
});

test('an operator that is started again reads what it kept open, and until when', () => {
  const one = stateWith('10.1.0.0/24');
  const before = stepRanges(start, stateWith('10.2.0.0/24', 'fd00::/64'), { nowMs: 0, keepMs });
  const memory = stepRanges(before, one, { nowMs: 1000, keepMs });
  const former = readFormerRanges(policyOf(one, memory));
  assert.deepEqual(former, memory.former);
  const again = stepRanges({ wanted: new Map(), former }, one, { nowMs: 2000, keepMs });
  assert.deepEqual(policyOf(one, again), policyOf(one, memory));
  assert.deepEqual(stepRanges(again, one, { nowMs: keepMs + 1000, keepMs }).former, noFormerRanges);
});

test('what somebody else writes there is kept no longer than a drain, and nonsense not at all', () => {
  const one = stateWith('10.1.0.0/24');
  const policy = policyOf(one, start);
  const written = (text: string) =>
    readFormerRanges({
      ...policy,
      metadata: { ...policy.metadata, annotations: { 'teams-sbc.dev/former-ranges': text } },
    });
  const [listener = ''] = one.listeners.filter(({ serves }) => serves === 'PbxTrunk').map(({ name }) => name);
  const former = written(
    JSON.stringify({ [listener]: { '10.9.0.0/24': '2999-01-01T00:00:00Z', 'x y': '2999-01-01' } }),
  );
  const memory = stepRanges({ wanted: new Map(), former }, one, { nowMs: 0, keepMs });
  assert.deepEqual([...(memory.former.get(listener) ?? [])], [['10.9.0.0/24', keepMs]]);
  for (const text of ['', '{', 'null', '[1]', '{"a":1}']) assert.deepEqual(written(text), noFormerRanges);
});
