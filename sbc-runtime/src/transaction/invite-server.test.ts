import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { start, step } from './invite-server.ts';
import { assertFigure, runOf, written } from './testing/figure.ts';

const figure = {
  start,
  step,
  states: ['Proceeding', 'Accepted', 'Completed', 'Confirmed', 'Terminated'],
  events: ['invite', 'ack', '1xx', '2xx', '300-699', 'Timer G', 'Timer H', 'Timer I', 'Timer L'],
} as const;

test('on UDP the INVITE server transaction follows RFC 3261 figure 7 and RFC 6026 figure 5', () => {
  assert.deepEqual(start(false).effects.map(written), ['send-trying']);
  assertFigure(
    figure,
    false,
    `
    Proceeding  invite   ->  Proceeding  repeat-response
    Proceeding  1xx      ->  Proceeding  send-response
    Proceeding  2xx      ->  Accepted    start L 64*T1, send-response
    Proceeding  300-699  ->  Completed   start G T1, start H 64*T1, send-response
    Accepted    ack      ->  Accepted    ack-to-user
    Accepted    2xx      ->  Accepted    send-response
    Accepted    Timer L  ->  Terminated
    Completed   invite   ->  Completed   repeat-response
    Completed   ack      ->  Confirmed   stop G, stop H, start I T4
    Completed   Timer G  ->  Completed   start G doubled-up-to-T2, repeat-response
    Completed   Timer H  ->  Terminated  stop G
    Confirmed   Timer I  ->  Terminated
    `,
  );
});

test('on TCP and TLS Confirmed is passed through', () => {
  assert.deepEqual(start(true).effects.map(written), ['send-trying']);
  assertFigure(
    figure,
    true,
    `
    Proceeding  invite   ->  Proceeding  repeat-response
    Proceeding  1xx      ->  Proceeding  send-response
    Proceeding  2xx      ->  Accepted    start L 64*T1, send-response
    Proceeding  300-699  ->  Completed   start G T1, start H 64*T1, send-response
    Accepted    ack      ->  Accepted    ack-to-user
    Accepted    2xx      ->  Accepted    send-response
    Accepted    Timer L  ->  Terminated
    Completed   invite   ->  Completed   repeat-response
    Completed   ack      ->  Terminated  stop G, stop H
    Completed   Timer G  ->  Completed   start G doubled-up-to-T2, repeat-response
    Completed   Timer H  ->  Terminated  stop G
    Confirmed   Timer I  ->  Terminated
    `,
  );
});

test('whatever happens: one final response, only a 2xx again, and the ACK of a refusal stays here', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.nat(1000), { maxLength: 40 }), (isReliable, choices) => {
      let final: string | undefined;
      for (const { event, effects } of runOf(figure, isReliable, choices)) {
        const kinds = effects.map(({ kind }) => kind);
        if (kinds.includes('ack-to-user')) assert.equal(final, '2xx');
        if (!kinds.includes('send-response')) continue;
        if (final !== undefined) assert.deepEqual([final, event], ['2xx', '2xx']);
        if (event !== '1xx') final = event;
      }
    }),
    { numRuns: 1000 },
  );
});
