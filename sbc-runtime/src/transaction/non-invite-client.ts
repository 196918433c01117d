/** Non-INVITE client transaction (RFC 3261 §17.1.2). Pure. */
import { repeatRequest, responseToUser, sendRequest, timeoutToUser, transportFailureToUser } from './client-effect.ts';
import type { ClientEffect } from './client-effect.ts';
import { stepsOf } from './step.ts';
import type { Machine, Step, StepTable } from './step.ts';
import { startTimer, stopTimer } from './timers.ts';

/**
 *                      |request
 *     Timer E          V
 *     repeat     +-----------+  Timer F, transport failure
 *        +------>|  Trying   |--------------------------+
 *        +-------|           |                          |
 *                +-----------+                          |
 *        200-699 |     | 1xx                            |
 *                |     V                                |
 *     Timer E    | +------------+  Timer F,             |
 *     repeat +---|>| Proceeding |  transport failure    |
 *            +---|-|            |---------------------->|
 *                | +------------+                       |
 *                |     | 200-699                        |
 *                V     V                                V
 *              +-----------+      Timer K       +------------+
 *              | Completed |------------------->| Terminated |
 *              +-----------+                    +------------+
 *
 * On TCP and TLS Timer K lasts 0 s: Completed is passed through; and Timer E repeats nothing as long as the connection
 * stands (`client-transaction.ts`).
 */
export type NonInviteClientState = 'Trying' | 'Proceeding' | 'Completed' | 'Terminated';
export type NonInviteClientTimer = 'Timer E' | 'Timer F' | 'Timer K';
export type NonInviteClientEvent = '1xx' | '200-699' | NonInviteClientTimer | 'transport-failed';
export type NonInviteClient = Machine<NonInviteClientState>;
export type NonInviteClientStep = Step<NonInviteClientState, ClientEffect>;

function table(isReliable: boolean): StepTable<NonInviteClientState, NonInviteClientEvent, ClientEffect> {
  const to = stepsOf<NonInviteClientState, ClientEffect>(isReliable);
  const stopE = stopTimer('Timer E');
  const stopF = stopTimer('Timer F');
  const answered = isReliable
    ? to('Terminated', stopE, stopF, responseToUser)
    : to('Completed', stopE, stopF, startTimer('Timer K', 'T4'), responseToUser);
  const timedOut = to('Terminated', stopE, timeoutToUser);
  const failed = to('Terminated', stopE, stopF, transportFailureToUser);
  return {
    Trying: {
      '1xx': to('Proceeding', responseToUser),
      '200-699': answered,
      'Timer E': to('Trying', startTimer('Timer E', 'doubled-up-to-T2'), repeatRequest),
      'Timer F': timedOut,
      'Timer K': to('Trying'),
      'transport-failed': failed,
    },
    Proceeding: {
      '1xx': to('Proceeding', responseToUser),
      '200-699': answered,
      // RFC 3261 §17.1.2.2: a provisional does not stop the retransmissions, it slows them down to T2.
      'Timer E': to('Proceeding', startTimer('Timer E', 'T2'), repeatRequest),
      'Timer F': timedOut,
      'Timer K': to('Proceeding'),
      'transport-failed': failed,
    },
    Completed: {
      '1xx': to('Completed'),
      '200-699': to('Completed'),
      'Timer E': to('Completed'),
      'Timer F': to('Completed'),
      'Timer K': to('Terminated'),
      'transport-failed': to('Completed'),
    },
    Terminated: {
      '1xx': to('Terminated'),
      '200-699': to('Terminated'),
      'Timer E': to('Terminated'),
      'Timer F': to('Terminated'),
      'Timer K': to('Terminated'),
      'transport-failed': to('Terminated'),
    },
  };
}

const unreliable = table(false);
const reliable = table(true);

const trying = (isReliable: boolean, ...effects: readonly ClientEffect[]) =>
  stepsOf<NonInviteClientState, ClientEffect>(isReliable)('Trying', ...effects);
const started = {
  unreliable: trying(false, startTimer('Timer E', 'T1'), startTimer('Timer F', '64*T1'), sendRequest),
  reliable: trying(true, startTimer('Timer E', 'T1'), startTimer('Timer F', '64*T1'), sendRequest),
};

export function start(isReliable: boolean): NonInviteClientStep {
  return isReliable ? started.reliable : started.unreliable;
}

export function step(machine: NonInviteClient, event: NonInviteClientEvent): NonInviteClientStep {
  return (machine.isReliable ? reliable : unreliable)[machine.state][event];
}
