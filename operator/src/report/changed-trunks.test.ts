import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuntimeReport, TargetReport } from '@teams-sbc/crds/runtime';
import { changedTrunks, turnedTrunks } from './changed-trunks.ts';

function reportOf(target: Partial<TargetReport>, minute = 0): RuntimeReport {
  const optionsReceivedAt = new Date(minute * 60_000).toISOString();
  const targets = [{ host: 'sip.pstnhub.microsoft.com', port: 5061, state: 'Up', ...target }];
  return { trunks: [{ name: 'carrier', targets, optionsReceivedAt }] } as unknown as RuntimeReport;
}

test('that OPTIONS still come is told of the trunk itself, and turns none that lies below it', () => {
  const [before, after] = [reportOf({ lastStatus: 200 }), reportOf({ lastStatus: 200 }, 1)];
  assert.deepEqual(changedTrunks(before, after), ['carrier']);
  assert.deepEqual(turnedTrunks(['carrier'], before, after), []);
});

for (const [name, target] of [
  ['that goes', { state: 'Down' }],
  ['that begins to refuse', { lastStatus: 403 }],
] as const)
  test(`a host ${name} turns what lies below its trunk`, () => {
    const [before, after] = [reportOf({ lastStatus: 200 }), reportOf(target)];
    assert.deepEqual(turnedTrunks(changedTrunks(before, after), before, after), ['carrier']);
    assert.deepEqual(turnedTrunks(['carrier'], undefined, after), ['carrier']);
  });
