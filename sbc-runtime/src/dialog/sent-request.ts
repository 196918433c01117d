/** One request of ours inside a dialog, other than INVITE: reports its final outcome once. */
import type { Response } from '../sip/message.ts';
import type {
  ClientTransaction,
  ClientTransactionUser,
  Flow,
  TransactionFailure,
  Transactions,
} from '../transaction/transaction-user.ts';
import type { Addressed } from './dialog-message.ts';
import type { RequestResult } from './invite-user.ts';
import { isChallenge, type Refused } from './leg-credentials.ts';

export interface SentRequestOwner {
  /** The same request with credentials; undefined: the refusal stands. */
  again(refused: Refused): Addressed | undefined;
  onResult(result: RequestResult): void;
}

export class SentRequest implements ClientTransactionUser {
  readonly #transactions: Transactions;
  readonly #owner: SentRequestOwner;
  #sent: { readonly transaction: ClientTransaction; readonly addressed: Addressed } | undefined;
  #repeated = 0;

  constructor(transactions: Transactions, owner: SentRequestOwner) {
    this.#transactions = transactions;
    this.#owner = owner;
  }

  send(addressed: Addressed): void {
    this.#sent = { transaction: this.#transactions.request(addressed.request, addressed.hop, this), addressed };
  }

  onResponse(response: Response, flow: Flow): void {
    if (response.status < 200) return;
    const next = isChallenge(response.status) ? this.#again(response, flow) : undefined;
    if (next === undefined) this.#owner.onResult({ kind: 'response', response });
    else this.send(next);
  }

  onFailure(failure: TransactionFailure): void {
    this.#owner.onResult(failure);
  }

  #again(response: Response, flow: Flow): Addressed | undefined {
    if (this.#sent === undefined) return undefined;
    const { transaction, addressed } = this.#sent;
    const refused = { transaction, hop: addressed.hop, response, flow, repeated: this.#repeated };
    this.#repeated += 1;
    return this.#owner.again(refused);
  }
}
