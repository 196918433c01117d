/** Hands a result to whoever waits for it, so that a fault in there ends nothing but itself. */
import type { Log } from '../kernel/log.ts';

export function deliver<Result>(log: Log, done: (result: Result) => void, result: Result): void {
  try {
    done(result);
  } catch (error) {
    log.error('Bug in the receiver of a media result', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}
