/** The shell of an INVITE server transaction: carries out what `invite-server.ts` decides. */
import { assertNever } from '../kernel/error.ts';
import type { Request, Response } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type { Flow } from '../transport/transport-user.ts';
import { start, step } from './invite-server.ts';
import type { InviteServer, InviteServerEvent, InviteServerStep, InviteServerTimer } from './invite-server.ts';
import type { ServerEffect } from './server-effect.ts';
import { ServerShell } from './server-transaction.ts';
import type { ServerTransactionParams } from './server-transaction.ts';
import { responseClass } from './step.ts';
import type { TransactionRoom } from './transaction-room.ts';

export class InviteServerShell extends ServerShell {
  #machine: InviteServer;
  #isByTimer = false;

  constructor(room: TransactionRoom, params: ServerTransactionParams) {
    super(room, params);
    this.#machine = start(params.flow.isReliable).next;
  }

  override get isOver(): boolean {
    return this.#machine.state !== 'Proceeding';
  }

  override start(): void {
    this.#carryOut(start(this.#machine.isReliable));
  }

  override onRepeated(): void {
    this.#step('invite');
  }

  override onOffered(): void {
    // An INVITE may ring as long as the user likes.
  }

  override respond(response: Response): void {
    const decided = step(this.#machine, responseClass(response.status));
    if (decided.effects.length === 0) return;
    this.prepare(response);
    this.#carryOut(decided);
  }

  onAck(ack: Request, flow: Flow): void {
    this.#carryOut(step(this.#machine, 'ack'), ack, flow);
  }

  protected override onTimer(timer: InviteServerTimer): void {
    this.#isByTimer = true;
    this.#step(timer);
    this.#isByTimer = false;
  }

  #step(event: InviteServerEvent): void {
    this.#carryOut(step(this.#machine, event));
  }

  #carryOut({ next, effects }: InviteServerStep, ack?: Request, flow?: Flow): void {
    const hasMoved = next.state !== this.#machine.state;
    this.#machine = next;
    for (const effect of effects) this.#perform(effect, ack, flow);
    if (hasMoved) this.#slim();
    if (next.state === 'Accepted') this.forgetText();
  }

  #slim(): void {
    const { state } = this.#machine;
    this.forgetRequest();
    if (state === 'Accepted') return;
    this.forgetMerged();
    this.forgetResponse();
    if (state === 'Terminated') this.end();
  }

  #perform(effect: ServerEffect, ack: Request | undefined, flow: Flow | undefined): void {
    switch (effect.kind) {
      case 'start-timer':
        this.startTimer(effect);
        return;
      case 'stop-timer':
        this.stopTimer(effect.timer);
        return;
      case 'send-trying':
        this.#sendTrying();
        return;
      case 'send-response':
        this.send();
        return;
      case 'repeat-response':
        if (!this.#isByTimer || this.#mayBeLost()) this.repeat();
        return;
      case 'ack-to-user':
        if (ack !== undefined && flow !== undefined) this.room.tellAck(ack, flow);
        return;
      default:
        return assertNever(effect);
    }
  }

  /**
   * A stream loses nothing while it stands; one that has ended took with it what was under way. Where the new one is not
   * taken either, no timer dials again: a peer could let us do so for each INVITE that it has us refuse. A 2xx is repeated
   * all the same, by the dialog room: those are calls, and their number is limited.
   */
  #mayBeLost(): boolean {
    return !this.flow.isReliable || (!this.flow.isOpen && !this.isLost);
  }

  #sendTrying(): void {
    if (this.offered === undefined) return;
    this.prepare(responseTo(this.offered.request, 100));
    this.send();
  }
}
