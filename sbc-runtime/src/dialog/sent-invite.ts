/** One INVITE or re-INVITE of ours: its client transaction, and the ACKs that repeated 2xx ask for again (RFC 3261 §13.2.2.4). */
import { heard, isFrom, type Heard, type Hop } from '../sip/hop.ts';
import type { Request, Response } from '../sip/message.ts';
import { detached } from '../sip/detached.ts';
import type {
  ClientTransaction,
  ClientTransactionUser,
  Flow,
  HeaderPair,
  TransactionFailure,
} from '../transaction/transaction-user.ts';
import type { Addressed } from './dialog-message.ts';
import type { Parts } from './invite-user.ts';
import { isChallenge, type Refused } from './leg-credentials.ts';
import type { LegDependencies } from './leg-dependencies.ts';

export interface SentInviteOwner {
  /** 100: the next hop lives. */
  trying?(): void;
  /** 101..199. */
  provisional(response: Response): void;
  /** The first 2xx of each To tag: wants `invite.acknowledge`. */
  accepted(response: Response, invite: SentInvite): void;
  refused(response: Response): void;
  failed(failure: TransactionFailure): void;
  /** The same INVITE with credentials; undefined: the refusal stands. */
  again(refused: Refused): Addressed | undefined;
}

/**
 * The answer and eight late forks. Further ones are dropped: each 2xx has us send an ACK and a BYE with its repetitions, and
 * costs memory for 64*T1.
 */
const MAX_ACCEPTED = 9;

interface SentAck {
  readonly ack: Request;
  readonly hop: Hop;
}

export class SentInvite implements ClientTransactionUser {
  readonly #dependencies: LegDependencies;
  readonly #owner: SentInviteOwner;
  #sequence = 0;
  #credentials: readonly HeaderPair[] = [];
  #hop: Hop | undefined;
  #transaction: ClientTransaction | undefined;
  #repeated = 0;
  #heardFrom: Heard | undefined;
  #isCancelled = false;
  /** By To tag; undefined where the user has not acknowledged yet. Lives as long as the transaction's Accepted state refers to us. */
  #acks: Map<string, SentAck | undefined> | undefined;

  constructor(dependencies: LegDependencies, owner: SentInviteOwner) {
    this.#dependencies = dependencies;
    this.#owner = owner;
  }

  send(addressed: Addressed): void {
    this.#sequence = addressed.sequence;
    this.#credentials = addressed.credentials;
    this.#hop = addressed.hop;
    this.#transaction = this.#dependencies.transactions.request(addressed.request, addressed.hop, this);
  }

  /** CSeq number; the ACK has the same. */
  get sequence(): number {
    return this.#sequence;
  }

  /** For the ACK of its 2xx (RFC 3261 §22.1). */
  get credentials(): readonly HeaderPair[] {
    return this.#credentials;
  }

  /** Where its last response came from. */
  get heardFrom(): Heard | undefined {
    return this.#heardFrom;
  }

  /** True once a 2xx has come. */
  get isAccepted(): boolean {
    return this.#acks !== undefined;
  }

  cancel(parts?: Parts): void {
    this.#isCancelled = true;
    this.#transaction?.cancel(parts?.headers);
  }

  acknowledge(toTag: string, ack: Request, hop: Hop): void {
    const sent = { ack, hop };
    this.#acks?.set(toTag, sent);
    this.#sendAck(sent);
  }

  onResponse(response: Response, flow: Flow): void {
    const { status } = response;
    if (!isFrom(flow, this.#heardFrom)) this.#heardFrom = heard(flow);
    if (isChallenge(status)) this.#asked(response, flow);
    else if (status >= 300) this.#owner.refused(response);
    else if (status >= 200) this.#accepted(response);
    else if (status > 100) this.#owner.provisional(response);
    else this.#owner.trying?.();
  }

  onFailure(failure: TransactionFailure): void {
    this.#owner.failed(failure);
  }

  /** RFC 3261 §22.2. Nobody waits any more for an INVITE that was cancelled. */
  #asked(response: Response, flow: Flow): void {
    const [transaction, hop, repeated] = [this.#transaction, this.#hop, this.#repeated];
    const isOver = this.#isCancelled || transaction === undefined || hop === undefined;
    const next = isOver ? undefined : this.#owner.again({ transaction, hop, response, flow, repeated });
    if (next === undefined) {
      this.#owner.refused(response);
      return;
    }
    this.#repeated += 1;
    this.send(next);
  }

  #accepted(response: Response): void {
    const tag = response.to.tag ?? '';
    this.#acks ??= new Map();
    // It holds the whole INVITE; there is nothing to cancel any more.
    this.#transaction = undefined;
    if (this.#acks.has(tag)) {
      const sent = this.#acks.get(tag);
      if (sent === undefined) return;
      this.#dependencies.metrics.retransmission('ACK');
      this.#sendAck(sent);
    } else if (this.#acks.size < MAX_ACCEPTED) {
      this.#acks.set(detached(tag), undefined);
      this.#owner.accepted(response, this);
    }
  }

  #sendAck({ ack, hop }: SentAck): void {
    this.#dependencies.transactions.send(ack, hop, (reason) => {
      this.#dependencies.log.warn('ACK could not be sent', { callId: ack.callId, reason });
    });
  }
}
