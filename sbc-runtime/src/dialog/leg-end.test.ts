import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { localResponse } from './dialog-message.ts';
import type { RequestResult } from './invite-user.ts';
import { verdict } from './leg-end.ts';

const leg = { callId: 'c', localTag: 'us', remoteTag: 'them' };
const response = (status: number): RequestResult => ({
  kind: 'response',
  response: localResponse('INVITE', status, leg),
});

describe('a re-INVITE', () => {
  it('ends the leg by its outcome', () => {
    const written = (result: RequestResult) => {
      const decided = verdict(result);
      return decided.kind === 'goes-on' ? 'goes on' : decided.sayBye ? 'BYE' : 'gone';
    };
    assert.deepEqual(
      [481, 408, 200, 488, 491, 500, 503].map((status) => written(response(status))),
      ['gone', 'BYE', ...Array.from({ length: 5 }, () => 'goes on')],
    );
    assert.equal(written({ kind: 'timeout' }), 'BYE');
    assert.equal(written({ kind: 'transport', reason: 'refused' }), 'goes on');
  });

  it('tells the status of the end', () => {
    assert.deepEqual(verdict(response(408)), { kind: 'ends', end: { kind: 'gone', status: 408 }, sayBye: true });
    assert.deepEqual(verdict({ kind: 'timeout' }), { kind: 'ends', end: { kind: 'gone' }, sayBye: true });
  });

  it('that could not be sent is reported with a response that can be read like any other', () => {
    const { from, to, callId, cseq, via } = localResponse('INVITE', 491, leg);
    assert.deepEqual([from.tag, to.tag, callId, cseq.method, via.protocol], ['us', 'them', 'c', 'INVITE', 'TLS']);
  });
});
