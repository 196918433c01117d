/**
 * The one path that every request to the API server takes: pools of keep-alive connections, time limits, size limits, the
 * write gate. client-node opens a connection for every request; this costs a fifth of that (kubernetes.md §A.3).
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, ConnectionError, WriteRefused } from './api-error.ts';
import type { Credential, Credentials, TlsIdentity } from './credentials.ts';
import type { WriteGate } from './kube-client.ts';
import { LineReader } from './line-reader.ts';

/** Requests of one lane never wait for those of another: a lease is renewed while 2000 writes queue. */
export type Lane = 'requests' | 'watches' | 'lease';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: string | undefined;
  /** Of the body. Default `application/json`. */
  readonly contentType?: string | undefined;
  readonly lane: Lane;
  /** Asked when the request is put on its socket; absent: always allowed. */
  readonly gate?: WriteGate | undefined;
  /** From the call to the end of the answer, waiting for a connection included; of a stream: to its head. */
  readonly timeoutMs: number;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/** The answer's head was a success, lines follow; or it was not, and this is the answer. */
export interface StreamReader {
  onOpen(): void;
  onLine(line: string): void;
}

const maxSockets = { requests: 16, watches: Infinity, lease: 1 } as const satisfies Record<Lane, number>;
/** A page of a list is far below; etcd refuses objects above 1.5 MiB (its --max-request-bytes). */
const maxAnswerBytes = 128 * 1024 * 1024;
const maxLineBytes = 8 * 1024 * 1024;
/** The kernel notices a peer that is gone without a word. */
const tcpKeepAliveMs = 30_000;

type Pools = Readonly<Record<Lane, HttpAgent>>;

export class ApiConnection {
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #basePath: string;
  #pools: { readonly identity: TlsIdentity; readonly agents: Pools } | undefined;

  constructor({ credentials, clock }: { readonly credentials: Credentials; readonly clock: Clock }) {
    this.#credentials = credentials;
    this.#clock = clock;
    this.#basePath = credentials.server.pathname.replace(/\/$/, '');
  }

