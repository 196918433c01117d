/** The log as a dependency: fixed messages, facts as fields. Secrets and full bodies never go in. */

export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /** Read before building facts on a hot path: a line nobody reads is not formatted. */
  readonly debugEnabled: boolean;
  debug(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
  error(message: string, facts?: Facts): void;
  /** A log whose lines all carry `facts`. */
  child(facts: Facts): Log;
}

/** Swallows everything; for tests. */
export const silentLog: Log = {
  debugEnabled: false,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
