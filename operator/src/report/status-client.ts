/** Asks one pod over TLS, pinned to the certificate of its instance. */
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../kernel/clock.ts';
import { statusServerName } from '../objects/status-secret.ts';

export interface StatusCredentials {
  /** PEM: the certificates that a pod may show, the current one and those that it may still have mounted. */
  readonly certificates: readonly string[];
  /** The bearer token. */
  readonly token: string;
}

export interface PodCredentials extends StatusCredentials {
  /** Of a Secret that was there before and is gone: pods that began with it may know nothing else. */
  readonly former?: readonly StatusCredentials[] | undefined;
}

/** Somebody answers, and certificate or token of the Secret are not those that it knows. */
export class NotOurs extends Error {
  override readonly name = 'NotOurs';
}

export interface StatusPlace {
  readonly address: string;
  readonly port: number;
}

export interface StatusQuestion extends StatusPlace {
  readonly path: '/status' | '/status/summary';
  /** Octets; a longer answer is no answer. */
  readonly maxLength: number;
}

/** Rejects where there is no answer, with the reason in words. */
export interface StatusAsking {
  ask(question: StatusQuestion, credentials: PodCredentials): Promise<string>;
  close(): void;
}

/** Rejects where the pod does not take it, with the reason in words. */
export interface CallEnding {
  /** The one order that a pod takes: a runtime that drains hangs up every call. As often as one likes. */
  endCalls(place: StatusPlace, credentials: PodCredentials): Promise<void>;
}

interface Exchange extends StatusPlace {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly maxLength: number;
  readonly wanted: number;
}

const MAX_CONFIRMATION = 1024;
const TIMEOUT_MS = 5000;
/** Agents, one for each set of credentials; the oldest goes first. */
const MAX_AGENTS = 256;

export class StatusClient implements StatusAsking, CallEnding {
  readonly #clock: Clock;
  readonly #agents = new Map<string, Agent>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  ask(question: StatusQuestion, credentials: PodCredentials): Promise<string> {
    return this.#withAny({ ...question, method: 'GET', wanted: 200 }, credentials);
  }

  async endCalls(place: StatusPlace, credentials: PodCredentials): Promise<void> {
    const order = { ...place, method: 'POST', path: '/calls/end', maxLength: MAX_CONFIRMATION, wanted: 202 } as const;
    await this.#withAny(order, credentials);
  }

  /** Each former token goes to a pod alone that shows the certificate which came with it. */
  async #withAny(question: Exchange, { former = [], ...current }: PodCredentials): Promise<string> {
    let failure: unknown;
    for (const credentials of [current, ...former]) {
      try {
        return await this.#exchange(question, credentials);
      } catch (error) {
        if (!(error instanceof NotOurs)) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }

  #exchange(question: Exchange, credentials: StatusCredentials): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const outgoing = request({
      host: question.address,
      port: question.port,
      path: question.path,
      method: question.method,
      // Pods are asked by their address; this is the one name in the certificate.
      servername: statusServerName,
      agent: this.#agentFor(credentials),
      headers: { authorization: `Bearer ${credentials.token}`, accept: 'application/json' },
    });
    const timer = this.#clock.after(TIMEOUT_MS, () => {
      outgoing.destroy(new Error(`no answer within ${String(TIMEOUT_MS / 1000)} s`));
    });
    outgoing.on('response', (response) => {
      readBody(response, question).then(resolve, (error: unknown) => {
        outgoing.destroy();
        reject(asError(error));
      });
    });
    outgoing.on('error', (error) => reject(inOwnWords(error)));
    outgoing.end();
    return promise.finally(() => timer.cancel());
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #agentFor({ certificates }: StatusCredentials): Agent {
    const key = certificates.join('');
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#agents.keys();
    if (this.#agents.size >= MAX_AGENTS && oldest !== undefined) {
      this.#agents.get(oldest)?.destroy();
      this.#agents.delete(oldest);
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 2, maxFreeSockets: 1, ca: [...certificates] });
    this.#agents.set(key, agent);
    return agent;
  }
}

async function readBody(response: IncomingMessage, { maxLength, wanted }: Exchange): Promise<string> {
  const { statusCode = 0 } = response;
  if (statusCode !== wanted) {
    response.resume();
    if (statusCode === 401) throw new NotOurs('it does not take the token of its status Secret');
    throw new Error(`it answered ${String(statusCode)}`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxLength) throw new Error(`its answer is longer than ${String(maxLength)} octets`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** As Node names what OpenSSL says of a certificate that is not one of ours. */
const foreignCertificate: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Those of Node give advice that is for others. */
function inOwnWords(error: Error): Error {
  const code = 'code' in error ? error.code : undefined;
  if (foreignCertificate.has(code)) return new NotOurs('it shows another certificate than its status Secret holds');
  if (code === 'CERT_HAS_EXPIRED') return new Error('the certificate of its status endpoint has expired');
  if (code === 'CERT_NOT_YET_VALID')
    return new Error('the certificate of its status endpoint is not valid yet: compare the clocks of the nodes');
  return error;
}
