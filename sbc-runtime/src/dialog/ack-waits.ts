/** The 2xx responses of one leg that wait for their ACK: hardly ever more than one, see `MAX_UNACKNOWLEDGED`. */
import type { Response } from '../sip/message.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';
import { AckWait } from './ack-wait.ts';
import type { LegDependencies } from './leg-dependencies.ts';

export class AckWaits {
  readonly #waits: AckWait[] = [];

  get size(): number {
    return this.#waits.length;
  }

  /** The 2xx that confirmed the dialog is among them. */
  get hasInitial(): boolean {
    return this.#waits.some((wait) => wait.isInitial);
  }

  start(
    dependencies: LegDependencies,
    sent: { readonly transaction: ServerTransaction; readonly response: Response; readonly isInitial: boolean },
    onTimeout: () => void,
  ): void {
    this.#waits.push(new AckWait(dependencies, sent, onTimeout));
  }

  /** The wait that an ACK with this CSeq number ends; undefined where none waits for it. */
  acknowledged(sequence: number): AckWait | undefined {
    const at = this.#waits.findIndex((wait) => wait.sequence === sequence);
    const wait = this.#waits[at];
    if (wait === undefined) return undefined;
    wait.stop();
    this.#waits.splice(at, 1);
    return wait;
  }

  stopAll(): void {
    for (const wait of this.#waits) wait.stop();
    this.#waits.length = 0;
  }
}
