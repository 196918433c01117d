/** One request of ours inside a dialog, other than INVITE: reports its final outcome once. */
import type { Response } from '../sip/message.ts';
import type { ClientTransactionUser, TransactionFailure } from '../transaction/transaction-user.ts';
import type { RequestResult } from './invite-user.ts';

export class SentRequest implements ClientTransactionUser {
  readonly #onResult: (result: RequestResult) => void;

  constructor(onResult: (result: RequestResult) => void) {
    this.#onResult = onResult;
  }

  onResponse(response: Response): void {
    if (response.status >= 200) this.#onResult({ kind: 'response', response });
  }

  onFailure(failure: TransactionFailure): void {
    this.#onResult(failure);
  }
}
