/** A 2xx of ours that waits for its ACK: the shell around `ack-schedule.ts`. */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Response } from '../sip/message.ts';
import type { RequestTimers, ServerTransaction } from '../transaction/transaction-user.ts';
import { startWaiting, whenDue, type AckSchedule } from './ack-schedule.ts';
import type { LegDependencies } from './leg-dependencies.ts';

export class AckWait {
  /** CSeq number of the INVITE: its ACK has the same (RFC 3261 §13.2.2.4). */
  readonly sequence: number;
  /** True for the 2xx that confirmed the dialog. */
  readonly isInitial: boolean;
  readonly #dependencies: LegDependencies;
  readonly #transaction: ServerTransaction;
  readonly #response: Response;
  readonly #onTimeout: () => void;
  #schedule: AckSchedule;
  #timer: Timer;

  constructor(
    dependencies: LegDependencies,
    sent: { readonly transaction: ServerTransaction; readonly response: Response; readonly isInitial: boolean },
    onTimeout: () => void,
  ) {
    this.sequence = sent.transaction.request.cseq.number;
    this.isInitial = sent.isInitial;
    this.#dependencies = dependencies;
    this.#transaction = sent.transaction;
    this.#response = sent.response;
    this.#onTimeout = onTimeout;
    this.#schedule = startWaiting(this.#timers);
    this.#timer = this.#start();
  }

  stop(): void {
    this.#clock.cancel(this.#timer);
  }

  get #clock(): Clock {
    return this.#dependencies.clock;
  }

  get #timers(): RequestTimers {
    return this.#dependencies.timers;
  }

  #start(): Timer {
    return this.#clock.after(this.#schedule.waitMs, () => {
      this.#due();
    });
  }

  #due(): void {
    const step = whenDue(this.#schedule, this.#timers);
    if (step.kind === 'give-up') {
      this.#onTimeout();
      return;
    }
    this.#schedule = step.next;
    this.#timer = this.#start();
    this.#transaction.respond(this.#response);
  }
}
