import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { start, step } from './non-invite-client.ts';
import { assertFigure, runOf, written } from './testing/figure.ts';

const figure = {
  start,
  step,
  states: ['Trying', 'Proceeding', 'Completed', 'Terminated'],
  events: ['1xx', '200-699', 'Timer E', 'Timer F', 'Timer K', 'transport-failed'],
} as const;

test('on UDP the non-INVITE client transaction follows RFC 3261 figure 6', () => {
  assert.deepEqual(start(false).effects.map(written), ['start E T1', 'start F 64*T1', 'send-request']);
  assertFigure(
    figure,
    false,
    `
    Trying      1xx               ->  Proceeding  response-to-user
    Trying      200-699           ->  Completed   stop E, stop F, start K T4, response-to-user
    Trying      Timer E           ->  Trying      start E doubled-up-to-T2, repeat-request
    Trying      Timer F           ->  Terminated  stop E, timeout-to-user
    Trying      transport-failed  ->  Terminated  stop E, stop F, transport-failure-to-user
    Proceeding  1xx               ->  Proceeding  response-to-user
    Proceeding  200-699           ->  Completed   stop E, stop F, start K T4, response-to-user
    Proceeding  Timer E           ->  Proceeding  start E T2, repeat-request
    Proceeding  Timer F           ->  Terminated  stop E, timeout-to-user
    Proceeding  transport-failed  ->  Terminated  stop E, stop F, transport-failure-to-user
    Completed   Timer K           ->  Terminated
    `,
  );
});

test('on TCP and TLS Completed is passed through', () => {
  assert.deepEqual(start(true).effects.map(written), ['start E T1', 'start F 64*T1', 'send-request']);
  assertFigure(
    figure,
    true,
    `
    Trying      1xx               ->  Proceeding  response-to-user
    Trying      200-699           ->  Terminated  stop E, stop F, response-to-user
    Trying      Timer E           ->  Trying      start E doubled-up-to-T2, repeat-request
    Trying      Timer F           ->  Terminated  stop E, timeout-to-user
    Trying      transport-failed  ->  Terminated  stop E, stop F, transport-failure-to-user
    Proceeding  1xx               ->  Proceeding  response-to-user
    Proceeding  200-699           ->  Terminated  stop E, stop F, response-to-user
    Proceeding  Timer E           ->  Proceeding  start E T2, repeat-request
    Proceeding  Timer F           ->  Terminated  stop E, timeout-to-user
    Proceeding  transport-failed  ->  Terminated  stop E, stop F, transport-failure-to-user
    Completed   Timer K           ->  Terminated
    `,
  );
});

test('whatever happens: the user hears one end and nothing behind it, and nothing is repeated behind a final response', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.nat(1000), { maxLength: 40 }), (isReliable, choices) => {
      let isOver = false;
      for (const { event, effects } of runOf(figure, isReliable, choices)) {
        const isTold = effects.some(({ kind }) => kind.endsWith('-to-user'));
        if (isOver) assert.ok(!isTold && effects.every(({ kind }) => kind !== 'repeat-request'));
        isOver ||= isTold && event !== '1xx';
      }
    }),
    { numRuns: 1000 },
  );
});
