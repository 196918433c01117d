/**
 * Provisional responses that are repeated until their PRACK comes (RFC 3262 §3), one at a time: the schedule is T1,
 * doubled each time, and after 64*T1 the wait is over. One object for an INVITE that requires `100rel`.
 */
import type { Timer } from '../kernel/clock.ts';
import type { Request, Response } from '../sip/message.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';
import type { LegDependencies } from './leg-dependencies.ts';

/** Nobody rings so often while one PRACK is missing: what comes beyond is not sent. */
const MAX_WAITING = 16;
/** RFC 3262 §3: the first number is between 1 and 2^31 - 1; there must be room to count. */
const MAX_FIRST = 0x4000_0000;

interface Provisional {
  readonly response: Response;
  readonly hasSdp: boolean;
}

export class ReliableProvisionals {
  readonly #dependencies: LegDependencies;
  readonly #invite: ServerTransaction;
  /** CSeq number of the INVITE. */
  readonly #sequence: number;
  readonly #onGivenUp: () => void;
  readonly #waiting: Provisional[] = [];
  #number: number;
  #sent: Provisional | undefined;
  #timer: Timer | undefined;
  #waitMs = 0;
  #elapsedMs = 0;

  constructor(dependencies: LegDependencies, invite: ServerTransaction, onGivenUp: () => void) {
    this.#dependencies = dependencies;
    this.#invite = invite;
    this.#sequence = invite.request.cseq.number;
    this.#onGivenUp = onGivenUp;
    this.#number = dependencies.random.below(MAX_FIRST);
  }

  /** RFC 3262 §3: no 2xx while a session description is not acknowledged. */
  get holdsBack2xx(): boolean {
    return this.#sent?.hasSdp === true || this.#waiting.some(({ hasSdp }) => hasSdp);
  }

  send(response: Response, hasSdp: boolean): void {
    if (this.#sent !== undefined) {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ response, hasSdp });
      return;
    }
    this.#number += 1;
    response.headers.append('Require', '100rel').append('RSeq', String(this.#number));
    this.#sent = { response, hasSdp };
    this.#elapsedMs = 0;
    this.#waitMs = this.#dependencies.timers.T1;
    this.#repeatLater();
    this.#invite.respond(response);
  }

  /** False where the PRACK is for no response that waits for one. */
  acknowledged(prack: Request): boolean {
    if (this.#sent === undefined) return false;
    const [number, sequence, method] = (prack.headers.get('RAck') ?? '').split(/[ \t]+/, 4);
    if (number !== String(this.#number) || sequence !== String(this.#sequence) || method !== 'INVITE') return false;
    this.#stopTimer();
    this.#sent = undefined;
    return true;
  }

  /** After the 200 of a PRACK. */
  sendNext(): void {
    const next = this.#sent === undefined ? this.#waiting.shift() : undefined;
    if (next !== undefined) this.send(next.response, next.hasSdp);
  }

  /** The INVITE has its final response: nothing is repeated, a PRACK that is under way is still known. */
  stop(): void {
    this.#stopTimer();
    this.#waiting.length = 0;
  }

  #repeatLater(): void {
    this.#timer = this.#dependencies.clock.after(this.#waitMs, () => {
      this.#due();
    });
  }

  #due(): void {
    const endMs = 64 * this.#dependencies.timers.T1;
    this.#elapsedMs += this.#waitMs;
    if (this.#elapsedMs >= endMs) {
      this.#onGivenUp();
      return;
    }
    this.#waitMs = Math.min(2 * this.#waitMs, endMs - this.#elapsedMs);
    this.#repeatLater();
    if (this.#sent !== undefined) this.#invite.respond(this.#sent.response);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#dependencies.clock.cancel(this.#timer);
    this.#timer = undefined;
  }
}
