/** `/status`, `/status/summary` and the order to end all calls, for the operator: over TLS, for whoever shows the token. Everybody else learns nothing and costs little. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../kernel/clock.ts';
import { SbcError } from '../kernel/error.ts';
import type { Log } from '../kernel/log.ts';
import { HandshakeBudget } from './handshake-budget.ts';
import { HttpServer, jsonReply, textReply } from './http-server.ts';
import type { HttpAsker, HttpReply } from './http-server.ts';
import { StatusCredentials } from './status-credentials.ts';

export interface StatusEndpointParams {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Holds `tls.crt`, `tls.key` and `token`. */
  readonly directory: string;
  readonly report: () => unknown;
  /** What the operator asks for every second: cheap to make. */
  readonly summary: () => unknown;
  /** False: nothing is to end here, for it does not drain. */
  readonly endCalls: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const PLACES = 64;
const PLACES_PER_ADDRESS = 8;
/** Includes the handshake, and an operator that is busy. */
const FIRST_OCTET_MS = 4000;

export class StatusEndpoint {
  readonly #params: StatusEndpointParams;
  readonly #server: HttpServer;
  readonly #credentials: StatusCredentials;
  readonly #budget: HandshakeBudget;
  #problem: string | undefined;

  constructor(params: StatusEndpointParams) {
    this.#params = params;
    this.#credentials = new StatusCredentials(params.directory);
    this.#budget = new HandshakeBudget(params.clock);
    this.#server = new HttpServer({
      answer: (method, url, asker) => this.#answer(method, url.pathname, asker),
      wrap: (socket) => this.#wrap(socket),
      firstOctetMs: FIRST_OCTET_MS,
      ...{ clock: params.clock, log: params.log },
      ...{ places: PLACES, placesPerAddress: PLACES_PER_ADDRESS },
    });
  }

  /** Where it listens, once started. */
  get port(): number {
    return this.#server.port ?? this.#params.port;
  }

  get connections(): number {
    return this.#server.connections;
  }

  /** Listens also where the Secret cannot be used yet: calls do not wait for it. */
  async start(): Promise<void> {
    const { address, port } = this.#params;
    this.reload();
    try {
      await this.#server.whenListening((server) => server.listen(port, address));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new SbcError(
        'SBC_STATUS_LISTEN',
        `Cannot serve the status on ${address}:${port}: ${why}; choose another observability.statusPort`,
        { cause: error },
      );
    }
  }

  /** The files may have changed. */
  reload(): void {
    const problem = this.#credentials.reload();
    if (problem !== undefined && problem !== this.#problem)
      this.#params.log.error('Cannot use the Secret of the status endpoint; the one before it stays', { problem });
    this.#problem = problem;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #wrap(socket: Socket): Socket | undefined {
    const secureContext = this.#credentials.context;
    if (secureContext === undefined || !this.#budget.take(socket.remoteAddress ?? '')) return undefined;
    return new TLSSocket(socket, { isServer: true, secureContext });
  }

  #answer(method: string, path: string, { head, address }: HttpAsker): HttpReply {
    // Before anything else: a stranger does not learn which paths there are.
    if (!this.#credentials.permits(head))
      return { ...textReply(401, 'Unauthorized'), headers: ['WWW-Authenticate: Bearer'] };
    this.#budget.befriend(address);
    if (path === '/calls/end') return method === 'POST' ? this.#endCalls() : textReply(405, 'Only POST');
    if (method !== 'GET' && method !== 'HEAD') return textReply(405, 'Only GET');
    switch (path) {
      case '/status':
        return jsonReply(200, this.#params.report());
      case '/status/summary':
        return jsonReply(200, this.#params.summary());
      default:
        return textReply(404, 'Not found: try /status or /status/summary');
    }
  }

  /** As often as one likes. */
  #endCalls(): HttpReply {
    if (this.#params.endCalls()) return textReply(202, 'Ending all calls');
    return textReply(409, 'This pod does not drain: delete it first');
  }
}
