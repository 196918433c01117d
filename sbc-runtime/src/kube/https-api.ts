/** An API server over HTTPS with kept connections: a GET, and a watch. Everything that it may send or leave out has a limit. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import { readCredentials, type Credentials } from './credentials.ts';
import type { ApiAnswer, ApiFailure, KubeApi, Watching, WatchUser } from './kube-api.ts';
import { member } from './kube-object.ts';
import { LineCutter } from './line-cutter.ts';

export interface HttpsApiDeps {
  /** `https://host:port`. */
  readonly url: string;
  /** Folder with `ca.crt` and `token`. */
  readonly credentials: string;
  readonly userAgent: string;
  readonly clock: Clock;
}

/** From the first octet asked to the last one answered. */
const GET_MS = 15_000;
/** Until a watch has its head. */
const HEAD_MS = 10_000;
/** A ConfigMap has 1 MiB at most, JSON in JSON has its quotes escaped, and metadata comes with it. */
const MAX_BODY_OCTETS = 4 * 1024 * 1024;
const MAX_HEAD_OCTETS = 16 * 1024;
const MAX_ERROR_OCTETS = 64 * 1024;
/** A path that has died is found by TCP within half a minute of silence. */
const KEEP_ALIVE_MS = 15_000;
const MAX_CONNECTIONS = 64;
const MAX_REASON = 200;

export class HttpsApi implements KubeApi {
  readonly #deps: HttpsApiDeps;
  readonly #url: URL;
  #agent: Agent | undefined;
  #ca = '';

