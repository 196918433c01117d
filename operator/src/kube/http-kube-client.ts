/** `KubeClient` over an `ApiConnection`: paths, bodies and what an answer means. */
import type { Clock } from '../kernel/clock.ts';
import type { ApiAnswer, ApiConnection, ApiRequest, Lane } from './api-connection.ts';
import { ConnectionError, WriteRefused } from './api-error.ts';
import { apiErrorOf, readObject, readPage, readWatchLine } from './api-answer.ts';
import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  ListPage,
  ListQuery,
  ObjectPlace,
  WatchEvents,
  WatchQuery,
  WriteGate,
} from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { groupPathOf, pathOf, resourceOf } from './resource.ts';
import type { Place, Resource } from './resource.ts';

export type Verb = 'get' | 'list' | 'watch' | 'apply' | 'create' | 'replace' | 'delete' | 'discover';

export interface RequestFacts {
  readonly verb: Verb;
  /** The plural: a closed list (resource.ts). */
  readonly resource: string;
  /** The HTTP status, or `unreachable`, or `refused` by the write gate. */
  readonly code: number | 'unreachable' | 'refused';
  /** Of a watch: to its head. */
  readonly durationMs: number;
}

export interface HttpKubeClientParams {
  readonly connection: ApiConnection;
  readonly clock: Clock;
  /** Absent: writes are always allowed. The lease's own client has none. */
  readonly gate?: WriteGate | undefined;
  /** Default `requests`. */
  readonly lane?: Exclude<Lane, 'watches'> | undefined;
  /** Of one request, a page of a list included. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  readonly onRequest?: ((facts: RequestFacts) => void) | undefined;
}

type Asked = Pick<ApiRequest, 'method' | 'path'> & Partial<ApiRequest>;

/** Patches under this type are merged by field ownership; JSON is YAML. */
const applyPatch = 'application/apply-patch+yaml';

export class HttpKubeClient implements KubeClient {
  readonly #connection: ApiConnection;
  readonly #clock: Clock;
  readonly #gate: WriteGate | undefined;
  readonly #lane: Lane;
  readonly #timeoutMs: number;
  readonly #onRequest: (facts: RequestFacts) => void;

  constructor({ connection, clock, gate, lane, timeoutMs, onRequest }: HttpKubeClientParams) {
    this.#connection = connection;
    this.#clock = clock;
    this.#gate = gate;
    this.#lane = lane ?? 'requests';
    this.#timeoutMs = timeoutMs ?? 30_000;
    this.#onRequest = onRequest ?? (() => undefined);
  }

  async get(resource: Resource, at: ObjectPlace): Promise<KubeObject | undefined> {
    const answer = await this.#ask('get', resource, { method: 'GET', path: pathOf(resource, at) });
    return answer.status === 404 ? undefined : readObject(succeeded(answer), resource);
  }

  async list(resource: Resource, query: ListQuery): Promise<ListPage> {
    const path = pathOf(resource, { namespace: query.namespace }) + listQueryOf(query);
    return readPage(succeeded(await this.#ask('list', resource, { method: 'GET', path })), resource);
  }

  async apply(object: KubeObject, { fieldManager, force, subresource }: ApplyOptions): Promise<KubeObject> {
    const resource = resourceOf(object);
    const path = `${placeOf(object, resource, { subresource })}?fieldManager=${encodeURIComponent(fieldManager)}&force=${force ?? true}`;
    const body = JSON.stringify(object);
    const answer = await this.#write('apply', resource, { method: 'PATCH', path, body, contentType: applyPatch });
    return readObject(succeeded(answer), resource);
  }

  async create(object: KubeObject): Promise<KubeObject> {
    const resource = resourceOf(object);
    const path = pathOf(resource, { namespace: object.metadata.namespace });
    const answer = await this.#write('create', resource, { method: 'POST', path, body: JSON.stringify(object) });
    return readObject(succeeded(answer), resource);
  }

  async replace(object: KubeObject, at: Pick<Place, 'subresource'> = {}): Promise<KubeObject> {
    const resource = resourceOf(object);
    const path = placeOf(object, resource, at);
    const answer = await this.#write('replace', resource, { method: 'PUT', path, body: JSON.stringify(object) });
    return readObject(succeeded(answer), resource);
  }

  async delete(resource: Resource, at: ObjectPlace, options: DeleteOptions = {}): Promise<boolean> {
    const { uid, resourceVersion, ...others } = options;
    const preconditions = {
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    };
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions, ...others });
    const answer = await this.#write('delete', resource, { method: 'DELETE', path: pathOf(resource, at), body });
    if (answer.status === 404) return false;
    succeeded(answer);
    return true;
  }

