import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallRecords, shortenNumber } from './call-records.ts';

function record(id: string) {
  return {
    id,
    direction: 'teams-to-pbx',
    fromTrunk: 'teams',
    toTrunk: 'pbx',
    caller: '+498912345678',
    called: '+4930777',
    callIds: [`${id}-caller`],
    startedAtMs: 1000,
    answeredAtMs: undefined as number | undefined,
    endedAtMs: undefined as number | undefined,
    end: undefined as { result: string; reason: string; by: string } | undefined,
  };
}

describe('The call records', () => {
  it('tell a running call as it is now', () => {
    const records = new CallRecords();
    const call = record('1');
    records.started(call);
    call.answeredAtMs = 2000;
    call.callIds.push('1-callee');
    assert.deepEqual(records.get('1'), { ...record('1'), answeredAtMs: 2000, callIds: ['1-caller', '1-callee'] });
    assert.equal(records.get('2'), undefined);
  });

  it('tell how a call ended', () => {
    const records = new CallRecords();
    const call = record('1');
    records.started(call);
    call.endedAtMs = 9000;
    call.end = { result: 'success', reason: 'normal-clearing', by: 'caller' };
    records.ended(call);
    assert.deepEqual(records.get('1')?.end, { result: 'success', reason: 'normal-clearing', by: 'caller' });
  });

  it('come newest first, and at most as many as asked for', () => {
    const records = new CallRecords();
    for (const id of ['1', '2', '3']) records.started(record(id));
    assert.deepEqual(records.recent().map(({ id }) => id), ['3', '2', '1']); // prettier-ignore
    assert.deepEqual(records.recent(2).map(({ id }) => id), ['3', '2']); // prettier-ignore
    assert.deepEqual(records.recent(0), []);
  });

  it('forget the oldest call when there are too many, and its end with it', () => {
    const records = new CallRecords({ maxCalls: 2 });
    const all = ['1', '2', '3'].map(record);
    for (const call of all) records.started(call);
    records.ended(all[0]!);
    assert.deepEqual([records.size, records.recent().map(({ id }) => id)], [2, ['3', '2']]);
  });

  it('show numbers in full unless told to shorten them', () => {
    const records = new CallRecords({ numbers: 'Shortened' });
    records.started(record('1'));
    assert.deepEqual([records.get('1')?.caller, records.get('1')?.called], ['+49891234xxxx', '+493xxxx']);
  });
});

describe('A shortened number', () => {
  const cases: [string, string][] = [
    ['+498912345678', '+49891234xxxx'],
    ['123', 'xxx'],
    ['+49 89 12-34', '+49 89 xx-xx'],
    ['anonymous', 'anonymous'],
    ['', ''],
  ];
  for (const [number, shortened] of cases) {
    it(`of "${number}" is "${shortened}"`, () => {
      assert.equal(shortenNumber(number), shortened);
    });
  }
});
