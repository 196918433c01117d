/** A plain JSON client of the API server for tests: no retries, no cache, the answer as it came. */
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';

export interface ApiCredentials {
  readonly server: string;
  readonly ca: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
}

/** Whatever the API server says: what a test reads of it, the test judges. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Said = any;

export interface ApiAnswer<T = Said> {
  readonly status: number;
  /** The parsed JSON; the text where it is none. */
  readonly body: T;
  /** `Warning` headers (RFC 7234 §5.5), such as those for unknown fields. */
  readonly warnings: readonly string[];
}

export interface ApiRequest {
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
}

export type WatchEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Said;
};

const REQUEST_MS = 30_000;

export class ApiClient {
  readonly #credentials: ApiCredentials;
  readonly #agent: Agent;

  constructor(credentials: ApiCredentials) {
    this.#credentials = credentials;
    const { ca, certificate, key } = credentials;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 16,
      ca,
      ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
    });
  }

  async send<T = Said>(method: string, path: string, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    const answer = await this.#open(method, path, request, REQUEST_MS);
    let text = '';
    answer.setEncoding('utf8');
    for await (const part of answer) text += String(part);
    return {
      status: answer.statusCode ?? 0,
      body: parse(text) as T,
      warnings: [answer.headers['warning'] ?? []].flat(),
    };
  }

  get<T = Said>(path: string, query?: Readonly<Record<string, string>>): Promise<ApiAnswer<T>> {
    return this.send('GET', path, query === undefined ? {} : { query });
  }

  /** Every event until the server ends the watch or the signal ends it. */
  async *watch(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const answer = await this.#open('GET', path, { query: { ...query, watch: 'true' } }, 0);
    const stop = () => answer.destroy();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      let rest = '';
      answer.setEncoding('utf8');
      for await (const part of answer) {
        const lines = (rest + String(part)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield JSON.parse(line) as WatchEvent;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      answer.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(method: string, path: string, request: ApiRequest, timeout: number): Promise<IncomingMessage> {
    const url = new URL(path, this.#credentials.server);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const headers: Record<string, string | number> = { accept: request.accept ?? 'application/json' };
    if (this.#credentials.token !== undefined) headers['authorization'] = `Bearer ${this.#credentials.token}`;
    if (body !== undefined) {
      headers['content-type'] = request.contentType ?? 'application/json';
      headers['content-length'] = body.length;
    }
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest(url, { method, headers, agent: this.#agent, timeout }, resolve);
      outgoing.once('error', reject);
      outgoing.once('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer in ${timeout} ms`)));
      outgoing.end(body);
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