  async watch(resource: Resource, query: WatchQuery, events: WatchEvents, signal: AbortSignal): Promise<void> {
    const path = pathOf(resource, { namespace: query.namespace }) + watchQueryOf(query);
    const startMs = this.#clock.nowMs();
    const seen = (code: RequestFacts['code']) => this.#count('watch', resource, code, startMs);
    const reader = {
      onOpen: () => {
        seen(200);
        events.onOpen?.();
      },
      onLine: (line: string) => {
        const { type, object } = readWatchLine(line, resource);
        events.onEvent(type, object);
      },
    };
    const request = { method: 'GET', path, lane: 'watches', timeoutMs: this.#timeoutMs } as const;
    const answer = await this.#connection.stream(request, reader, signal);
    if (answer === undefined) return;
    seen(answer.status);
    throw apiErrorOf(answer);
  }

  async isServed(resource: Resource): Promise<boolean> {
    const answer = await this.#ask('discover', resource, { method: 'GET', path: groupPathOf(resource) });
    if (answer.status === 404) return false;
    const found: unknown = JSON.parse(succeeded(answer).body);
    const { resources } = found as { readonly resources?: readonly { readonly name?: unknown }[] };
    return resources?.some(({ name }) => name === resource.plural) === true;
  }

  #write(verb: Verb, resource: Resource, request: Asked): Promise<ApiAnswer> {
    return this.#ask(verb, resource, { ...request, gate: this.#gate });
  }

  async #ask(verb: Verb, resource: Resource, request: Asked): Promise<ApiAnswer> {
    const startMs = this.#clock.nowMs();
    try {
      if (request.gate?.mayWrite === false)
        throw new WriteRefused('Cannot write: this process does not hold the lease');
      const answer = await this.#connection.request({ lane: this.#lane, timeoutMs: this.#timeoutMs, ...request });
      this.#count(verb, resource, answer.status, startMs);
      return answer;
    } catch (error) {
      if (error instanceof WriteRefused) this.#count(verb, resource, 'refused', startMs);
      else if (error instanceof ConnectionError) this.#count(verb, resource, 'unreachable', startMs);
      throw error;
    }
  }

  #count(verb: Verb, { plural }: Resource, code: RequestFacts['code'], startMs: number): void {
    this.#onRequest({ verb, resource: plural, code, durationMs: this.#clock.nowMs() - startMs });
  }
}

function placeOf({ metadata }: KubeObject, resource: Resource, at: Pick<Place, 'subresource'>): string {
  return pathOf(resource, { namespace: metadata.namespace, name: metadata.name, ...at });
}

function succeeded(answer: ApiAnswer): ApiAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw apiErrorOf(answer);
}

function listQueryOf(query: ListQuery): string {
  return queryOf({
    labelSelector: query.labelSelector,
    fieldSelector: query.fieldSelector,
    limit: query.limit,
    continue: query.continue,
    // A continue token carries its own version; the API server refuses both together.
    resourceVersion: query.continue === undefined ? query.resourceVersion : undefined,
    resourceVersionMatch: query.continue === undefined ? query.resourceVersionMatch : undefined,
  });
}

function watchQueryOf({ labelSelector, fieldSelector, resourceVersion, timeoutSeconds }: WatchQuery): string {
  return queryOf({
    watch: 'true',
    allowWatchBookmarks: 'true',
    labelSelector,
    fieldSelector,
    resourceVersion,
    timeoutSeconds,
  });
}

function queryOf(parameters: Readonly<Record<string, string | number | undefined>>): string {
  let query = '';
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query += `${query === '' ? '?' : '&'}${name}=${encodeURIComponent(value)}`;
  }
  return query;
}
