/** What the mirror asks of an API server. Failures are values: an API server that is away is an everyday thing. */

export type ApiFailure =
  /** It answered, but not with 2xx. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly reason: string;
      readonly retryAfterSeconds: number | undefined;
    }
  /** No connection, no answer in time, or no answer that can be read. */
  | { readonly kind: 'unreachable'; readonly reason: string };

export type ApiAnswer =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: ApiFailure };

export interface WatchUser {
  /** The answer has begun. */
  onOpened(): void;
  onEvent(type: string, object: unknown): void;
  /** The last that is heard of this watch. Undefined: the server ended it as servers do, after its `timeoutSeconds`. */
  onEnded(failure: ApiFailure | undefined): void;
}

export interface Watching {
  /** `onEnded` is not called any more. */
  close(): void;
}

export interface KubeApi {
  /** For messages: `https://10.96.0.1:443`. */
  readonly url: string;
  get(path: string): Promise<ApiAnswer>;
  watch(path: string, user: WatchUser): Watching;
  close(): void;
}

/** For logs and refusals. */
export function failureText(failure: ApiFailure): string {
  return failure.kind === 'status' ? `${failure.status} ${failure.reason}` : failure.reason;
}
