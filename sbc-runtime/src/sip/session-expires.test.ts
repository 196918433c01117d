import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from './headers.ts';
import { minSe, sessionExpires } from './session-expires.ts';

const of = (value: string, name = 'Session-Expires') => sessionExpires(Headers.from([[name, value]]));

describe('Session-Expires', () => {
  const rows: Readonly<Record<string, ReturnType<typeof of>>> = {
    '1800': { seconds: 1800, refresher: undefined },
    '90;refresher=uac': { seconds: 90, refresher: 'uac' },
    '4000 ; Refresher = UAS;x=y': { seconds: 4000, refresher: 'uas' },
    '1800;refresher=proxy': { seconds: 1800, refresher: undefined },
    '': undefined,
    soon: undefined,
    '90s': undefined,
    '-1': undefined,
    '99999999999999999999': undefined,
  };
  for (const [value, read] of Object.entries(rows)) {
    it(`“${value}” ${read === undefined ? 'is none' : 'is read'}`, () => {
      assert.deepEqual(of(value), read);
    });
  }

  it('is known by its compact form, and may be absent', () => {
    assert.deepEqual(of('1800;refresher=uac', 'x'), { seconds: 1800, refresher: 'uac' });
    assert.equal(sessionExpires(Headers.from([])), undefined);
  });
});

it('Min-SE is a number of seconds before any parameter', () => {
  assert.equal(minSe(Headers.from([['Min-SE', '3600;a=b']])), 3600);
  assert.equal(minSe(Headers.from([['Min-SE', 'x']])), undefined);
  assert.equal(minSe(Headers.from([])), undefined);
});
