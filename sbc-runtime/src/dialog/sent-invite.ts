/** One INVITE or re-INVITE of ours: its client transaction, and the ACKs that repeated 2xx ask for again (RFC 3261 §13.2.2.4). */
import type { Hop } from '../sip/hop.ts';
import type { Request, Response } from '../sip/message.ts';
import { detached } from '../sip/detached.ts';
import type { ClientTransaction, ClientTransactionUser, TransactionFailure } from '../transaction/transaction-user.ts';
import type { Parts } from './invite-user.ts';
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
}

/** 2xx of more forks than this are dropped: nobody rings so many phones, and each costs memory for 64*T1. */
const MAX_ACCEPTED = 64;

interface SentAck {
  readonly ack: Request;
  readonly hop: Hop;
}

export class SentInvite implements ClientTransactionUser {
  /** CSeq number; the ACK has the same. */
  readonly sequence: number;
  readonly #dependencies: LegDependencies;
  readonly #owner: SentInviteOwner;
  #transaction: ClientTransaction | undefined;
  /** By To tag; undefined where the user has not acknowledged yet. Lives as long as the transaction's Accepted state refers to us. */
  #acks: Map<string, SentAck | undefined> | undefined;

  constructor(dependencies: LegDependencies, sequence: number, owner: SentInviteOwner) {
    this.#dependencies = dependencies;
    this.sequence = sequence;
    this.#owner = owner;
  }

  send(request: Request, hop: Hop): void {
    this.#transaction = this.#dependencies.transactions.request(request, hop, this);
  }

  /** True once a 2xx has come. */
  get isAccepted(): boolean {
    return this.#acks !== undefined;
  }

  cancel(parts?: Parts): void {
    this.#transaction?.cancel(parts?.headers);
  }

  acknowledge(toTag: string, ack: Request, hop: Hop): void {
    const sent = { ack, hop };
    this.#acks?.set(toTag, sent);
    this.#sendAck(sent);
  }

  onResponse(response: Response): void {
    const { status } = response;
    if (status >= 300) this.#owner.refused(response);
    else if (status >= 200) this.#accepted(response);
    else if (status > 100) this.#owner.provisional(response);
    else this.#owner.trying?.();
  }

  onFailure(failure: TransactionFailure): void {
    this.#owner.failed(failure);
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
