/** Reads what the API server answers: objects, lists, watch lines, Status. */
import type { ApiAnswer } from './api-connection.ts';
import { ApiError, ConnectionError } from './api-error.ts';
import type { ListPage, WatchEventType } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { apiVersionOf } from './resource.ts';
import type { Resource } from './resource.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

const longestMessage = 1000;

export function apiErrorOf({ status, body, retryAfter }: ApiAnswer): ApiError {
  const told = statusIn(body);
  const fromHeader = retryAfter === undefined ? NaN : Number(retryAfter);
  return new ApiError({
    code: status,
    reason: told.reason ?? '',
    message: (told.message ?? (body.trim() || `HTTP ${status}`)).slice(0, longestMessage),
    retryAfterSeconds: Number.isFinite(fromHeader) ? fromHeader : told.details?.retryAfterSeconds,
  });
}

function statusIn(body: string): Status {
  if (!body.startsWith('{')) return {};
  try {
    return JSON.parse(body) as Status;
  } catch {
    return {};
  }
}

export function readObject({ body }: ApiAnswer, resource: Resource): KubeObject {
  return asObject(parse(body), resource);
}

export function readPage({ body }: ApiAnswer, resource: Resource): ListPage {
  const page = parse(body) as {
    readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
    readonly items?: readonly unknown[] | null;
  };
  const { resourceVersion, continue: next } = page.metadata ?? {};
  if (resourceVersion === undefined) throw new ConnectionError('Cannot read the list: it has no resourceVersion');
  const items = (page.items ?? []).map((item) => asObject(item, resource));
  return next === undefined || next === '' ? { items, resourceVersion } : { items, resourceVersion, continue: next };
}

/** Throws an `ApiError` for the stream's `ERROR` event: a 410 comes this way too. */
export function readWatchLine(
  line: string,
  resource: Resource,
): { readonly type: WatchEventType; readonly object: KubeObject } {
  const { type, object } = parse(line) as { readonly type?: string; readonly object?: unknown };
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: asObject(object, resource) };
    case 'BOOKMARK':
      return { type, object: object as KubeObject };
    case 'ERROR': {
      const { code, reason, message, details } = object as Status;
      throw new ApiError({
        code: code ?? 500,
        reason: reason ?? '',
        message: message ?? 'the watch ended with an error',
        retryAfterSeconds: details?.retryAfterSeconds,
      });
    }
    case undefined:
    default:
      throw new ConnectionError(`Cannot read the watch: event type ${String(type).slice(0, 40)}`);
  }
}

/** The items of a list of a built-in kind carry neither apiVersion nor kind. */
function asObject(value: unknown, resource: Resource): KubeObject {
  const object = value as { apiVersion?: string; kind?: string; metadata?: { name?: string } } | null | undefined;
  if (typeof object?.metadata?.name !== 'string') {
    throw new ConnectionError(`Cannot read the answer: it is no ${resource.kind}`);
  }
  object.apiVersion ??= apiVersionOf(resource);
  object.kind ??= resource.kind;
  return object as KubeObject;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConnectionError('Cannot read the answer: it is no JSON', { cause: error });
  }
}
