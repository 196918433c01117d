/** `/livez`, `/readyz` and `/metrics` for the kubelet and Prometheus. */
import type { Clock } from '../kernel/clock.ts';
import { SbcError } from '../kernel/error.ts';
import type { Log } from '../kernel/log.ts';
import { HttpServer, textReply } from './http-server.ts';
import type { HttpReply } from './http-server.ts';

export interface HttpEndpointsParams {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Why the pod takes no new calls, in sentences; empty: it is ready. */
  readonly unreadyReasons: () => readonly string[];
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Probes and scrapes come from few addresses, one connection at a time each; everybody else on the network may connect too.
 * So many that a flood needs more than a hundred milliseconds to push out a probe that has connected and not yet asked.
 */
const PLACES = 512;
const PLACES_PER_ADDRESS = 8;
/**
 * How old a rendering of the metrics may be: it takes a millisecond or two, and anybody may ask. Whoever asks in the same
 * turn of the event loop, from however many connections, shares one.
 */
const METRICS_AGE_MS = 10;

export class HttpEndpoints {
  readonly #params: HttpEndpointsParams;
  readonly #server: HttpServer;
  #metrics: Promise<HttpReply> | undefined;
  #renderedAtMs = 0;

  constructor(params: HttpEndpointsParams) {
    this.#params = params;
    this.#server = new HttpServer({
      answer: (method, url) => this.#answer(method, url.pathname),
      ...{ clock: params.clock, log: params.log },
      places: PLACES,
      placesPerAddress: PLACES_PER_ADDRESS,
    });
  }

  /** Where it listens, once started. */
  get port(): number {
    return this.#server.port ?? this.#params.port;
  }

  get connections(): number {
    return this.#server.connections;
  }

  async start(): Promise<void> {
    const { address, port } = this.#params;
    try {
      await this.#server.whenListening((server) => server.listen(port, address));
    } catch (error) {
      throw new SbcError('SBC_HTTP_LISTEN', `Cannot serve HTTP on ${address}:${port}: ${remedy(error)}`, {
        cause: error,
      });
    }
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #answer(method: string, path: string): HttpReply | Promise<HttpReply> {
    if (method !== 'GET' && method !== 'HEAD') return textReply(405, 'Only GET');
    switch (path) {
      // That it is answered is the answer: the event loop turns.
      case '/livez':
        return textReply(200, 'ok');
      case '/readyz':
        return readiness(this.#params.unreadyReasons());
      case '/metrics':
        return this.#sharedMetrics();
      default:
        return textReply(404, 'Not found: try /livez, /readyz or /metrics');
    }
  }

  #sharedMetrics(): Promise<HttpReply> {
    const nowMs = this.#params.clock.nowMs();
    if (this.#metrics === undefined || nowMs - this.#renderedAtMs >= METRICS_AGE_MS) {
      this.#renderedAtMs = nowMs;
      this.#metrics = this.#render();
    }
    return this.#metrics;
  }

  async #render(): Promise<HttpReply> {
    const { metrics } = this.#params;
    return { status: 200, type: metrics.contentType, body: Buffer.from(await metrics.text()) };
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
