import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDeleted, listedSessions, sdpResult } from './outcome.ts';

const error = (reason: string) => ({ result: 'error', 'error-reason': reason });

describe('What RTPEngine answers to an offer', () => {
  it('is an SDP where there is one', () => {
    assert.deepEqual(sdpResult({ result: 'ok', sdp: 'v=0' }), { kind: 'sdp', sdp: 'v=0' });
  });

  const refusals: [string, number][] = [
    ['Failed to parse SDP', 488],
    ['Error rewriting SDP', 488],
    ['Ran out of ports', 503],
    ['Parallel session limit reached', 503],
    ['Load limit exceeded', 503],
    ['Unknown call-id', 503],
    ['No from-tag in message', 503],
  ];
  for (const [reason, status] of refusals) {
    it(`"${reason}" is ${status} for the peer`, () => {
      assert.deepEqual(sdpResult(error(reason)), { kind: 'refused', reason, status });
    });
  }

  it('is 488 where it says ok without an SDP, as it does to an empty one', () => {
    assert.deepEqual(sdpResult({ result: 'ok' }), { kind: 'refused', reason: 'No SDP came back', status: 488 });
  });

  it('is 503 where it gives no reason or another kind of result', () => {
    assert.deepEqual(sdpResult({ result: 'load limit', message: 'Parallel session limit reached' }), { kind: 'refused', reason: 'Parallel session limit reached', status: 503 }); // prettier-ignore
    assert.deepEqual(sdpResult({}), { kind: 'refused', reason: 'No reason given', status: 503 });
  });
});

describe('What RTPEngine answers to a delete', () => {
  it('is done where the session is gone or was never known', () => {
    assert.equal(isDeleted({ result: 'ok' }), true);
    assert.equal(isDeleted({ result: 'ok', warning: "Call-ID not found or tags didn't match" }), true);
    assert.equal(isDeleted(error('Unknown call-id')), true);
    assert.equal(isDeleted(error('Something else')), false);
  });
});

describe('What RTPEngine answers to a list', () => {
  it('is the names in it', () => {
    assert.deepEqual(listedSessions({ result: 'ok', calls: ['a', 'b', 1] }), ['a', 'b']);
    assert.deepEqual(listedSessions({ result: 'ok' }), []);
  });
});
