/** What both server transaction shells share: the user's view of the transaction, and sending responses. */
import { detached } from '../sip/detached.ts';
import type { Request, Response } from '../sip/message.ts';
import { serialize } from '../sip/serialize.ts';
import type { Flow } from '../transport/transport-user.ts';
import type { Share } from './occupancy.ts';
import { TimedTransaction } from './timed-transaction.ts';
import type { TransactionRoom } from './transaction-room.ts';
import type { ServerTransaction } from './transaction-user.ts';

export interface ServerTransactionParams {
  readonly request: Request;
  readonly flow: Flow;
  readonly key: string;
  /** Of a request outside dialogs that is watched for merged copies (RFC 3261 §8.2.2.2). */
  readonly mergeKey?: string | undefined;
}

/** Where responses go (RFC 3261 §18.2.2): what is kept of the request's topmost Via. */
interface ReturnAddress {
  readonly host: string;
  readonly port: number | undefined;
  readonly received: string | undefined;
}

/** What the user holds. The request lives here, so that a transaction which only absorbs retransmissions does not keep it. */
class OfferedTransaction implements ServerTransaction {
  readonly request: Request;
  readonly #shell: ServerShell;

  constructor(request: Request, shell: ServerShell) {
    this.request = request;
    this.#shell = shell;
  }

  get flow(): Flow {
    return this.#shell.flow;
  }

  get isOver(): boolean {
    return this.#shell.isOver;
  }

  respond(response: Response): void {
    this.#shell.respond(response);
  }
}

export abstract class ServerShell extends TimedTransaction {
  readonly flow: Flow;
  readonly #method: string;
  readonly #key: string;
  readonly #share: Share;
  readonly #returnAddress: ReturnAddress;
  #mergeKey: string | undefined;
  #offered: ServerTransaction | undefined;
  /** Kept while the user may give the same response again: a 2xx until its ACK (RFC 3261 §13.3.1.4). */
  #lastResponse: Response | undefined;
  #lastText = '';
  #lastStatus = 0;
  /** The connection is gone, and the last try to dial another one has failed. */
  #isLost = false;

  constructor(room: TransactionRoom, params: ServerTransactionParams) {
    super(room);
    this.flow = params.flow;
    this.#method = params.request.method;
    this.#key = params.key;
    this.#mergeKey = params.mergeKey;
    const { via } = params.request;
    const { received } = via;
    this.#returnAddress = {
      host: detached(via.host),
      port: via.port,
      received: received === undefined ? undefined : detached(received),
    };
    this.#offered = new OfferedTransaction(params.request, this);
    // Keys and answers repeat what the peer has written: an honest one writes little, but may write a lot.
    this.#share = room.occupancy.enter(trunkOf(params.flow));
    room.occupancy.keeps(this.#share, params.key.length);
  }

  abstract get isOver(): boolean;
  abstract start(): void;
  /** The request came again. */
  abstract onRepeated(): void;
  /** The user was told of the request and has returned. */
  abstract onOffered(): void;
  /** Throws a SyntaxError for a response that cannot be written; nothing has changed then. A response must not be changed once it was given. */
  abstract respond(response: Response): void;

  /** Undefined once a final response was sent. */
  get offered(): ServerTransaction | undefined {
    return this.#offered;
  }

  /** The To tag of the last response; undefined where it had none, or is not kept any more. */
  get toTag(): string | undefined {
    return this.#lastResponse?.to.tag;
  }

  /** Before the machine moves: a response that cannot be written leaves it where it is. */
  protected prepare(response: Response): void {
    if (this.#lastStatus >= 200) this.room.metrics.retransmission(statusClass(response.status));
    if (response === this.#lastResponse) return;
    const text = serialize(response);
    this.#keepText(text);
    this.#lastResponse = response;
    this.#lastStatus = response.status;
  }

  protected get isLost(): boolean {
    return this.#isLost;
  }

  protected send(): void {
    const { flow } = this;
    // Only what must be dialled can fail in a way that matters: on every other path this costs nothing.
    const failed = flow.isReliable && !flow.isOpen ? () => void (this.#isLost = true) : undefined;
    this.room.transports.respond(flow, this.#returnAddress, this.#lastText, failed);
  }

  protected repeat(): void {
    if (this.#lastStatus === 0) return;
    this.room.metrics.retransmission(statusClass(this.#lastStatus));
    this.send();
  }

  /** The final response is out: from here on the transaction only absorbs and repeats. */
  protected forgetRequest(): void {
    this.#offered = undefined;
  }

  /** RFC 3261 §8.2.2.2 speaks of ongoing transactions: after a refusal a client may try again on another path. */
  protected forgetMerged(): void {
    if (this.#mergeKey !== undefined) this.room.forgetMerged(this.#mergeKey);
    this.#mergeKey = undefined;
  }

  protected forgetResponse(): void {
    this.#lastResponse = undefined;
  }

  /** For a transaction that never repeats it by itself: the 2xx of an INVITE is the user's to repeat (RFC 6026 §7.1). */
  protected forgetText(): void {
    this.#keepText('');
    this.#lastResponse = undefined;
  }

  protected end(): void {
    this.forgetMerged();
    this.forgetRequest();
    this.forgetText();
    this.room.occupancy.keeps(this.#share, -this.#key.length);
    this.room.occupancy.leave(this.#share);
    this.room.forgetServer(this.#key);
  }

  #keepText(text: string): void {
    this.room.occupancy.keeps(this.#share, text.length - this.#lastText.length);
    this.#lastText = text;
  }

  protected get method(): string {
    return this.#method;
  }
}

/** The trunk that answers for what comes over a flow. */
export function trunkOf({ trunks, formerTrunks }: Flow): string {
  return trunks[0] ?? formerTrunks?.[0] ?? '';
}

const classes = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx', '6xx'];

/** As metrics name it. */
function statusClass(status: number): string {
  return classes[Math.floor(status / 100)] ?? '6xx';
}
