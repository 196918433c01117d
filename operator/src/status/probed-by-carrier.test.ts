import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetReport } from '@teams-sbc/crds/runtime';
import { aTeamsTrunk } from '../../test/manifests.ts';
import type { PodView } from './pod-view.ts';
import { teamsTrunkStatus } from './teams-trunk-status.ts';

const hash = `sha256:${'1'.repeat(64)}`;

function aPod(targets: readonly Partial<TargetReport>[], changes: Partial<PodView> = {}): PodView {
  const host = { host: 'sip.pstnhub.microsoft.com', port: 5061, state: 'Up' as const };
  const carrier = { name: 'carrier', targets: targets.map((target) => ({ ...host, ...target })) };
  return {
    ...{ name: 'sbc-0', uid: 'u0', ordinal: 0, isReady: true, isTerminating: false, answers: true },
    ...{ hash, refusal: undefined, calls: 0, failure: undefined, trunks: new Map([['carrier', carrier]]) },
    ...changes,
  };
}

function customer(pod: PodView) {
  const { conditions, fields } = teamsTrunkStatus({
    trunk: aTeamsTrunk({ subdomain: 'customer1' }, { name: 'customer1' }),
    carriers: ['carrier'],
    ...{ gateways: [], certificate: undefined, nowMs: 0, problem: undefined, reference: undefined },
    ...{ blocked: undefined, failure: undefined, pods: [pod], wanted: hash, wantedForMs: 0, isIn: () => true },
  });
  const said = ({ Reachable, Ready }: typeof conditions) => [
    `${Reachable.status} ${Reachable.reason}: ${Reachable.message}`,
    `${Ready.status} ${Ready.reason}`,
  ];
  return { said: said(conditions), fields };
}

test('a trunk with a subdomain has the health of the trunk of its carrier, which alone sends OPTIONS', () => {
  const { said, fields } = customer(aPod([{ lastStatus: 200 }]));
  assert.deepEqual(said, [
    'True ProbedByCarrier: TeamsTrunk/carrier sends the OPTIONS for it, and Microsoft answers',
    'True Ready',
  ]);
  assert.equal(fields.receivesOptions, undefined);
});

for (const [name, target] of [
  ['is not answered', { state: 'Down', lastFailure: 'timeout' }],
  ['is refused', { lastStatus: 403 }],
] as const)
  test(`where the carrier ${name}, nobody mends the trunk of a customer for it`, () => {
    const [reachable, ready] = customer(aPod([target])).said;
    assert.match(reachable ?? '', /^False ProbedByCarrier: TeamsTrunk\/carrier .*: see its condition Reachable$/);
    assert.equal(ready, 'Unknown Progressing');
  });

test('before the first answer to the carrier nothing is known, and that is no fault', () => {
  const [reachable, ready] = customer(aPod([])).said;
  assert.match(reachable ?? '', /^Unknown ProbedByCarrier: .* no answer is known yet$/);
  assert.equal(ready, 'True Ready');
});

test('a pod that says nothing is told of as such', () => {
  const silent = { answers: false, failure: 'connect ECONNREFUSED' };
  assert.match(customer(aPod([], silent)).said[0] ?? '', /^Unknown PodsSilent: no word from sbc-0/);
});
