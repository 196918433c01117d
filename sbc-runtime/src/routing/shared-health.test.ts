import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hop } from '../sip/hop.ts';
import { sharedHealth, type ProbedTrunk } from './shared-health.ts';
import { TargetBoard } from './target-board.ts';

function trunk(trunkName: string, fqdn: string, optionsPeriodSeconds: number, changes: Partial<Hop> = {}): ProbedTrunk {
  const sentBy = `${fqdn}:5061`;
  const hop = (host: string): Hop => ({
    ...{ protocol: 'TLS', host, port: 5061, listener: 'teams', trunk: trunkName, sentBy },
    ...changes,
  });
  const { listener } = hop('any');
  return { side: 'teams', identity: { listener, sentBy }, targets: [hop('sip'), hop('sip2')], optionsPeriodSeconds };
}
const carrier = trunk('carrier', 'sbc.example.com', 60);
const customer = trunk('customer', 'customer1.sbc.example.com', 0);

test('each data centre of a derived trunk has the health of the same one of its base', () => {
  for (const trunks of [
    [carrier, customer],
    [customer, carrier],
  ]) {
    assert.deepEqual(
      [...sharedHealth(trunks)],
      customer.targets.map((hop, at) => [hop, carrier.targets[at]]),
    );
  }
});

test('a trunk that probes, one that is of another base, on another listener or port, or a PBX stands for itself', () => {
  for (const other of [
    trunk('customer', 'customer1.sbc.example.com', 60),
    trunk('customer', 'customer1.example.com', 0),
    trunk('customer', 'a.customer1.sbc.example.com', 0),
    trunk('customer', 'customer1.sbc.example.com', 0, { listener: 'other' }),
    trunk('customer', 'customer1.sbc.example.com', 0, { port: 5062 }),
    { ...customer, side: 'pbx' },
  ])
    assert.equal(sharedHealth([carrier, other]).size, 0, JSON.stringify(other.identity));
  assert.equal(sharedHealth([customer, { ...carrier, optionsPeriodSeconds: 0 }]).size, 0);
});

test('what either meets holds for both, until a document parts them', () => {
  const board = new TargetBoard();
  const hops = [...carrier.targets, ...customer.targets];
  board.keepOnly(hops, sharedHealth([carrier, customer]));
  board.record(customer.targets[0]!, { kind: 'silent' }, 0);
  for (const { targets } of [carrier, customer])
    assert.deepEqual(
      board.order(targets, 10).map(({ host }) => host),
      ['sip2', 'sip'],
    );
  board.keepOnly(hops, sharedHealth([customer]));
  assert.equal(board.of(customer.targets[0]!).status, 'Unknown');
  assert.equal(board.of(carrier.targets[0]!).status, 'Down');
});
