/** Requests of the peer inside a dialog that the user has not answered yet. */
import { responseTo } from '../sip/response-to.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';

/** Nobody waits for so many answers at once: a peer that goes on gets 500. */
const MAX_OPEN = 16;

export class OpenRequests {
  #open: ServerTransaction[] = [];
  /** The UPDATE whose offer the user answers. */
  #offer: ServerTransaction | undefined;

  /** False where too many are open. */
  add(transaction: ServerTransaction, isOffer: boolean): boolean {
    this.dropAnswered();
    if (this.#open.length >= MAX_OPEN) return false;
    this.#open.push(transaction);
    if (isOffer) this.#offer = transaction;
    return true;
  }

  /** Lets go of what was answered: a call goes on for hours after its last request. */
  dropAnswered(): void {
    this.#open = this.#open.filter((transaction) => !transaction.isOver);
    if (this.#offer?.isOver === true) this.#offer = undefined;
  }

  get hasOffer(): boolean {
    return this.#offer?.isOver === false;
  }

  answerAll(status: number): void {
    for (const transaction of this.#open) {
      if (!transaction.isOver) transaction.respond(responseTo(transaction.request, status));
    }
    this.#open = [];
    this.#offer = undefined;
  }
}
