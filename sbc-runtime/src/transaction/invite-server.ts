/** INVITE server transaction (RFC 3261 §17.2.1, as updated by RFC 6026 §7.1). Pure. */
import { ackToUser, repeatResponse, sendResponse, sendTrying } from './server-effect.ts';
import type { ServerEffect } from './server-effect.ts';
import { stepsOf } from './step.ts';
import type { Machine, ResponseClass, Step, StepTable } from './step.ts';
import { startTimer, stopTimer } from './timers.ts';

/**
 *                    |INVITE: 100 Trying
 *     INVITE         V
 *     repeat   +------------+  1xx of the user
 *        +---->| Proceeding |---+
 *        +-----|            |<--+
 *              +------------+
 *      300-699 |          | 2xx
 *              V          V
 *     +-----------+    +----------+  2xx of the user: sent, ACK: to the user
 *     | Completed |    | Accepted |---+
 *     | INVITE, G:|    |          |<--+   INVITE: absorbed
 *     | repeat    |    +----------+
 *     +-----------+       | Timer L
 *       |     | Timer H   |
 *   ACK |     +-----------+---------------+
 *       V                                 V
 *     +-----------+     Timer I      +------------+
 *     | Confirmed |----------------->| Terminated |
 *     +-----------+                  +------------+
 *
 * On TCP and TLS Timer I lasts 0 s: Confirmed is passed through; and Timer G repeats nothing as long as the connection
 * stands (`invite-server-transaction.ts`).
 * A response that could not be delivered is the transport room's matter: the client's timers decide.
 */
export type InviteServerState = 'Proceeding' | 'Accepted' | 'Completed' | 'Confirmed' | 'Terminated';
export type InviteServerTimer = 'Timer G' | 'Timer H' | 'Timer I' | 'Timer L';
/** `invite` is a retransmission; the responses are the user's. */
export type InviteServerEvent = 'invite' | 'ack' | ResponseClass | InviteServerTimer;
export type InviteServer = Machine<InviteServerState>;
export type InviteServerStep = Step<InviteServerState, ServerEffect>;

type Table = StepTable<InviteServerState, InviteServerEvent, ServerEffect>;

function whileTheUserMaySend(isReliable: boolean): Pick<Table, 'Proceeding' | 'Accepted'> {
  const to = stepsOf<InviteServerState, ServerEffect>(isReliable);
  const startG = startTimer('Timer G', 'T1');
  return {
    Proceeding: {
      invite: to('Proceeding', repeatResponse),
      ack: to('Proceeding'),
      '1xx': to('Proceeding', sendResponse),
      '2xx': to('Accepted', startTimer('Timer L', '64*T1'), sendResponse),
      '300-699': to('Completed', startG, startTimer('Timer H', '64*T1'), sendResponse),
      'Timer G': to('Proceeding'),
      'Timer H': to('Proceeding'),
      'Timer I': to('Proceeding'),
      'Timer L': to('Proceeding'),
    },
    Accepted: {
      // RFC 6026 §7.1: the user repeats its 2xx by itself until the ACK is there.
      invite: to('Accepted'),
      ack: to('Accepted', ackToUser),
      '1xx': to('Accepted'),
      '2xx': to('Accepted', sendResponse),
      '300-699': to('Accepted'),
      'Timer G': to('Accepted'),
      'Timer H': to('Accepted'),
      'Timer I': to('Accepted'),
      'Timer L': to('Terminated'),
    },
  };
}

function onceRefused(isReliable: boolean): Omit<Table, 'Proceeding' | 'Accepted'> {
  const to = stepsOf<InviteServerState, ServerEffect>(isReliable);
  const stopG = stopTimer('Timer G');
  const stopH = stopTimer('Timer H');
  return {
    Completed: {
      invite: to('Completed', repeatResponse),
      ack: isReliable ? to('Terminated', stopG, stopH) : to('Confirmed', stopG, stopH, startTimer('Timer I', 'T4')),
      '1xx': to('Completed'),
      '2xx': to('Completed'),
      '300-699': to('Completed'),
      'Timer G': to('Completed', startTimer('Timer G', 'doubled-up-to-T2'), repeatResponse),
      'Timer H': to('Terminated', stopG),
      'Timer I': to('Completed'),
      'Timer L': to('Completed'),
    },
    Confirmed: {
      invite: to('Confirmed'),
      ack: to('Confirmed'),
      '1xx': to('Confirmed'),
      '2xx': to('Confirmed'),
      '300-699': to('Confirmed'),
      'Timer G': to('Confirmed'),
      'Timer H': to('Confirmed'),
      'Timer I': to('Terminated'),
      'Timer L': to('Confirmed'),
    },
    Terminated: {
      invite: to('Terminated'),
      ack: to('Terminated'),
      '1xx': to('Terminated'),
      '2xx': to('Terminated'),
      '300-699': to('Terminated'),
      'Timer G': to('Terminated'),
      'Timer H': to('Terminated'),
      'Timer I': to('Terminated'),
      'Timer L': to('Terminated'),
    },
  };
}

const unreliable: Table = { ...whileTheUserMaySend(false), ...onceRefused(false) };
const reliable: Table = { ...whileTheUserMaySend(true), ...onceRefused(true) };

// RFC 3261 §17.2.1 allows 200 ms for the user's own response; at once spares a timer, and the client a retransmission.
const started = {
  unreliable: stepsOf<InviteServerState, ServerEffect>(false)('Proceeding', sendTrying),
  reliable: stepsOf<InviteServerState, ServerEffect>(true)('Proceeding', sendTrying),
};

export function start(isReliable: boolean): InviteServerStep {
  return isReliable ? started.reliable : started.unreliable;
}

export function step(machine: InviteServer, event: InviteServerEvent): InviteServerStep {
  return (machine.isReliable ? reliable : unreliable)[machine.state][event];
}
