import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import type { Facts } from '../kernel/log.ts';
import { noMetrics } from '../kernel/metrics.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { Refusals } from './refusals.ts';

function started() {
  const clock = new VirtualClock();
  const lines: (Facts | undefined)[] = [];
  let counted = 0;
  const refusals = new Refusals({
    clock,
    log: { ...silentLog, warn: (_message, facts) => lines.push(facts) },
    metrics: { ...noMetrics, refused: () => (counted += 1) },
    answersPerSecond: 2,
  });
  const from = (address: string) =>
    refusals.count({ protocol: 'UDP', reason: 'source-not-allowed', listener: 'udp', address });
  return { clock, refusals, lines, from, counted: () => counted };
}

test('datagrams of 1300 addresses for four seconds are eighty lines of the log, and each is counted', () => {
  const { clock, lines, from, counted } = started();
  for (let round = 0; round < 12; round += 1) {
    for (let at = 0; at < 1300; at += 1) from(`127.70.${Math.floor(at / 250)}.${(at % 250) + 1}`);
    clock.advance(334);
  }
  assert.deepEqual([lines.length, counted()], [80, 15_600]);
});

test('a line says how many others there was no room for before it', () => {
  const { clock, lines, from } = started();
  for (let at = 0; at < 23; at += 1) from(`192.0.2.${at}`);
  clock.advance(1000);
  from('192.0.2.99');
  assert.deepEqual(lines.map((facts) => [facts?.['address'], facts?.['leftOut']]).slice(-2), [
    ['192.0.2.19', undefined],
    ['192.0.2.99', 3],
  ]);
});

test('strangers are answered so often a second, whoever they are', () => {
  const { clock, refusals } = started();
  const answered = () => [1, 2, 3].map(() => refusals.mayAnswer());
  assert.deepEqual(answered(), [true, true, false]);
  clock.advance(1000);
  assert.deepEqual(answered(), [true, true, false]);
});
