/**
 * An API server on a loopback socket, in memory, that fails on demand: for tests of the engine and of controllers. It knows
 * the resources of `src/kube/resource.ts`; list (pages, selectors, exact versions), watch (bookmarks, history, 410), create, replace,
 * server-side apply in small (field-ownership.ts), the status subresource, delete (preconditions, finalizers, owned objects).
 * It validates nothing: for schemas, CEL and RBAC there is the real one in test/cluster.
 *
 *     const server = await LoopbackApiServer.start();
 *     server.put(aTrunk);                                              // as kubectl would
 *     const client = server.client();                                  // or: KUBECONFIG with server.kubeconfig()
 *     server.faults.order({ method: 'PATCH' }, { kind: 'status', code: 409, reason: 'Conflict' }, 2);
 *     server.watches.reset('teamstrunks');
 *     await server.requested({ isWatch: true, resource: 'teamstrunks' }, 2);  // the second watch has begun
 *     await server.close();
 *
 * Nothing here waits for a time: what happens, happens when a test says so.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/kernel/clock.ts';
import { ApiConnection } from '../../src/kube/api-connection.ts';
import type { Credentials } from '../../src/kube/credentials.ts';
import { HttpKubeClient } from '../../src/kube/http-kube-client.ts';
import type { HttpKubeClientParams } from '../../src/kube/http-kube-client.ts';
import type { KubeObject } from '../../src/kube/kube-object.ts';
import { resourceOf } from '../../src/kube/resource.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { Faults, matches } from './faults.ts';
import type { Fault, FaultMatch } from './faults.ts';
import { ObjectStorage } from './object-storage.ts';
import { readRequest } from './request-path.ts';
import type { Asked } from './request-path.ts';
import { RequestHandlers } from './request-handlers.ts';
import { refusal } from './status-body.ts';
import type { Answer } from './status-body.ts';
import { WatchStreams } from './watch-streams.ts';

interface Waiting {
  readonly match: FaultMatch;
  readonly times: number;
  readonly resolve: () => void;
}

export class LoopbackApiServer {
  readonly faults = new Faults();
  readonly watches = new WatchStreams();
  readonly storage = new ObjectStorage();
  /** Everything that was asked, in order. */
  readonly requests: Asked[] = [];
  readonly #handlers: RequestHandlers;
  readonly #server: Server;
  readonly #connections: ApiConnection[] = [];
  #waiting: Waiting[] = [];
  #tcpConnections = 0;

  private constructor() {
    this.#handlers = new RequestHandlers({ storage: this.storage, watches: this.watches });
    this.storage.onEvent((resource, event) => this.watches.deliver(resource, event));
    this.#server = createServer((request, response) => void this.#on(request, response));
    this.#server.on('connection', () => this.#tcpConnections++);
  }

  static async start(): Promise<LoopbackApiServer> {
    const server = new LoopbackApiServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** For a file that KUBECONFIG names. */
  kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'loopback', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'test', user: { token: 'test' } }],
      contexts: [{ name: 'loopback', context: { cluster: 'loopback', user: 'test' } }],
      'current-context': 'loopback',
    });
  }

  /** A client of its own; closed with the server. */
  client(params: Partial<HttpKubeClientParams> = {}): HttpKubeClient {
    const clock = params.clock ?? systemClock;
    const connection = new ApiConnection({ credentials: this.credentials(), clock });
    this.#connections.push(connection);
    return new HttpKubeClient({ connection, ...params, clock });
  }

  credentials(): Credentials {
    const tls = { secureContext: undefined, rejectUnauthorized: true, servername: undefined };
    const credential = { tls, authorization: 'Bearer test' };
    return { server: new URL(this.url), current: () => Promise.resolve(credential), forget: () => undefined };
  }

  /** Creates or replaces, as somebody with kubectl would. */
  put(object: KubeObject): KubeObject {
    return this.#handlers.put(object);
  }

  /** As `kubectl delete`: gone at once, unless it has finalizers. */
  delete(resource: Resource, namespace: string | undefined, name: string): void {
    this.#handlers.delete(resource, namespace, name);
  }

  get(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.storage.get(resource, namespace, name);
  }

  list(resource: Resource): readonly KubeObject[] {
    return this.storage.list(resource);
  }

  /** From now on 404, as without its CRD. Watches of it end. */
  unserve(resource: Resource): void {
    this.#handlers.unserved.add(resource.plural);
    this.watches.close(resource.plural);
  }

  serve(resource: Resource): void {
    this.#handlers.unserved.delete(resource.plural);
  }

  /** Who applied or wrote fields of an object: `manager`, `manager/status`. */
  managersOf(object: KubeObject): readonly string[] {
    return this.#handlers.managersOf(resourceOf(object), object);
  }

  /** Resolves when so many requests of a kind have arrived since the start. */
  requested(match: FaultMatch, times = 1): Promise<void> {
    if (this.count(match) >= times) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ match, times, resolve }));
  }

  count(match: FaultMatch): number {
    return this.requests.filter((asked) => matches(match, asked)).length;
  }

  /** Writes other than those of leases and events. */
  get writes(): number {
    return this.requests.filter(({ method, resource }) => method !== 'GET' && resource?.plural !== 'leases' && resource?.plural !== 'events').length; // prettier-ignore
  }

  /** TCP connections that were ever accepted. */
  get tcpConnections(): number {
    return this.#tcpConnections;
  }

  async #on(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = readRequest(request.method ?? 'GET', request.url ?? '/');
    const body = await readBody(request);
    this.requests.push(asked);
    const fault = this.faults.take(asked);
    if (fault?.kind === 'hold') {
      this.#wake();
      await fault.until;
    }
    if (fault?.kind === 'reset') request.socket.resetAndDestroy();
    else if (fault?.kind === 'status') reply(response, refusalOf(fault));
    else if (fault?.kind !== 'silence') this.#carryOut(asked, body, response, fault);
    this.#wake();
  }

  #carryOut(asked: Asked, body: string, response: ServerResponse, fault: Fault | undefined): void {
    const answer = this.#handlers.answer(asked, body, response);
    if (answer === 'streaming') return;
    if (fault?.kind === 'lost-answer') response.socket?.resetAndDestroy();
    else reply(response, answer);
  }

  #wake(): void {
    const ready = this.#waiting.filter(({ match, times }) => this.count(match) >= times);
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
    for (const { resolve } of ready) resolve();
  }
}

function refusalOf({ code, reason, retryAfterSeconds }: Extract<Fault, { kind: 'status' }>): Answer {
  return refusal(code, reason ?? '', `ordered by a test: ${String(code)}`, retryAfterSeconds);
}

function reply(response: ServerResponse, { code, body, retryAfterSeconds }: Answer): void {
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  try {
    for await (const chunk of request) body += String(chunk);
  } catch {
    // The client has gone; what it asked is of no more interest.
  }
  return body;
}
