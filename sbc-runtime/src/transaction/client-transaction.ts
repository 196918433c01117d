/** What both client transaction shells share: sending, repeating and telling the user. */
import { pinnedTo, type Hop } from '../sip/hop.ts';
import type { Request, Response } from '../sip/message.ts';
import { serialize } from '../sip/serialize.ts';
import type { Flow, SendResult } from '../transport/transport-user.ts';
import { TimedTransaction } from './timed-transaction.ts';
import type { TransactionRoom } from './transaction-room.ts';
import type { ClientTransactionUser, TransactionFailure } from './transaction-user.ts';

export interface ClientTransactionParams {
  readonly request: Request;
  readonly key: string;
  readonly hop: Hop;
  readonly user: ClientTransactionUser;
  /** Taken where it is still open; else the hop is resolved and dialled. */
  readonly flow?: Flow | undefined;
}

export abstract class ClientShell extends TimedTransaction {
  protected readonly key: string;
  #hop: Hop;
  /** Undefined once it has heard the last. */
  #user: ClientTransactionUser | undefined;
  readonly #method: string;
  /** Empty where no retransmission can follow any more. */
  #text: string;
  #flow: Flow | undefined;
  #failure: TransactionFailure = { kind: 'transport', reason: '' };
  #isSending = false;

  constructor(room: TransactionRoom, params: ClientTransactionParams) {
    super(room);
    this.key = params.key;
    this.#hop = params.hop;
    this.#user = params.user;
    this.#method = params.request.method;
    this.#flow = params.flow;
    this.#text = serialize(params.request);
  }

  abstract start(): void;
  abstract onResponse(response: Response, flow: Flow): void;
  protected abstract onTransportFailed(): void;

  /** RFC 3263 §4: the address that took the request gets what belongs to it, its CANCEL and the ACK of a refusal, too. */
  protected get hop(): Hop {
    return this.#hop;
  }

  /** Where the request went; undefined while it is on its way. */
  get flow(): Flow | undefined {
    return this.#flow;
  }

  protected sendRequest(): void {
    this.deliver(this.#text);
  }

  protected repeatRequest(): void {
    // The name is still being looked up: there is nothing to repeat yet.
    if (this.#flow === undefined) return;
    // RFC 3261 §17.1.1.2 repeats nothing on a stream, which loses nothing while it stands. One that has ended took with it
    // what was under way: the request is dialled again, and absorbed as a repetition where it had arrived.
    // Teams: a new connection may end at another of its front ends, which would ring once more. It says 100 at once, so that
    // an INVITE without any response has most likely never arrived; after the first one `invite-client.ts` repeats nothing,
    // and the answers find their way over connections of Microsoft's.
    if (this.#flow.isReliable && this.#flow.isOpen) return;
    this.room.metrics.retransmission(this.#method);
    this.deliver(this.#text);
  }

  protected forgetText(): void {
    this.#text = '';
  }

  /** What only absorbs retransmissions must not keep a whole call alive. */
  protected forgetUser(): void {
    this.#user = undefined;
  }

  /** On the flow of the request where it is open, else over a new one to the same address; for the first time to the hop. */
  protected deliver(text: string): void {
    const { transports } = this.room;
    if (this.#flow !== undefined) {
      if (transports.sendOn(this.#flow, text)) return;
      this.#hop = pinnedTo(this.#hop, this.#flow);
      this.#flow = undefined;
    }
    this.#isSending = true;
    transports.send(this.#hop, text, (result) => {
      this.#onSent(result);
    });
    this.#isSending = false;
  }

  protected tellResponse(response: Response, flow: Flow): void {
    try {
      this.#user?.onResponse(response, flow);
    } catch (error) {
      this.room.userFailed(error, `${response.status} to ${this.#method}`);
    }
  }

  protected tellTimeout(): void {
    this.#tellFailure({ kind: 'timeout' });
  }

  protected tellTransportFailure(): void {
    this.#tellFailure(this.#failure);
  }

  #tellFailure(failure: TransactionFailure): void {
    try {
      this.#user?.onFailure(failure);
    } catch (error) {
      this.room.userFailed(error, `${failure.kind} of ${this.#method}`);
    }
  }

  #onSent(result: SendResult): void {
    if (result.kind === 'sent') {
      this.#flow = result.flow;
      return;
    }
    this.#failure = result.isTooLarge === true ? { kind: 'too-large' } : { kind: 'transport', reason: result.reason };
    if (!this.#isSending) {
      this.onTransportFailed();
      return;
    }
    // The transport room knew at once: the step that sends is finished first, and `request()` returns before its user hears.
    this.room.clock.after(0, () => {
      this.onTransportFailed();
    });
  }
}
