/** Non-INVITE server transaction (RFC 3261 §17.2.2). Pure. */
import { repeatResponse, sendResponse } from './server-effect.ts';
import type { ServerEffect } from './server-effect.ts';
import { stepsOf } from './step.ts';
import type { Machine, Step, StepTable } from './step.ts';
import { startTimer, stopTimer } from './timers.ts';

/**
 *                    |request
 *                    V
 *              +-----------+   Timer F
 *              |  Trying   |-------------------------+
 *              +-----------+                         |
 *      200-699 |     | 1xx of the user               |
 *              |     V                               |
 *              | +------------+   Timer F            |
 *              | | Proceeding |--------------------->|
 *              | | request:   |                      |
 *              | | repeat     |                      |
 *              | +------------+                      |
 *              |     | 200-699                       |
 *              V     V                               V
 *            +-----------+      Timer J      +------------+
 *            | Completed |------------------>| Terminated |
 *            | request:  |                   +------------+
 *            | repeat    |
 *            +-----------+
 *
 * On TCP and TLS Timer J lasts 0 s: Completed is passed through.
 */
export type NonInviteServerState = 'Trying' | 'Proceeding' | 'Completed' | 'Terminated';
export type NonInviteServerTimer = 'Timer F' | 'Timer J';
/** `request` is a retransmission; `left-open`: the user was told and has not answered yet; the responses are the user's. */
export type NonInviteServerEvent = 'request' | 'left-open' | '1xx' | '200-699' | NonInviteServerTimer;
export type NonInviteServer = Machine<NonInviteServerState>;
export type NonInviteServerStep = Step<NonInviteServerState, ServerEffect>;

function table(isReliable: boolean): StepTable<NonInviteServerState, NonInviteServerEvent, ServerEffect> {
  const to = stepsOf<NonInviteServerState, ServerEffect>(isReliable);
  // RFC 4320 §4.2: once the client's Timer F has fired no answer is of use; a user that forgot must not hold a place for ever.
  const startF = startTimer('Timer F', '64*T1');
  const stopF = stopTimer('Timer F');
  const answered = isReliable
    ? to('Terminated', stopF, sendResponse)
    : to('Completed', stopF, startTimer('Timer J', '64*T1'), sendResponse);
  return {
    Trying: {
      request: to('Trying'),
      'left-open': to('Trying', startF),
      '1xx': to('Proceeding', sendResponse),
      '200-699': answered,
      'Timer F': to('Terminated'),
      'Timer J': to('Trying'),
    },
    Proceeding: {
      request: to('Proceeding', repeatResponse),
      'left-open': to('Proceeding', startF),
      '1xx': to('Proceeding', sendResponse),
      '200-699': answered,
      'Timer F': to('Terminated'),
      'Timer J': to('Proceeding'),
    },
    Completed: {
      request: to('Completed', repeatResponse),
      'left-open': to('Completed'),
      '1xx': to('Completed'),
      '200-699': to('Completed'),
      'Timer F': to('Completed'),
      'Timer J': to('Terminated'),
    },
    Terminated: {
      request: to('Terminated'),
      'left-open': to('Terminated'),
      '1xx': to('Terminated'),
      '200-699': to('Terminated'),
      'Timer F': to('Terminated'),
      'Timer J': to('Terminated'),
    },
  };
}

const unreliable = table(false);
const reliable = table(true);

const started = {
  unreliable: stepsOf<NonInviteServerState, ServerEffect>(false)('Trying'),
  reliable: stepsOf<NonInviteServerState, ServerEffect>(true)('Trying'),
};

export function start(isReliable: boolean): NonInviteServerStep {
  return isReliable ? started.reliable : started.unreliable;
}

export function step(machine: NonInviteServer, event: NonInviteServerEvent): NonInviteServerStep {
  return (machine.isReliable ? reliable : unreliable)[machine.state][event];
}
