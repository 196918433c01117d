/** Retry-After (RFC 3261 §20.33): a number of seconds, then perhaps a comment and parameters. */
import type { Response } from './message.ts';

/** Whole seconds; undefined where the header is absent or starts with no number. */
export function retryAfterSeconds(response: Response): number | undefined {
  const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  return Number.isSafeInteger(seconds) && seconds >= 0 ? seconds : undefined;
}
