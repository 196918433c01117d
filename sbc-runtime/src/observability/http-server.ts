/** What our two HTTP servers share: answers as values, and limits that a slow or greedy client cannot pass. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Log } from '../kernel/log.ts';

export interface HttpReply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export function textReply(status: number, body: string): HttpReply {
  return { status, type: 'text/plain; charset=utf-8', body: body.endsWith('\n') ? body : `${body}\n` };
}

export function jsonReply(status: number, value: unknown): HttpReply {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** Answers one request; a throw becomes 500 and a line in the log. */
export type AnswerHttp = (method: string, url: URL) => HttpReply | Promise<HttpReply>;

const MAX_HEADER_BYTES = 8 * 1024;
const MAX_CONNECTIONS = 64;
const REQUEST_TIMEOUT_MS = 5000;
const MAX_URL_CHARACTERS = 2048;

export function limitedHttpServer(answer: AnswerHttp, log: Log): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: REQUEST_TIMEOUT_MS / 5,
    },
    (request, response) => {
      // No route takes a body: it is read and forgotten, within the request's timeout.
      request.resume();
      void answerOne(answer, request, log).then((reply) => {
        writeReply(response, reply, request.method === 'HEAD');
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('error', (error) => {
    log.warn('HTTP server error', { error: error.message });
  });
  return server;
}

async function answerOne(answer: AnswerHttp, request: IncomingMessage, log: Log): Promise<HttpReply> {
  const target = request.url ?? '/';
  if (target.length > MAX_URL_CHARACTERS) return textReply(414, 'URI too long');
  const url = URL.parse(target, 'http://localhost');
  if (url === null) return textReply(400, 'Bad request');
  try {
    return await answer(request.method ?? 'GET', url);
  } catch (error) {
    log.error('Cannot answer an HTTP request', {
      path: url.pathname,
      error: error instanceof Error ? error.message : String(error),
    });
    return textReply(500, 'Internal error: see the log');
  }
}

function writeReply(response: ServerResponse, reply: HttpReply, isHead: boolean): void {
  response.writeHead(reply.status, {
    'Content-Type': reply.type,
    'Content-Length': Buffer.byteLength(reply.body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(isHead ? undefined : reply.body);
}

/** Resolves once the server listens, or fails with its error. */
export function whenListening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.removeListener('error', reject);
      resolve();
    });
    listen();
  });
}

/** Ends open connections too. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
