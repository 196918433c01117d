/** INVITE client transaction (RFC 3261 §17.1.1, as updated by RFC 6026 §7.2). Pure. */
import {
  repeatAck,
  repeatRequest,
  responseToUser,
  sendAck,
  sendRequest,
  timeoutToUser,
  transportFailureToUser,
} from './client-effect.ts';
import type { ClientEffect } from './client-effect.ts';
import { stepsOf } from './step.ts';
import type { Machine, ResponseClass, Step, StepTable } from './step.ts';
import { startTimer, stopTimer } from './timers.ts';

/**
 *                      |INVITE
 *     Timer A          V
 *     repeat     +-----------+  Timer B, transport failure
 *        +------>|  Calling  |-------------------------------+
 *        +-------|           |                               |
 *                +-----------+                               |
 *        300-699 |  | 1xx  | 2xx                             |
 *        ACK     |  V      |                                 |
 *        +-------+ +------------+  Timer Cancel              |
 *        |   +-----| Proceeding |--------------------------->|
 *        |   |     +------------+  (64*T1 after a CANCEL)    |
 *        |   | 300-699 |   | 2xx                             |
 *        |   | ACK     |   |                                 |
 *        V   V         |   V                                 |
 *     +-----------+    | +----------+  2xx: to the user      |
 *     | Completed |<---+ | Accepted |---+                    |
 *     | 300-699:  |      |          |<--+                    |
 *     | ACK again |      +----------+                        |
 *     +-----------+        | Timer M                         V
 *        | Timer D         |                         +------------+
 *        +-----------------+------------------------>| Terminated |
 *                                                    +------------+
 *
 * On TCP and TLS Timer D lasts 0 s: Completed is passed through; and Timer A repeats nothing as long as the connection
 * stands (`client-transaction.ts`).
 */
export type InviteClientState = 'Calling' | 'Proceeding' | 'Accepted' | 'Completed' | 'Terminated';
export type InviteClientTimer = 'Timer A' | 'Timer B' | 'Timer D' | 'Timer M' | 'Timer Cancel';
export type InviteClientEvent = ResponseClass | InviteClientTimer | 'cancel-sent' | 'transport-failed';
export type InviteClient = Machine<InviteClientState>;
export type InviteClientStep = Step<InviteClientState, ClientEffect>;

type Table = StepTable<InviteClientState, InviteClientEvent, ClientEffect>;

function beforeFinalResponse(isReliable: boolean): Pick<Table, 'Calling' | 'Proceeding'> {
  const to = stepsOf<InviteClientState, ClientEffect>(isReliable);
  const stopA = stopTimer('Timer A');
  const stopB = stopTimer('Timer B');
  const stopCancel = stopTimer('Timer Cancel');
  const startM = startTimer('Timer M', '64*T1');
  const rejected = (...stops: readonly (ClientEffect | undefined)[]) =>
    isReliable
      ? to('Terminated', ...stops, sendAck, responseToUser)
      : to('Completed', ...stops, startTimer('Timer D', '32s'), sendAck, responseToUser);
  return {
    Calling: {
      '1xx': to('Proceeding', stopA, stopB, responseToUser),
      '2xx': to('Accepted', stopA, stopB, startM, responseToUser),
      '300-699': rejected(stopA, stopB),
      // RFC 3261 §17.1.1.2: Timer A doubles, without T2 as a ceiling.
      'Timer A': to('Calling', startTimer('Timer A', 'doubled'), repeatRequest),
      'Timer B': to('Terminated', stopA, timeoutToUser),
      'Timer D': to('Calling'),
      'Timer M': to('Calling'),
      'Timer Cancel': to('Calling'),
      'cancel-sent': to('Calling'),
      'transport-failed': to('Terminated', stopA, stopB, transportFailureToUser),
    },
    Proceeding: {
      '1xx': to('Proceeding', responseToUser),
      '2xx': to('Accepted', stopCancel, startM, responseToUser),
      '300-699': rejected(stopCancel),
      'Timer A': to('Proceeding'),
      'Timer B': to('Proceeding'),
      'Timer D': to('Proceeding'),
      'Timer M': to('Proceeding'),
      'Timer Cancel': to('Terminated', timeoutToUser),
      'cancel-sent': to('Proceeding', startTimer('Timer Cancel', '64*T1')),
      // The request was answered, so it arrived: only a retransmission that nobody needs any more has failed.
      'transport-failed': to('Proceeding'),
    },
  };
}

function afterFinalResponse(isReliable: boolean): Omit<Table, 'Calling' | 'Proceeding'> {
  const to = stepsOf<InviteClientState, ClientEffect>(isReliable);
  return {
    Accepted: {
      '1xx': to('Accepted'),
      // RFC 6026 §7.2: each 2xx goes up, whatever fork it is of; its ACK is the user's.
      '2xx': to('Accepted', responseToUser),
      '300-699': to('Accepted'),
      'Timer A': to('Accepted'),
      'Timer B': to('Accepted'),
      'Timer D': to('Accepted'),
      'Timer M': to('Terminated'),
      'Timer Cancel': to('Accepted'),
      'cancel-sent': to('Accepted'),
      'transport-failed': to('Accepted'),
    },
    Completed: {
      '1xx': to('Completed'),
      '2xx': to('Completed'),
      '300-699': to('Completed', repeatAck),
      'Timer A': to('Completed'),
      'Timer B': to('Completed'),
      'Timer D': to('Terminated'),
      'Timer M': to('Completed'),
      'Timer Cancel': to('Completed'),
      'cancel-sent': to('Completed'),
      // RFC 3261 §17.1.1.2 would tell the user; the user has had the final response already.
      'transport-failed': to('Terminated', stopTimer('Timer D')),
    },
    Terminated: {
      '1xx': to('Terminated'),
      '2xx': to('Terminated'),
      '300-699': to('Terminated'),
      'Timer A': to('Terminated'),
      'Timer B': to('Terminated'),
      'Timer D': to('Terminated'),
      'Timer M': to('Terminated'),
      'Timer Cancel': to('Terminated'),
      'cancel-sent': to('Terminated'),
      'transport-failed': to('Terminated'),
    },
  };
}

const unreliable: Table = { ...beforeFinalResponse(false), ...afterFinalResponse(false) };
const reliable: Table = { ...beforeFinalResponse(true), ...afterFinalResponse(true) };

const calling = (isReliable: boolean, ...effects: readonly ClientEffect[]) =>
  stepsOf<InviteClientState, ClientEffect>(isReliable)('Calling', ...effects);
const started = {
  unreliable: calling(false, startTimer('Timer A', 'T1'), startTimer('Timer B', '64*T1'), sendRequest),
  reliable: calling(true, startTimer('Timer A', 'T1'), startTimer('Timer B', '64*T1'), sendRequest),
};

export function start(isReliable: boolean): InviteClientStep {
  return isReliable ? started.reliable : started.unreliable;
}

export function step(machine: InviteClient, event: InviteClientEvent): InviteClientStep {
  return (machine.isReliable ? reliable : unreliable)[machine.state][event];
}
