/** A Kubernetes Status, as it refuses a request. */
export function statusBody(code: number, reason: string, message: string, retryAfterSeconds?: number): unknown {
  const details = retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } };
  return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', code, reason, message, ...details };
}

/** What a handler answers. */
export interface Answer {
  readonly code: number;
  readonly body: unknown;
  readonly retryAfterSeconds?: number | undefined;
}

export function refusal(code: number, reason: string, message = reason, retryAfterSeconds?: number): Answer {
  return { code, body: statusBody(code, reason, message, retryAfterSeconds), retryAfterSeconds };
}
