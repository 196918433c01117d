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

  it('come with those that run first, the newest of each first, and at most as many as asked for', () => {
    const records = new CallRecords();
    const all = ['1', '2', '3', '4'].map(record);
    for (const call of all) records.started(call);
    for (const call of [all[3]!, all[1]!]) records.ended(call);
    assert.deepEqual(records.list(10).map(({ id }) => id), ['3', '1', '2', '4']); // prettier-ignore
    assert.deepEqual(records.list(3).map(({ id }) => id), ['3', '1', '2']); // prettier-ignore
    assert.deepEqual([records.list(1).map(({ id }) => id), records.list(0)], [['3'], []]);
  });

  it('know the call that started last, running or over', () => {
    const records = new CallRecords();
    assert.equal(records.newest(), undefined);
    const [first, second] = [record('1'), { ...record('2'), startedAtMs: 2000 }];
    records.started(first);
    records.started(second);
    records.ended(second);
    assert.equal(records.newest()?.id, '2');
    records.started({ ...record('3'), startedAtMs: 3000 });
    assert.equal(records.newest()?.id, '3');
  });

  it('forget the call that ended first when there are too many, and never one that runs', () => {
    const records = new CallRecords({ maxOver: 2 });
    const all = ['1', '2', '3', '4'].map(record);
    for (const call of all) records.started(call);
    for (const call of all.slice(1)) records.ended(call);
    records.ended(all[1]!);
    assert.deepEqual([records.size, records.list(9).map(({ id }) => id)], [3, ['1', '4', '3']]);
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
