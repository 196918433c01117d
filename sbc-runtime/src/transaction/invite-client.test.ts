import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { start, step } from './invite-client.ts';
import { assertFigure, runOf, written } from './testing/figure.ts';

const figure = {
  start,
  step,
  states: ['Calling', 'Proceeding', 'Accepted', 'Completed', 'Terminated'],
  events: [
    '1xx',
    '2xx',
    '300-699',
    'Timer A',
    'Timer B',
    'Timer D',
    'Timer M',
    'Timer Cancel',
    'cancel-sent',
    'transport-failed',
  ],
  once: ['cancel-sent'],
} as const;

test('on UDP the INVITE client transaction follows RFC 3261 figure 5 and RFC 6026 figure 3', () => {
  assert.deepEqual(start(false).effects.map(written), ['start A T1', 'start B 64*T1', 'send-request']);
  assertFigure(
    figure,
    false,
    `
    Calling     1xx               ->  Proceeding  stop A, stop B, response-to-user
    Calling     2xx               ->  Accepted    stop A, stop B, start M 64*T1, response-to-user
    Calling     300-699           ->  Completed   stop A, stop B, start D 32s, send-ack, response-to-user
    Calling     Timer A           ->  Calling     start A doubled, repeat-request
    Calling     Timer B           ->  Terminated  stop A, timeout-to-user
    Calling     transport-failed  ->  Terminated  stop A, stop B, transport-failure-to-user
    Proceeding  1xx               ->  Proceeding  response-to-user
    Proceeding  2xx               ->  Accepted    stop Cancel, start M 64*T1, response-to-user
    Proceeding  300-699           ->  Completed   stop Cancel, start D 32s, send-ack, response-to-user
    Proceeding  cancel-sent       ->  Proceeding  start Cancel 64*T1
    Proceeding  Timer Cancel      ->  Terminated  timeout-to-user
    Accepted    2xx               ->  Accepted    response-to-user
    Accepted    Timer M           ->  Terminated
    Completed   300-699           ->  Completed   repeat-ack
    Completed   Timer D           ->  Terminated
    Completed   transport-failed  ->  Terminated  stop D
    `,
  );
});

test('on TCP and TLS Completed is passed through', () => {
  assert.deepEqual(start(true).effects.map(written), ['start A T1', 'start B 64*T1', 'send-request']);
  assertFigure(
    figure,
    true,
    `
    Calling     1xx               ->  Proceeding  stop A, stop B, response-to-user
    Calling     2xx               ->  Accepted    stop A, stop B, start M 64*T1, response-to-user
    Calling     300-699           ->  Terminated  stop A, stop B, send-ack, response-to-user
    Calling     Timer A           ->  Calling     start A doubled, repeat-request
    Calling     Timer B           ->  Terminated  stop A, timeout-to-user
    Calling     transport-failed  ->  Terminated  stop A, stop B, transport-failure-to-user
    Proceeding  1xx               ->  Proceeding  response-to-user
    Proceeding  2xx               ->  Accepted    stop Cancel, start M 64*T1, response-to-user
    Proceeding  300-699           ->  Terminated  stop Cancel, send-ack, response-to-user
    Proceeding  cancel-sent       ->  Proceeding  start Cancel 64*T1
    Proceeding  Timer Cancel      ->  Terminated  timeout-to-user
    Accepted    2xx               ->  Accepted    response-to-user
    Accepted    Timer M           ->  Terminated
    Completed   300-699           ->  Completed   repeat-ack
    Completed   Timer D           ->  Terminated
    Completed   transport-failed  ->  Terminated  stop D
    `,
  );
});

test('whatever happens: no INVITE goes out again behind a response, and no 2xx is acknowledged', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.nat(1000), { maxLength: 40 }), (isReliable, choices) => {
      let isAnswered = false;
      for (const { event, effects } of runOf(figure, isReliable, choices)) {
        const kinds = effects.map(({ kind }) => kind);
        if (isAnswered) assert.ok(!kinds.includes('repeat-request'));
        if (kinds.includes('send-ack') || kinds.includes('repeat-ack')) assert.equal(event, '300-699');
        isAnswered ||= event === '1xx' || event === '2xx' || event === '300-699';
      }
    }),
    { numRuns: 1000 },
  );
});

test('whatever happens: the user hears one end, and behind it nothing but 2xx', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.nat(1000), { maxLength: 40 }), (isReliable, choices) => {
      let ended: string | undefined;
      for (const { event, effects } of runOf(figure, isReliable, choices)) {
        if (!effects.some(({ kind }) => kind.endsWith('-to-user'))) continue;
        if (ended !== undefined) assert.deepEqual([ended, event], ['2xx', '2xx']);
        if (event !== '1xx') ended = event;
      }
    }),
    { numRuns: 1000 },
  );
});