  /** Any status is an answer; rejects with `ConnectionError` or `WriteRefused`. */
  async request(request: ApiRequest): Promise<ApiAnswer> {
    const { credential, leftMs } = await this.#credentialFor(request);
    return new Promise((resolve, reject) => {
      const outgoing = this.#open(request, credential);
      let incoming: IncomingMessage | undefined;
      const timer = this.#clock.after(leftMs, () => (incoming ?? outgoing).destroy(late(request)));
      const fail = (error: Error) => {
        timer.cancel();
        reject(this.#asFailure(error, request));
      };
      outgoing.on('error', fail);
      outgoing.on('response', (response) => {
        incoming = response;
        this.#readWhole(response, fail, (answer) => {
          timer.cancel();
          resolve(answer);
        });
      });
      this.#send(outgoing, request);
    });
  }

  /** Resolves with undefined at the end of a stream that was accepted or aborted, and with the answer where it was not. */
  async stream(request: ApiRequest, reader: StreamReader, signal: AbortSignal): Promise<ApiAnswer | undefined> {
    const { credential, leftMs } = await this.#credentialFor(request);
    if (signal.aborted) return undefined;
    return new Promise((resolve, reject) => {
      const outgoing = this.#open(request, credential);
      const timer = this.#clock.after(leftMs, () => outgoing.destroy(late(request)));
      const abort = () => outgoing.destroy();
      const end = (finish: () => void) => {
        timer.cancel();
        signal.removeEventListener('abort', abort);
        finish();
      };
      const fail = (error: Error) =>
        end(() => (signal.aborted ? resolve(undefined) : reject(this.#asFailure(error, request))));
      signal.addEventListener('abort', abort);
      outgoing.on('error', fail);
      outgoing.on('response', (response) => {
        if (response.statusCode !== 200) {
          this.#readWhole(response, fail, (answer) => end(() => resolve(answer)));
          return;
        }
        timer.cancel();
        readLines(response, reader, fail, () => end(() => resolve(undefined)));
      });
      this.#send(outgoing, request);
    });
  }

  /** Ends all connections; requests under way reject with `ConnectionError`. */
  close(): void {
    for (const agent of Object.values(this.#pools?.agents ?? {})) agent.destroy();
    this.#pools = undefined;
  }

  /** A token may come from a program or a file that hangs: that takes of the request's time too. */
  async #credentialFor(request: ApiRequest): Promise<{ readonly credential: Credential; readonly leftMs: number }> {
    const startMs = this.#clock.nowMs();
    const credential = await new Promise<Credential>((resolve, reject) => {
      const timer = this.#clock.after(request.timeoutMs, () => reject(late(request)));
      this.#credentials
        .current()
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
    return { credential, leftMs: Math.max(0, request.timeoutMs - (this.#clock.nowMs() - startMs)) };
  }

  #open(request: ApiRequest, { tls, authorization }: Credential): ClientRequest {
    const { server } = this.#credentials;
    const options: RequestOptions = {
      agent: this.#poolsFor(tls)[request.lane],
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : server.port,
      method: request.method,
      path: this.#basePath + request.path,
      headers: headersOf(request, authorization),
    };
    return server.protocol === 'https:' ? httpsRequest(options) : httpRequest(options);
  }

  /** Nothing is handed to Node before a connection is there, so what waits in a queue is judged by the gate when its turn comes. */
  #send(outgoing: ClientRequest, { gate, body }: ApiRequest): void {
    const start = () => {
      if (outgoing.destroyed) return;
      if (gate?.mayWrite === false)
        outgoing.destroy(new WriteRefused('Cannot write: this process does not hold the lease'));
      else outgoing.end(body);
    };
    outgoing.on('socket', (socket: Socket) => {
      if (!socket.connecting) start();
      else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', start);
    });
  }

  #readWhole(response: IncomingMessage, fail: (error: Error) => void, done: (answer: ApiAnswer) => void): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxAnswerBytes) chunks.push(chunk);
      else response.destroy(new ConnectionError(`Cannot read the answer: more than ${maxAnswerBytes} bytes`));
    });
    response.on('error', fail);
    response.on('end', () => {
      const status = response.statusCode ?? 0;
      if (status === 401) this.#credentials.forget();
      const [first] = chunks;
      const body = first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
      done({ status, body: body.toString('utf8'), retryAfter: response.headers['retry-after'] });
    });
  }

  #poolsFor(identity: TlsIdentity): Pools {
    if (this.#pools?.identity === identity) return this.#pools.agents;
    // Certificates were renewed: what is under way ends by itself, the idle connections of the old identity go.
    for (const agent of Object.values(this.#pools?.agents ?? {})) closeIdle(agent);
    const make = (lane: Lane): HttpAgent => {
      const options = {
        keepAlive: true,
        keepAliveMsecs: tcpKeepAliveMs,
        maxSockets: maxSockets[lane],
        maxFreeSockets: 16,
        scheduling: 'lifo' as const,
      };
      if (this.#credentials.server.protocol !== 'https:') return new HttpAgent(options);
      const { secureContext, rejectUnauthorized, servername } = identity;
      return new HttpsAgent({ ...options, secureContext, rejectUnauthorized, ...(servername && { servername }) });
    };
    const agents = { requests: make('requests'), watches: make('watches'), lease: make('lease') };
    this.#pools = { identity, agents };
    return agents;
  }

  #asFailure(error: Error, { method, path }: ApiRequest): Error {
    const isOurs = error instanceof ApiError || error instanceof ConnectionError || error instanceof WriteRefused;
    if (isOurs) return error;
    const { origin } = this.#credentials.server;
    const target = path.split('?', 1)[0] ?? path;
    return new ConnectionError(`Cannot ${method} ${origin}${target}: ${error.message}`, { cause: error });
  }
}

function readLines(
  response: IncomingMessage,
  reader: StreamReader,
  fail: (error: Error) => void,
  done: () => void,
): void {
  const lines = new LineReader({ maxBytes: maxLineBytes, onLine: (line) => reader.onLine(line) });
  response.on('data', (chunk: Buffer) => {
    try {
      if (lines.push(chunk)) return;
      response.destroy(new ConnectionError(`Cannot read the stream: a line has more than ${maxLineBytes} bytes`));
    } catch (error) {
      // What the reader throws ends the stream with just that.
      response.destroy();
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
  response.on('error', fail);
  response.on('end', done);
  reader.onOpen();
}

function headersOf({ body, contentType }: ApiRequest, authorization: string | undefined): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { accept: 'application/json', 'user-agent': 'teams-sbc-operator' };
  if (authorization !== undefined) headers['authorization'] = authorization;
  if (body !== undefined) {
    headers['content-type'] = contentType ?? 'application/json';
    headers['content-length'] = Buffer.byteLength(body);
  }
  return headers;
}

const late = ({ method, path, timeoutMs }: ApiRequest): ConnectionError =>
  new ConnectionError(`Cannot ${method} ${path}: no answer within ${timeoutMs / 1000} s`);

function closeIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}
