import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuntimeReport } from '@teams-sbc/crds/runtime';
import type { PodView } from '../status/pod-view.ts';
import type { InstanceOutcome } from './instance-outcome.ts';
import { Outcomes } from './outcomes.ts';

const pod = (name: string): PodView => ({
  name,
  uid: `uid of ${name}`,
  ordinal: 0,
  isReady: true,
  isTerminating: false,
  answers: true,
  hash: 'sha256:1',
  refusal: undefined,
  calls: 0,
  failure: undefined,
  trunks: new Map(),
});

const outcome: InstanceOutcome = {
  blocked: undefined,
  failure: undefined,
  seen: new Map([['PbxTrunk/pbx', 'uid/1']]),
  invalid: new Map(),
  problems: new Map(),
  former: new Map(),
  notes: new Map(),
  references: new Map(),
  hashes: new Map(),
  documents: new Map(),
  wanted: 'sha256:1',
  wantedSinceMs: 0,
  pods: [pod('sbc-0'), pod('sbc-1')],
  gateways: new Map(),
  certificate: undefined,
  uncovered: new Map(),
  orphans: new Set(),
};

const report = { trunks: [{ name: 'pbx', targets: [] }] } as unknown as RuntimeReport;

test('what a pod reports of its far ends is in the outcome at once, without another look at the instance', () => {
  const told: string[] = [];
  const outcomes = new Outcomes((_instance, members) => told.push(...members));
  outcomes.publish('default/sbc', outcome);
  outcomes.reported('default/sbc', { name: 'sbc-1', uid: 'uid of sbc-1' }, report);
  const trunks = outcomes.of('default/sbc')?.pods.map((view) => [...view.trunks.keys()]);
  assert.deepEqual(trunks, [[], ['pbx']]);
  assert.deepEqual(told, ['PbxTrunk/pbx']);
});

test('a report of another pod of that name, or of an instance that was never looked at, changes nothing', () => {
  const outcomes = new Outcomes(() => undefined);
  outcomes.publish('default/sbc', outcome);
  outcomes.reported('default/sbc', { name: 'sbc-1', uid: 'of the pod before' }, report);
  outcomes.reported('default/other', { name: 'sbc-1', uid: 'uid of sbc-1' }, report);
  assert.deepEqual(outcomes.of('default/sbc')?.pods, outcome.pods);
  assert.equal(outcomes.of('default/other'), undefined);
});
