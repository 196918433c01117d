/** The runtime's back door: HTTP on a unix socket that only its own user may open, for `kubectl exec` and local mode. */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import { SbcError } from '../kernel/error.ts';
import type { Log } from '../kernel/log.ts';
import { HttpServer, textReply } from './http-server.ts';
import type { HttpReply } from './http-server.ts';

export interface AdminRequest {
  /** What stood in the place of `:name` in the route's path. */
  readonly params: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
}

export type AdminRoute = (request: AdminRequest) => HttpReply | Promise<HttpReply>;

export interface AdminSocketParams {
  readonly path: string;
  /** By method and path: `GET /calls/:id/ladder`. */
  readonly routes: Readonly<Record<string, AdminRoute>>;
  readonly clock: Clock;
  readonly log: Log;
}

interface ParsedRoute {
  readonly method: string;
  readonly segments: readonly string[];
  readonly answer: AdminRoute;
}

const OWNER_ONLY = 0o600;
const MASK_OTHERS = 0o177;
const PLACES = 16;

export class AdminSocket {
  readonly #path: string;
  readonly #routes: readonly ParsedRoute[];
  readonly #server: HttpServer;

  constructor(params: AdminSocketParams) {
    this.#path = params.path;
    this.#routes = Object.entries(params.routes).map(([route, answer]) => parseRoute(route, answer));
    this.#server = new HttpServer({
      answer: (method, url) => this.#answer(method, url),
      ...{ clock: params.clock, log: params.log },
      ...{ places: PLACES, placesPerAddress: PLACES },
    });
  }

  /** Takes the place of a socket that a dead process has left; refuses that of a living one. */
  async start(): Promise<void> {
    try {
      await removeDeadSocket(this.#path);
      await this.#server.whenListening((server) => {
        this.#listen(server);
      });
      chmodSync(this.#path, OWNER_ONLY);
    } catch (error) {
      throw new SbcError('SBC_ADMIN_LISTEN', `Cannot open the admin socket ${this.#path}: ${String(error)}`, {
        cause: error,
      });
    }
  }

  /** Removes the socket as well. */
  close(): Promise<void> {
    return this.#server.close();
  }

  /** A unix socket is bound within `listen`: nobody else can open it even for a moment. */
  #listen(server: Server): void {
    const mask = process.umask(MASK_OTHERS);
    try {
      server.listen(this.#path);
    } finally {
      process.umask(mask);
    }
  }

  #answer(method: string, url: URL): HttpReply | Promise<HttpReply> {
    const segments = segmentsOf(url.pathname);
    const atPath = this.#routes.filter((route) => paramsOf(route, segments) !== undefined);
    const route = atPath.find((candidate) => candidate.method === method);
    const params = route === undefined ? undefined : paramsOf(route, segments);
    if (route !== undefined && params !== undefined) return route.answer({ params, query: url.searchParams });
    if (atPath.length > 0) return textReply(405, `Only ${atPath.map((candidate) => candidate.method).join(', ')}`);
    const known = this.#routes.map((candidate) => `${candidate.method} /${candidate.segments.join('/')}`);
    return textReply(404, `Not found. There is:\n${known.join('\n')}`);
  }
}

function parseRoute(route: string, answer: AdminRoute): ParsedRoute {
  const [method = '', path = ''] = route.split(' ');
  return { method, segments: segmentsOf(path), answer };
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** The values of the route's `:names`; undefined where the path is another one. */
function paramsOf(route: ParsedRoute, segments: readonly string[]): ReadonlyMap<string, string> | undefined {
  if (route.segments.length !== segments.length) return undefined;
  const params = new Map<string, string>();
  for (const [index, wanted] of route.segments.entries()) {
    const found = segments[index] ?? '';
    if (wanted.startsWith(':')) params.set(wanted.slice(1), decoded(found));
    else if (wanted !== found) return undefined;
  }
  return params;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

async function removeDeadSocket(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new Error('something else is in its place; remove it');
  if (await isAnswered(path)) throw new Error('another process serves it; end that one');
  unlinkSync(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
