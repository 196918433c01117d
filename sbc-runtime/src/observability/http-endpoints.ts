/** `/livez`, `/readyz` and `/metrics` for the kubelet and Prometheus. */
import type { Server } from 'node:http';
import { SbcError } from '../kernel/error.ts';
import type { Log } from '../kernel/log.ts';
import { closeServer, limitedHttpServer, textReply, whenListening } from './http-server.ts';
import type { HttpReply } from './http-server.ts';

export interface HttpEndpointsParams {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Why the pod takes no new calls, in sentences; empty: it is ready. */
  readonly unreadyReasons: () => readonly string[];
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly log: Log;
}

export class HttpEndpoints {
  readonly #params: HttpEndpointsParams;
  readonly #server: Server;

  constructor(params: HttpEndpointsParams) {
    this.#params = params;
    this.#server = limitedHttpServer((method, url) => this.#answer(method, url.pathname), params.log);
  }

  /** Where it listens, once started. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#params.port;
  }

  async start(): Promise<void> {
    const { address, port } = this.#params;
    try {
      await whenListening(this.#server, () => this.#server.listen(port, address));
    } catch (error) {
      throw new SbcError('SBC_HTTP_LISTEN', `Cannot serve HTTP on ${address}:${port}: ${remedy(error)}`, {
        cause: error,
      });
    }
  }

  close(): Promise<void> {
    return closeServer(this.#server);
  }

  async #answer(method: string, path: string): Promise<HttpReply> {
    if (method !== 'GET' && method !== 'HEAD') return textReply(405, 'Only GET');
    switch (path) {
      // That it is answered is the answer: the event loop turns.
      case '/livez':
        return textReply(200, 'ok');
      case '/readyz':
        return readiness(this.#params.unreadyReasons());
      case '/metrics':
        return { status: 200, type: this.#params.metrics.contentType, body: await this.#params.metrics.text() };
      default:
        return textReply(404, 'Not found: try /livez, /readyz or /metrics');
    }
  }
}

function remedy(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return 'the port is in use; stop the process that has it or choose another observability.port';
  if (code === 'EADDRNOTAVAIL') return 'the address is not one of this machine; bind to the address of the pod';
  return error instanceof Error ? error.message : String(error);
}

function readiness(reasons: readonly string[]): HttpReply {
  return reasons.length === 0 ? textReply(200, 'ok') : textReply(503, reasons.join('\n'));
}
