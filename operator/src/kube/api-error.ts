/** How a request to the API server fails: it answered and refused, or it did not answer. */

export interface ApiErrorFacts {
  /** HTTP status, or the code of a `Status` in a watch. */
  readonly code: number;
  /** The `reason` of the API server's Status: `Conflict`, `AlreadyExists`, `Expired`… Empty where the body was no Status. */
  readonly reason: string;
  readonly message: string;
  /** What the server asks to wait; the client itself repeats nothing. */
  readonly retryAfterSeconds?: number | undefined;
}

/** The API server answered, with a status that is no success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor({ code, reason, message, retryAfterSeconds }: ApiErrorFacts) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Somebody wrote in between (409 Conflict), or made it before us (409 AlreadyExists). */
  get isConflict(): boolean {
    return this.code === 409;
  }

  /** The namespace is going or gone: nothing can be made in it any more. The API server has no reason of its own for it. */
  get isNamespaceGone(): boolean {
    if (this.code === 403) return this.message.endsWith('because it is being terminated');
    return this.code === 404 && this.message.startsWith('namespaces "');
  }

  /** The resourceVersion is too old: only a new list helps. */
  get isGone(): boolean {
    return this.code === 410;
  }
}

/** No answer: refused, reset, timed out, too large or not HTTP. Whether a write was done is not known. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** Something in the cluster is in the way, and the sentence says what: no bug, so where it was noticed helps nobody. */
export class Obstacle extends Error {
  override readonly name: string = 'Obstacle';
}

/** The lease has run out, or never was ours: the write was not started. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused';
}
