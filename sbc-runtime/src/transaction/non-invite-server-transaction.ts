/** The shell of a non-INVITE server transaction: carries out what `non-invite-server.ts` decides. */
import type { Response } from '../sip/message.ts';
import { start, step } from './non-invite-server.ts';
import type {
  NonInviteServer,
  NonInviteServerEvent,
  NonInviteServerStep,
  NonInviteServerTimer,
} from './non-invite-server.ts';
import type { ServerEffect } from './server-effect.ts';
import { ServerShell } from './server-transaction.ts';
import type { ServerTransactionParams } from './server-transaction.ts';
import type { TransactionRoom } from './transaction-room.ts';

export class NonInviteServerShell extends ServerShell {
  #machine: NonInviteServer;

  constructor(room: TransactionRoom, params: ServerTransactionParams) {
    super(room, params);
    this.#machine = start(params.flow.isReliable).next;
  }

  override get isOver(): boolean {
    return this.#machine.state === 'Completed' || this.#machine.state === 'Terminated';
  }

  override start(): void {
    this.#carryOut(start(this.#machine.isReliable));
  }

  override onRepeated(): void {
    this.#step('request');
  }

  override onOffered(): void {
    this.#step('left-open');
  }

  override respond(response: Response): void {
    const decided = step(this.#machine, response.status < 200 ? '1xx' : '200-699');
    if (decided.effects.length === 0) return;
    this.prepare(response);
    this.#carryOut(decided);
  }

  protected override onTimer(timer: NonInviteServerTimer): void {
    this.#step(timer);
  }

  #step(event: NonInviteServerEvent): void {
    this.#carryOut(step(this.#machine, event));
  }

  #carryOut({ next, effects }: NonInviteServerStep): void {
    const hasMoved = next.state !== this.#machine.state;
    this.#machine = next;
    for (const effect of effects) this.#perform(effect);
    if (hasMoved) this.#slim();
  }

  #slim(): void {
    if (!this.isOver) return;
    this.forgetRequest();
    this.forgetMerged();
    this.forgetResponse();
    if (this.#machine.state === 'Terminated') this.end();
  }

  #perform(effect: ServerEffect): void {
    switch (effect.kind) {
      case 'start-timer':
        this.startTimer(effect);
        return;
      case 'stop-timer':
        this.stopTimer(effect.timer);
        return;
      case 'send-response':
        this.send();
        return;
      case 'repeat-response':
        this.repeat();
        return;
      case 'send-trying':
      case 'ack-to-user':
        // Only an INVITE has these.
        return;
    }
  }
}
