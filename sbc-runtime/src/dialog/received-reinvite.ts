/** A re-INVITE of the peer, or an UPDATE, in the user's hands. */
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
    this.#answer(200, parts);
  }

  reject(status: number, parts?: Parts): void {
    this.#answer(status, parts);
  }

  #answer(status: number, parts: Parts | undefined): void {
    if (this.isOver) return;
    // The 2xx of an UPDATE wants no ACK.
    if (this.request.method === 'UPDATE') this.#leg.answerUpdate(this.#transaction, status, parts);
    else this.#leg.answer(this.#transaction, status, parts);
  }
}
