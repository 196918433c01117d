/** The few requests that the test makes of the API server, with the token of its pod. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { PlannedObject } from './objects.ts';
import type { Settings } from './settings.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

/** What the test reads of any object. */
export interface FoundObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation?: number };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly address?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

export interface ApiAnswer {
  readonly status: number;
  readonly object: FoundObject;
  /** What the API server says of a refusal; empty where it did what was asked. */
  readonly message: string;
}

const TIMEOUT_MS = 15_000;
const PATHS: Readonly<Record<string, string>> = {
  v1: '/api/v1',
  'teams-sbc.dev/v1alpha1': '/apis/teams-sbc.dev/v1alpha1',
};

export class KubeApi {
  readonly #settings: Settings;
  readonly #ca: Buffer;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#ca = readFileSync(join(settings.accountDirectory, 'ca.crt'));
  }

  get(apiVersion: string, plural: string, name: string): Promise<ApiAnswer> {
    return this.#send('GET', `${this.#path(apiVersion, plural)}/${name}`);
  }

  create({ plural, ...object }: PlannedObject): Promise<ApiAnswer> {
    return this.#send('POST', this.#path(object.apiVersion, plural), object);
  }

  /** That very object and no other of its name; its dependents go first. */
  delete(apiVersion: string, plural: string, { name, uid }: FoundObject['metadata']): Promise<ApiAnswer> {
    const options = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid },
      propagationPolicy: 'Foreground',
    };
    return this.#send('DELETE', `${this.#path(apiVersion, plural)}/${name}`, options);
  }

  #path(apiVersion: string, plural: string): string {
    return `${PATHS[apiVersion] ?? ''}/namespaces/${this.#settings.namespace}/${plural}`;
  }

  async #send(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const { apiServer, accountDirectory } = this.#settings;
    const content = body === undefined ? '' : JSON.stringify(body);
    // Read each time: the kubelet renews it.
    const token = readFileSync(join(accountDirectory, 'token'), 'utf8').trim();
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'content-type': 'application/json',
      // Node frames no body of a DELETE by itself.
      'content-length': Buffer.byteLength(content),
    };
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const outgoing = request(new URL(path, apiServer), { method, headers, ca: this.#ca, timeout: TIMEOUT_MS });
      outgoing.once('response', (incoming) => {
        text(incoming).then((said) => resolve({ status: incoming.statusCode ?? 0, body: said }), reject);
      });
      outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
      outgoing.once('error', (error) => reject(new Error(`Cannot ask the API server ${apiServer}: ${error.message}`)));
      outgoing.end(content);
    });
    return read(answer);
  }
}

function read({ status, body }: { readonly status: number; readonly body: string }): ApiAnswer {
  try {
    const object = JSON.parse(body) as FoundObject & { readonly message?: string };
    return { status, object, message: status < 300 ? '' : (object.message ?? body) };
  } catch {
    return { status, object: { metadata: { name: '', uid: '' } }, message: body.slice(0, 200) };
  }
}
