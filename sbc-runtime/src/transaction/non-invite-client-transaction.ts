/** The shell of a non-INVITE client transaction: carries out what `non-invite-client.ts` decides. */
import { SbcError } from '../kernel/error.ts';
import type { Request, Response } from '../sip/message.ts';
import type { Flow } from '../transport/transport-user.ts';
import type { ClientEffect } from './client-effect.ts';
import { ClientShell } from './client-transaction.ts';
import type { ClientTransactionParams } from './client-transaction.ts';
import { start, step } from './non-invite-client.ts';
import type {
  NonInviteClient,
  NonInviteClientEvent,
  NonInviteClientStep,
  NonInviteClientTimer,
} from './non-invite-client.ts';
import type { TransactionRoom } from './transaction-room.ts';
import type { ClientTransaction } from './transaction-user.ts';

/** What the user holds. The transaction itself keeps no more than the request's text. */
class NonInviteClientTransaction implements ClientTransaction {
  readonly request: Request;
  readonly #shell: NonInviteClientShell;

  constructor(request: Request, shell: NonInviteClientShell) {
    this.request = request;
    this.#shell = shell;
  }

  get flow(): Flow | undefined {
    return this.#shell.flow;
  }

  cancel(): void {
    throw new SbcError(
      'SBC_INVARIANT',
      `Cannot cancel a ${this.request.method}: only an INVITE can be cancelled (RFC 3261 §9.1)`,
    );
  }
}

export class NonInviteClientShell extends ClientShell {
  #machine: NonInviteClient;

  constructor(room: TransactionRoom, params: ClientTransactionParams) {
    super(room, params);
    this.#machine = start(params.hop.protocol !== 'UDP').next;
  }

  transaction(request: Request): ClientTransaction {
    return new NonInviteClientTransaction(request, this);
  }

  override start(): void {
    this.#carryOut(start(this.#machine.isReliable));
  }

  override onResponse(response: Response, flow: Flow): void {
    this.#step(response.status < 200 ? '1xx' : '200-699', response, flow);
  }

  protected override onTimer(timer: NonInviteClientTimer): void {
    this.#step(timer);
  }

  protected override onTransportFailed(): void {
    this.#step('transport-failed');
  }

  #step(event: NonInviteClientEvent, response?: Response, flow?: Flow): void {
    this.#carryOut(step(this.#machine, event), response, flow);
  }

  #carryOut({ next, effects }: NonInviteClientStep, response?: Response, flow?: Flow): void {
    this.#machine = next;
    if (next.state === 'Terminated') this.room.forgetClient(this.key);
    for (const effect of effects) this.#perform(effect, response, flow);
    if (next.state !== 'Completed' && next.state !== 'Terminated') return;
    this.forgetText();
    this.forgetUser();
  }

  #perform(effect: ClientEffect, response: Response | undefined, flow: Flow | undefined): void {
    switch (effect.kind) {
      case 'start-timer':
        this.startTimer(effect);
        return;
      case 'stop-timer':
        this.stopTimer(effect.timer);
        return;
      case 'send-request':
        this.sendRequest();
        return;
      case 'repeat-request':
        this.repeatRequest();
        return;
      case 'response-to-user':
        if (response !== undefined && flow !== undefined) this.tellResponse(response, flow);
        return;
      case 'timeout-to-user':
        this.tellTimeout();
        return;
      case 'transport-failure-to-user':
        this.tellTransportFailure();
        return;
      case 'send-ack':
      case 'repeat-ack':
        // Only an INVITE is acknowledged.
        return;
    }
  }
}