  /** Throws where the address is none. */
  constructor(deps: HttpsApiDeps) {
    this.#deps = deps;
    this.#url = new URL(deps.url);
    if (this.#url.protocol !== 'https:') throw new Error(`${deps.url} is no https:// address`);
  }

  get url(): string {
    return this.#url.origin;
  }

  get(path: string): Promise<ApiAnswer> {
    return new Promise((resolve) => {
      const { clock } = this.#deps;
      const done = (answer: ApiAnswer): void => {
        clock.cancel(deadline);
        resolve(answer);
      };
      const fail = (failure: ApiFailure): void => done({ ok: false, failure });
      const asked = this.#ask(path, fail);
      const deadline = clock.after(GET_MS, () => asked?.destroy(new Error(`no answer in ${GET_MS / 1000} s`)));
      asked?.on('response', (response) => {
        collect(response, isGood(response) ? MAX_BODY_OCTETS : MAX_ERROR_OCTETS, (body) => {
          if (!body.ok) fail(unreachable(body.reason));
          else if (!isGood(response)) fail(refusedBy(response, body.text));
          else {
            const value = parsed(body.text);
            if (value === undefined) fail(unreachable('an answer that is no JSON'));
            else done({ ok: true, value });
          }
        });
      });
    });
  }

  watch(path: string, user: WatchUser): Watching {
    const { clock } = this.#deps;
    let isOver = false;
    const end = (failure: ApiFailure | undefined): void => {
      clock.cancel(deadline);
      if (isOver) return;
      isOver = true;
      asked?.destroy();
      user.onEnded(failure);
    };
    // A failure that is found at once must not arrive before the caller holds what it can close.
    const asked = this.#ask(path, (failure) => queueMicrotask(() => end(failure)));
    const deadline = clock.after(HEAD_MS, () => end(unreachable(`no answer in ${HEAD_MS / 1000} s`)));
    asked?.on('response', (response) => {
      clock.cancel(deadline);
      if (isGood(response)) readEvents(response, user, { isOver: () => isOver, end });
      else
        collect(response, MAX_ERROR_OCTETS, (body) =>
          end(body.ok ? refusedBy(response, body.text) : unreachable(body.reason)),
        );
    });
    return {
      close: () => {
        isOver = true;
        clock.cancel(deadline);
        asked?.destroy();
      },
    };
  }

  close(): void {
    this.#agent?.destroy();
  }

  /** Undefined: there is nothing to ask with, and `fail` was told. */
  #ask(path: string, fail: (failure: ApiFailure) => void): ClientRequest | undefined {
    let asked: ClientRequest;
    try {
      // Throws for files that are missing, and for a CA that is no PEM.
      asked = request(this.#request(path, readCredentials(this.#deps.credentials)));
    } catch (error) {
      queueMicrotask(() => fail(unreachable(textOf(error))));
      return undefined;
    }
    asked.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    asked.on('error', (error) => fail(unreachable(textOf(error))));
    asked.end();
    return asked;
  }

  #request(path: string, { ca, token }: Credentials): RequestOptions {
    if (this.#agent === undefined || ca !== this.#ca) {
      this.#agent?.destroy();
      this.#agent = new Agent({ keepAlive: true, ca, maxSockets: MAX_CONNECTIONS, maxFreeSockets: 2 });
      this.#ca = ca;
    }
    const host = this.#url.hostname.replace(/^\[(.*)\]$/, '$1');
    return {
      ...{ host, port: this.#url.port === '' ? 443 : this.#url.port, path },
      // RFC 6066 §3: no address in SNI.
      ...(isIP(host) === 0 ? { servername: host } : { servername: '' }),
      agent: this.#agent,
      maxHeaderSize: MAX_HEAD_OCTETS,
      headers: {
        Accept: 'application/json',
        Authorization: `Bearer ${token}`,
        'User-Agent': this.#deps.userAgent,
      },
    };
  }
}

interface WatchState {
  isOver(): boolean;
  end(failure: ApiFailure | undefined): void;
}

function readEvents(response: IncomingMessage, user: WatchUser, { isOver, end }: WatchState): void {
  const cutter = new LineCutter(MAX_BODY_OCTETS);
  user.onOpened();
  response.on('data', (piece: Buffer) => {
    if (isOver()) return;
    const lines = cutter.push(piece);
    if (lines === undefined) return end(unreachable('an event of a watch that is too long'));
    for (const line of lines) {
      if (isOver()) return;
      readEvent(line, user, end);
    }
  });
  response.on('error', (error) => end(unreachable(textOf(error))));
  response.on('end', () => end(undefined));
  response.on('close', () => end(unreachable('the connection was closed')));
}

function readEvent(line: string, user: WatchUser, end: WatchState['end']): void {
  const event = parsed(line);
  const type = member(event, 'type');
  const object = member(event, 'object');
  if (typeof type !== 'string') return end(unreachable('an event of a watch that is no JSON'));
  if (type !== 'ERROR') return user.onEvent(type, object);
  const code = member(object, 'code');
  const status = typeof code === 'number' ? code : 500;
  return end({ kind: 'status', status, reason: reasonOf(object) ?? 'in the watch', retryAfterSeconds: undefined });
}

type Body = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

function collect(response: IncomingMessage, maxOctets: number, done: (body: Body) => void): void {
  const pieces: Buffer[] = [];
  let octets = 0;
  let isOver = false;
  const end = (body: Body): void => {
    if (isOver) return;
    isOver = true;
    done(body);
  };
  response.on('data', (piece: Buffer) => {
    octets += piece.length;
    if (octets <= maxOctets) {
      pieces.push(piece);
      return;
    }
    end({ ok: false, reason: `an answer of more than ${maxOctets} octets` });
    response.destroy();
  });
  response.on('end', () => end({ ok: true, text: Buffer.concat(pieces).toString('utf8') }));
  response.on('error', (error) => end({ ok: false, reason: textOf(error) }));
  response.on('close', () => end({ ok: false, reason: 'the connection was closed' }));
}

function isGood({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function refusedBy(response: IncomingMessage, body: string): ApiFailure {
  const seconds = Number(response.headers['retry-after']);
  return {
    kind: 'status',
    status: response.statusCode ?? 0,
    reason: reasonOf(parsed(body)) ?? response.statusMessage ?? '',
    retryAfterSeconds: Number.isInteger(seconds) && seconds >= 0 ? seconds : undefined,
  };
}

/** Of a Kubernetes `Status`. */
function reasonOf(status: unknown): string | undefined {
  const message = member(status, 'message');
  return typeof message === 'string' ? message.slice(0, MAX_REASON) : undefined;
}

function unreachable(reason: string): ApiFailure {
  return { kind: 'unreachable', reason };
}

/** Undefined: not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node tries IPv6 and IPv4, and says nothing itself where both fail.
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
