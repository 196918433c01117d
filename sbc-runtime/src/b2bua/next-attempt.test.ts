import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCall, type AttemptFailure, type Failover } from './call-state.ts';
import { nextAttempt } from './next-attempt.ts';

const failed = (status: number | undefined): AttemptFailure => ({ status, phrase: undefined, reasons: [] });
/** Two hosts of one trunk, then one of another, then two of a third. */
const nextDestination = [2, 2, 3, 5, 5];
const failover = (...statuses: number[]): Failover => ({ statuses: new Set(statuses), nextDestination });

function after(status: number | undefined, attempt: number, rules?: Failover): number | undefined {
  return nextAttempt({ ...newCall(5, false, rules), attempt }, failed(status));
}

test('without a CallRoute 408, 503, 504 and silence lead to the next target, everything else is final', () => {
  for (const status of [undefined, 408, 503, 504]) assert.equal(after(status, 1), 2, String(status));
  for (const status of [403, 404, 486, 500, 502, 600, 603]) assert.equal(after(status, 1), undefined, String(status));
});

test('a listed status of the 5xx kind, and 408, leads to the next host, any other one to the next destination', () => {
  for (const status of [408, 500, 503]) assert.equal(after(status, 0, failover(408, 500, 503)), 1);
  for (const status of [404, 486, 600]) assert.equal(after(status, 0, failover(404, 486, 600)), 2);
});

test('what is not listed never leaves the destination: its other hosts are tried on 408, 503 and 504 alone', () => {
  assert.deepEqual(
    [503, 408, 500, 486].map((status) => after(status, 0, failover())),
    [1, 1, undefined, undefined],
  );
  assert.deepEqual(
    [503, 408, 500, 486].map((status) => after(status, 1, failover())),
    [undefined, undefined, undefined, undefined],
  );
});

test('silence leads on, whatever is listed', () => {
  assert.equal(after(undefined, 1, failover()), 2);
});

test('behind the last target, and once a phone has rung, there is nothing more to try', () => {
  assert.equal(after(503, 4, failover(503)), undefined);
  assert.equal(after(486, 3, failover(486)), undefined);
  const ringing = { ...newCall(5, false, failover(503)), rang: true };
  assert.equal(nextAttempt(ringing, failed(503)), undefined);
  const playing = { ...newCall(5, false, failover(503)), early: [{ tag: 'a', sdp: 'v=0' }] };
  assert.equal(nextAttempt(playing, failed(503)), undefined);
});
