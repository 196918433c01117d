/** What every leg stands on, one object for the whole room. */
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Random } from '../kernel/random.ts';
import type { Credentials } from '../sip/digest.ts';
import type { RequestTimers, ServerTransaction, Transactions } from '../transaction/transaction-user.ts';

export interface LegDependencies {
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timers: RequestTimers;
  /** Option tags that may stand in Require, in lower case. */
  readonly supported: readonly string[];
  /** What the trunk answers 401 and 407 with; undefined where it has none. Asked each time: Secrets change. */
  readonly credentials: (trunk: string) => Credentials | undefined;
  /** Takes a leg that is over out of the table; a second call does nothing. */
  readonly forget: (leg: { readonly localTag: string }) => void;
  /** A received INVITE has its final response: it can not be cancelled any more. */
  readonly answered: (invite: ServerTransaction) => void;
}
