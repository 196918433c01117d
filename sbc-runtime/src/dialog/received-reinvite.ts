/** A re-INVITE of the peer in the user's hands. */
import type { Request } from '../sip/message.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';
import type { IncomingReinvite, Parts } from './invite-user.ts';
import type { InviteLeg } from './invite-leg.ts';

export class ReceivedReinvite implements IncomingReinvite {
  readonly #leg: InviteLeg;
  readonly #transaction: ServerTransaction;

  constructor(leg: InviteLeg, transaction: ServerTransaction) {
    this.#leg = leg;
    this.#transaction = transaction;
  }

  get request(): Request {
    return this.#transaction.request;
  }

  get isOver(): boolean {
    return this.#transaction.isOver;
  }

  accept(parts: Parts): void {
    if (!this.isOver) this.#leg.answer(this.#transaction, 200, parts);
  }

  reject(status: number, parts?: Parts): void {
    if (!this.isOver) this.#leg.answer(this.#transaction, status, parts);
  }
}
