import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { start, step } from './non-invite-server.ts';
import { assertFigure, runOf } from './testing/figure.ts';

const figure = {
  start,
  step,
  states: ['Trying', 'Proceeding', 'Completed', 'Terminated'],
  events: ['request', 'left-open', '1xx', '200-699', 'Timer F', 'Timer J'],
  once: ['left-open'],
} as const;

test('on UDP the non-INVITE server transaction follows RFC 3261 figure 8', () => {
  assert.deepEqual(start(false).effects, []);
  assertFigure(
    figure,
    false,
    `
    Trying      left-open  ->  Trying      start F 64*T1
    Trying      1xx        ->  Proceeding  send-response
    Trying      200-699    ->  Completed   stop F, start J 64*T1, send-response
    Trying      Timer F    ->  Terminated
    Proceeding  request    ->  Proceeding  repeat-response
    Proceeding  left-open  ->  Proceeding  start F 64*T1
    Proceeding  1xx        ->  Proceeding  send-response
    Proceeding  200-699    ->  Completed   stop F, start J 64*T1, send-response
    Proceeding  Timer F    ->  Terminated
    Completed   request    ->  Completed   repeat-response
    Completed   Timer J    ->  Terminated
    `,
  );
});

test('on TCP and TLS Completed is passed through', () => {
  assert.deepEqual(start(true).effects, []);
  assertFigure(
    figure,
    true,
    `
    Trying      left-open  ->  Trying      start F 64*T1
    Trying      1xx        ->  Proceeding  send-response
    Trying      200-699    ->  Terminated  stop F, send-response
    Trying      Timer F    ->  Terminated
    Proceeding  request    ->  Proceeding  repeat-response
    Proceeding  left-open  ->  Proceeding  start F 64*T1
    Proceeding  1xx        ->  Proceeding  send-response
    Proceeding  200-699    ->  Terminated  stop F, send-response
    Proceeding  Timer F    ->  Terminated
    Completed   request    ->  Completed   repeat-response
    Completed   Timer J    ->  Terminated
    `,
  );
});

test('whatever happens: one final response and nothing behind it', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.nat(1000), { maxLength: 40 }), (isReliable, choices) => {
      let isOver = false;
      for (const { event, effects } of runOf(figure, isReliable, choices)) {
        const isSent = effects.some(({ kind }) => kind === 'send-response');
        assert.ok(!(isOver && isSent));
        isOver ||= isSent && event === '200-699';
      }
    }),
    { numRuns: 1000 },
  );
});
