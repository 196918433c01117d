/** A request that is answered without being remembered (RFC 3261 §8.2.7): who repeats it is answered anew. */
import type { Request, Response } from '../sip/message.ts';
import { serialize } from '../sip/serialize.ts';
import type { Flow, Transports } from '../transport/transport-user.ts';
import type { ServerTransaction } from './transaction-user.ts';

export interface StatelessServerParams {
  readonly request: Request;
  readonly flow: Flow;
  /** RFC 3261 §8.2.7: the same for each copy of the request. */
  readonly toTag: string;
}

export class StatelessServer implements ServerTransaction {
  readonly #transports: Transports;
  readonly #params: StatelessServerParams;
  #isOver = false;

  constructor(transports: Transports, params: StatelessServerParams) {
    this.#transports = transports;
    this.#params = params;
  }

  get request(): Request {
    return this.#params.request;
  }

  get flow(): Flow {
    return this.#params.flow;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** One final response, whose To tag is put on here. RFC 3261 §8.2.7: provisional ones are not sent. */
  respond(response: Response): void {
    if (this.#isOver || response.status < 200) return;
    const { request, flow, toTag } = this.#params;
    response.headers.set('To', `${request.headers.get('To') ?? ''};tag=${toTag}`);
    const text = serialize(response);
    this.#isOver = true;
    this.#transports.respond(flow, request.via, text);
  }
}
