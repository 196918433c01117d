/** `/livez`, `/readyz` and `/metrics` over HTTP, for the kubelet and Prometheus. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthServerParams {
  /** Sentences about what is wrong; none: alive. */
  readonly notLive: () => readonly string[];
  readonly notReady: () => readonly string[];
  readonly registry: Registry;
}

const connectionLimit = 64;
const timeoutMs = 10_000;

export class HealthServer {
  readonly #params: HealthServerParams;
  readonly #server: Server;

  constructor(params: HealthServerParams) {
    this.#params = params;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => reply(response, 500, String(error)));
    });
    this.#server.maxConnections = connectionLimit;
    this.#server.headersTimeout = timeoutMs;
    this.#server.requestTimeout = timeoutMs;
  }

  /** @param port 0: any free one. @returns the port */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') {
      reply(response, 405, 'GET only');
      return;
    }
    switch (url?.split('?', 1)[0]) {
      case '/livez':
        replyHealth(response, this.#params.notLive());
        return;
      case '/readyz':
        replyHealth(response, this.#params.notReady());
        return;
      case '/metrics': {
        const { registry } = this.#params;
        reply(response, 200, await registry.metrics(), registry.contentType);
        return;
      }
      case undefined:
      default:
        reply(response, 404, '/livez, /readyz or /metrics');
    }
  }
}

function replyHealth(response: ServerResponse, problems: readonly string[]): void {
  if (problems.length === 0) reply(response, 200, 'ok');
  else reply(response, 503, problems.join('\n'));
}

function reply(
  response: ServerResponse,
  status: number,
  text: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': contentType });
  response.end(text.endsWith('\n') ? text : `${text}\n`);
}
