/** What all four transaction shells share: at most one retransmission timer and one timer that ends a state. */
import type { Timer } from '../kernel/clock.ts';
import { durationMs, isRetransmissionTimer } from './timers.ts';
import type { StartTimer, TimerName } from './timers.ts';
import type { TransactionRoom } from './transaction-room.ts';

export abstract class TimedTransaction {
  protected readonly room: TransactionRoom;
  #retransmission: Timer | undefined;
  #retransmissionMs = 0;
  #deadline: Timer | undefined;

  constructor(room: TransactionRoom) {
    this.room = room;
  }

  protected abstract onTimer(timer: TimerName): void;

  protected startTimer({ timer, after }: StartTimer): void {
    const { clock, timers } = this.room;
    if (isRetransmissionTimer(timer)) {
      this.#retransmissionMs = durationMs(after, this.#retransmissionMs, timers);
      this.#retransmission = clock.after(this.#retransmissionMs, () => {
        this.#retransmission = undefined;
        this.onTimer(timer);
      });
      return;
    }
    this.#deadline = clock.after(durationMs(after, 0, timers), () => {
      this.#deadline = undefined;
      this.onTimer(timer);
    });
  }

  protected stopTimer(timer: TimerName): void {
    if (isRetransmissionTimer(timer)) {
      if (this.#retransmission !== undefined) this.room.clock.cancel(this.#retransmission);
      this.#retransmission = undefined;
      return;
    }
    if (this.#deadline !== undefined) this.room.clock.cancel(this.#deadline);
    this.#deadline = undefined;
  }
}
