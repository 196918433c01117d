/**
 * What our two HTTP servers share: answers as values, and limits that no client can pass. Anybody on the network may
 * connect, so a connection gets one answer and is closed: Node's own server reads every request of a segment, two thousand of them, at once.
 */
import { STATUS_CODES } from 'node:http';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { HttpPlaces } from './http-places.ts';
import type { PlaceLimits, Visitor } from './http-places.ts';
import { parseRequestLine } from './http-request.ts';

export interface HttpReply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** Lines, without their ends. @default none */
  readonly headers?: readonly string[];
}

export function textReply(status: number, body: string): HttpReply {
  return { status, type: 'text/plain; charset=utf-8', body: body.endsWith('\n') ? body : `${body}\n` };
}

export function jsonReply(status: number, value: unknown): HttpReply {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

export interface HttpAsker {
  readonly address: string;
  /** All in front of the empty line. */
  readonly head: string;
}

/** Answers one request; a throw becomes 500 and a line in the log. */
export type AnswerHttp = (method: string, url: URL, asker: HttpAsker) => HttpReply | Promise<HttpReply>;

export interface HttpServerParams extends PlaceLimits {
  readonly answer: AnswerHttp;
  /** What is spoken over the connection instead of plain HTTP; undefined: the connection is closed. @default plain HTTP */
  readonly wrap?: (socket: Socket) => Socket | undefined;
  /** How long a client may take until the first octet of its request is there. @default 1000 */
  readonly firstOctetMs?: number;
  readonly clock: Clock;
  readonly log: Log;
}

const MAX_HEAD_OCTETS = 8 * 1024;
const FIRST_OCTET_MS = 1000;
/** From the first octet to the empty line. */
const HEAD_MS = 2000;
/** From the empty line until the kernel has taken the whole answer. */
const ANSWER_MS = 5000;
const END_OF_HEAD = '\r\n\r\n';

export class HttpServer {
  readonly #params: HttpServerParams;
  readonly #server: Server;
  readonly #places: HttpPlaces<HttpConnection>;

  constructor(params: HttpServerParams) {
    this.#params = params;
    this.#places = new HttpPlaces(params);
    // A client may close its half once it has asked.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#welcome(socket);
    });
    this.#server.on('error', (error) => {
      params.log.warn('HTTP server error', { error: error.message });
    });
  }

  /** Of TCP, while it listens. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  get connections(): number {
    return this.#places.size;
  }

  /** Resolves once the server listens, or fails with its error. `listen` is handed the server to bind. */
  whenListening(listen: (server: Server) => void): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.once('listening', () => {
        server.removeListener('error', reject);
        resolve();
      });
      listen(server);
    });
  }

  /** Ends open connections too. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      for (const connection of this.#places) connection.drop();
    });
  }

  #welcome(raw: Socket): void {
    const { wrap } = this.#params;
    const socket = wrap === undefined ? raw : wrap(raw);
    if (socket === undefined) {
      raw.destroy();
      return;
    }
    const connection = new HttpConnection(socket, this.#params, () => {
      this.#places.leave(connection);
    });
    this.#places.enter(connection)?.drop();
  }
}

class HttpConnection implements Visitor {
  readonly address: string;
  readonly #socket: Socket;
  readonly #params: HttpServerParams;
  #isWaiting = true;
  #head = '';
  #deadline: Timer;

  constructor(socket: Socket, params: HttpServerParams, onClosed: () => void) {
    this.#socket = socket;
    this.#params = params;
    this.address = socket.remoteAddress ?? '';
    this.#deadline = this.#within(params.firstOctetMs ?? FIRST_OCTET_MS);
    socket.on('data', this.#read);
    // Whatever went wrong, `close` follows.
    socket.on('error', () => undefined);
    socket.on('end', () => {
      if (this.#isWaiting) this.drop();
    });
    socket.on('close', () => {
      params.clock.cancel(this.#deadline);
      onClosed();
    });
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  drop(): void {
    this.#socket.destroy();
  }

  readonly #read = (chunk: Buffer): void => {
    const before = this.#head.length;
    if (before === 0) this.#startOver(HEAD_MS);
    this.#head += chunk.toString('latin1', 0, MAX_HEAD_OCTETS - before);
    const end = this.#head.indexOf(END_OF_HEAD, Math.max(0, before - END_OF_HEAD.length));
    if (end === -1 && this.#head.length < MAX_HEAD_OCTETS) return;
    // What comes after the first request stays in the kernel, and goes with the connection.
    this.#isWaiting = false;
    this.#socket.off('data', this.#read);
    this.#socket.pause();
    this.#startOver(ANSWER_MS);
    void this.#answer(end === -1 ? undefined : this.#head.slice(0, end));
    this.#head = '';
  };

  async #answer(head: string | undefined): Promise<void> {
    const line = head === undefined ? tooLong : parseRequestLine(head);
    if (!line.ok) {
      this.#write(textReply(line.status, line.reason), false);
      return;
    }
    const asker = { address: this.address, head: head ?? '' };
    this.#write(await this.#replyTo(line.method, line.url, asker), line.method === 'HEAD');
  }

  async #replyTo(method: string, url: URL, asker: HttpAsker): Promise<HttpReply> {
    try {
      return await this.#params.answer(method, url, asker);
    } catch (error) {
      this.#params.log.error('Cannot answer an HTTP request', {
        path: url.pathname,
        error: error instanceof Error ? error.message : String(error),
      });
      return textReply(500, 'Internal error: see the log');
    }
  }

  #write(reply: HttpReply, isHead: boolean): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    socket.cork();
    socket.write(headOf(reply, this.#params.clock.wallMs()), 'latin1');
    if (!isHead) socket.write(reply.body);
    socket.uncork();
    socket.destroySoon();
  }

  #within(ms: number): Timer {
    return this.#params.clock.after(ms, () => {
      this.drop();
    });
  }

  #startOver(ms: number): void {
    this.#params.clock.cancel(this.#deadline);
    this.#deadline = this.#within(ms);
  }
}

const tooLong = { ok: false, status: 431, reason: 'Headers too long' } as const;

function headOf(reply: HttpReply, wallMs: number): string {
  return [
    `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}`,
    `Date: ${new Date(wallMs).toUTCString()}`,
    `Content-Type: ${reply.type}`,
    `Content-Length: ${Buffer.byteLength(reply.body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    ...(reply.headers ?? []),
    'Connection: close',
    END_OF_HEAD.slice(2),
  ].join('\r\n');
}
