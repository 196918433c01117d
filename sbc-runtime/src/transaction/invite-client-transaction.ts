/** The shell of an INVITE client transaction: carries out what `invite-client.ts` decides. */
import { assertNever } from '../kernel/error.ts';
import type { Request, Response } from '../sip/message.ts';
import { serialize } from '../sip/serialize.ts';
import type { Flow } from '../transport/transport-user.ts';
import type { ClientEffect } from './client-effect.ts';
import { ClientShell } from './client-transaction.ts';
import type { ClientTransactionParams } from './client-transaction.ts';
import { ackOf, cancelOf } from './hop-by-hop-request.ts';
import { start, step } from './invite-client.ts';
import type { InviteClient, InviteClientEvent, InviteClientStep, InviteClientTimer } from './invite-client.ts';
import { responseClass } from './step.ts';
import type { TransactionRoom } from './transaction-room.ts';
import type { ClientTransaction, HeaderPair } from './transaction-user.ts';

/** What the user holds. The request lives here and only as long as the user, or the transaction, needs it. */
class InviteClientTransaction implements ClientTransaction {
  readonly request: Request;
  readonly #shell: InviteClientShell;

  constructor(request: Request, shell: InviteClientShell) {
    this.request = request;
    this.#shell = shell;
  }

  get flow(): Flow | undefined {
    return this.#shell.flow;
  }

  cancel(headers: readonly HeaderPair[] = []): void {
    this.#shell.cancel(headers);
  }
}

export interface InviteClientParams extends ClientTransactionParams {
  readonly via: string;
  readonly branch: string;
}

export class InviteClientShell extends ClientShell {
  readonly #via: string;
  readonly #branch: string;
  #machine: InviteClient;
  /** Until the final response: the ACK and the CANCEL are made of it. */
  #invite: Request | undefined;
  #ackText = '';
  /** Of a CANCEL that waits for a provisional response. */
  #cancelHeaders: readonly HeaderPair[] | undefined;
  #isCancelled = false;

  constructor(room: TransactionRoom, params: InviteClientParams) {
    super(room, params);
    this.#via = params.via;
    this.#branch = params.branch;
    this.#invite = params.request;
    this.#machine = start(params.hop.protocol !== 'UDP').next;
  }

  transaction(request: Request): ClientTransaction {
    return new InviteClientTransaction(request, this);
  }

  override start(): void {
    this.#carryOut(start(this.#machine.isReliable));
  }

  override onResponse(response: Response, flow: Flow): void {
    this.#step(responseClass(response.status), response, flow);
    // RFC 3261 §9.1: no CANCEL before the peer has shown that it knows the INVITE.
    if (this.#cancelHeaders !== undefined) this.#sendCancel(this.#cancelHeaders);
  }

  cancel(headers: readonly HeaderPair[]): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#cancelHeaders = headers;
    this.#sendCancel(headers);
  }

  protected override onTimer(timer: InviteClientTimer): void {
    this.#step(timer);
  }

  protected override onTransportFailed(): void {
    this.#step('transport-failed');
  }

  #sendCancel(headers: readonly HeaderPair[]): void {
    if (this.#machine.state !== 'Proceeding' || this.#invite === undefined) return;
    this.#cancelHeaders = undefined;
    const cancel = cancelOf(this.#invite, this.#via, headers);
    this.#step('cancel-sent');
    this.room.sendCancel({ cancel, extras: headers, branch: this.#branch, hop: this.hop, flow: this.flow });
  }

  #step(event: InviteClientEvent, response?: Response, flow?: Flow): void {
    this.#carryOut(step(this.#machine, event), response, flow);
  }

  #carryOut({ next, effects }: InviteClientStep, response?: Response, flow?: Flow): void {
    const hasMoved = next.state !== this.#machine.state;
    this.#machine = next;
    if (next.state === 'Terminated') this.room.forgetClient(this.key);
    for (const effect of effects) this.#perform(effect, response, flow);
    if (hasMoved) this.#slim();
  }

  /** Nothing is retransmitted from the first response on; after the final one the ACK's text is all that is needed. */
  #slim(): void {
    const { state } = this.#machine;
    this.forgetText();
    if (state !== 'Proceeding') this.#invite = undefined;
    if (state === 'Completed' || state === 'Terminated') this.forgetUser();
  }

  #sendAck(response: Response | undefined): void {
    if (response === undefined || this.#invite === undefined) return;
    this.#ackText = serialize(ackOf(this.#invite, this.#via, response));
    this.deliver(this.#ackText);
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
      case 'send-ack':
        this.#sendAck(response);
        return;
      case 'repeat-ack':
        this.room.metrics.retransmission('ACK');
        this.deliver(this.#ackText);
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
      default:
        return assertNever(effect);
    }
  }
}
