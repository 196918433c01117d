import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { localResponse } from './dialog-message.ts';
import type { RequestResult } from './invite-user.ts';
import { verdict } from './leg-end.ts';

const leg = { callId: 'c', localTag: 'us', remoteTag: 'them' };
const response = (method: string, status: number): RequestResult => ({
  kind: 'response',
  response: localResponse(method, status, leg),
});

describe('a request inside a dialog', () => {
  it('ends the leg by method and outcome', () => {
    const written = (method: string, result: RequestResult) => {
      const decided = verdict(method, result);
      return decided.kind === 'goes-on' ? 'goes on' : decided.sayBye ? 'BYE' : 'gone';
    };
    const row = (method: string) => [
      written(method, response(method, 481)),
      written(method, response(method, 408)),
      written(method, { kind: 'timeout' }),
      written(method, { kind: 'transport', reason: 'refused' }),
      written(method, response(method, 200)),
      written(method, response(method, 503)),
    ];
    //                                     481        408        timeout    transport  200        503
    assert.deepEqual(row('INVITE'), ['gone', 'BYE', 'BYE', 'goes on', 'goes on', 'goes on']);
    assert.deepEqual(row('UPDATE'), ['gone', 'BYE', 'BYE', 'goes on', 'goes on', 'goes on']);
    assert.deepEqual(row('INFO'), ['gone', 'goes on', 'goes on', 'goes on', 'goes on', 'goes on']);
    for (const method of ['NOTIFY', 'REFER', 'OPTIONS', 'MESSAGE']) {
      assert.deepEqual(new Set(row(method)), new Set(['goes on']), method);
    }
  });

  it('tells the status of the end', () => {
    assert.deepEqual(verdict('INVITE', response('INVITE', 408)), {
      kind: 'ends',
      end: { kind: 'gone', status: 408 },
      sayBye: true,
    });
    assert.deepEqual(verdict('INVITE', { kind: 'timeout' }), { kind: 'ends', end: { kind: 'gone' }, sayBye: true });
  });

  it('that could not be sent is reported with a response that can be read like any other', () => {
    const { from, to, callId, cseq, via } = localResponse('INVITE', 491, leg);
    assert.deepEqual([from.tag, to.tag, callId, cseq.method, via.protocol], ['us', 'them', 'c', 'INVITE', 'TLS']);
  });
});
