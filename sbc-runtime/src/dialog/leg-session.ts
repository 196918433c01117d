/** The session timer of a leg at work: the shell around `session-timer.ts`. Does nothing where `timer` is not supported. */
import type { Timer } from '../kernel/clock.ts';
import type { Request, Response } from '../sip/message.ts';
import { retryAfterSeconds } from '../sip/retry-after.ts';
import type { HeaderPair } from '../transaction/transaction-user.ts';
import type { RequestResult } from './invite-user.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import type { SessionSnapshot } from './leg-snapshot.ts';
import { agreedBy, demandedBy, isTooShort, MIN_SE_SECONDS, sessionAnswer } from './session-interval.ts';
import {
  noSessionTimer,
  raised,
  refresherOf,
  step,
  type SessionEffect,
  type SessionEvent,
  type SessionTimer,
} from './session-timer.ts';

export interface SessionOwner {
  /** RFC 3261 §14.1: who chose the Call-ID waits longer after a 491. */
  readonly ownsCallId: boolean;
  refreshSession(): void;
  /** The refresh that is under way has waited too long. */
  cancelReinvite(): void;
  sessionExpired(): void;
}

const none: readonly HeaderPair[] = [];
/** Until the exchange that is under way may be over. */
const BUSY_MS = 2000;
/** After a crash, refreshes that came due meanwhile leave within this time, and no session ends before: nothing can be sent until we listen. */
const RESUME_SPREAD_MS = 2000;

export class LegSession {
  readonly #dependencies: LegDependencies;
  readonly #owner: SessionOwner;
  readonly #isOn: boolean;
  #session: SessionTimer = noSessionTimer;
  #refresh: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(dependencies: LegDependencies, owner: SessionOwner) {
    this.#dependencies = dependencies;
    this.#owner = owner;
    this.#isOn = dependencies.supported.includes('timer');
  }

  /** For the INVITE that makes the dialog: who refreshes is left to the peer (RFC 4028 §7.1). */
  get asksInitially(): readonly HeaderPair[] {
    if (!this.#isOn) return none;
    const { seconds, minSeconds } = this.#session;
    return [
      ['Session-Expires', String(seconds)],
      ['Min-SE', String(minSeconds)],
    ];
  }

  /** For a re-INVITE of ours: nothing where no timer runs. Each side keeps its part (RFC 4028 §7.4). */
  get asks(): readonly HeaderPair[] {
    const refresher = refresherOf(this.#session);
    if (refresher === undefined) return none;
    const { seconds, minSeconds } = this.#session;
    return [
      ['Session-Expires', `${seconds};refresher=${refresher === 'us' ? 'uac' : 'uas'}`],
      ['Min-SE', String(minSeconds)],
    ];
  }

  /** What refuses a request that asks for too short a session; undefined where it does not. */
  refusalOf(request: Request): { readonly status: number; readonly headers: readonly HeaderPair[] } | undefined {
    return this.#isOn && isTooShort(request)
      ? { status: 422, headers: [['Min-SE', String(MIN_SE_SECONDS)]] }
      : undefined;
  }

  /** We accept the peer's INVITE, re-INVITE or UPDATE now: the headers of our 2xx. */
  accepts(request: Request): readonly HeaderPair[] {
    if (!this.#isOn) return none;
    const refresher = refresherOf(this.#session);
    const running = refresher === undefined ? undefined : { seconds: this.#session.seconds, refresher };
    const { agreement, headers } = sessionAnswer(request, running);
    this.#take(agreement === undefined ? { kind: 'not-agreed' } : { kind: 'agreed', agreement });
    return headers;
  }

  /** A 2xx to an INVITE of ours. */
  accepted(response: Response): void {
    if (!this.#isOn) return;
    const agreement = agreedBy(response);
    this.#take(agreement === undefined ? { kind: 'not-agreed' } : { kind: 'agreed', agreement });
  }

  /** RFC 4028 §7.3: true where the INVITE that makes the dialog is worth another try. */
  raisedBy(refusal: Response): boolean {
    const seconds = this.#isOn ? demandedBy(refusal) : undefined;
    const next = seconds === undefined ? undefined : raised(this.#session, seconds);
    if (next === undefined) return false;
    this.#session = next;
    return true;
  }

  /** A re-INVITE of ours was not accepted, or could not be sent. */
  refused(result: RequestResult): void {
    if (this.#session.phase !== 'Refreshing') return;
    const retryMs = this.#retryMs();
    if (result.kind !== 'response') this.#take({ kind: 'refused', retryMs });
    else {
      const { response } = result;
      const minSeconds = demandedBy(response);
      const demand = minSeconds === undefined ? {} : { minSeconds };
      const retryAfterMs = 1000 * (retryAfterSeconds(response) ?? 0);
      this.#take({ kind: 'refused', status: response.status, retryMs, retryAfterMs, ...demand });
    }
  }

  /** There is another exchange, which refreshes as well: a look at it later. */
  busy(): void {
    this.#take({ kind: 'busy', retryMs: BUSY_MS });
  }

  stop(): void {
    this.#take({ kind: 'not-agreed' });
  }

  /** Undefined: no timer runs. */
  snapshot(): SessionSnapshot | undefined {
    const timer = this.#session;
    if (timer.phase === 'Off') return undefined;
    const deadlineInMs = this.#leftMs(this.#deadline);
    // What is under way is lost with this process, and begun anew by the next.
    if (timer.phase === 'Refreshing') return { timer: { ...timer, phase: 'Resting' }, refreshInMs: 0, deadlineInMs };
    return { timer, refreshInMs: this.#leftMs(this.#refresh), deadlineInMs };
  }

  /** Goes on with what an earlier process has agreed, so many milliseconds ago. */
  resume({ timer, refreshInMs, deadlineInMs }: SessionSnapshot, passedMs: number): void {
    if (!this.#isOn) return;
    this.#session = timer;
    if (deadlineInMs !== undefined) this.#startDeadline(Math.max(RESUME_SPREAD_MS, deadlineInMs - passedMs));
    if (refreshInMs === undefined) return;
    // Not all overdue ones at once.
    const { random } = this.#dependencies;
    this.#startRefresh(Math.max(10 * random.below(RESUME_SPREAD_MS / 10), refreshInMs - passedMs));
  }

  #leftMs(timer: Timer | undefined): number | undefined {
    return timer === undefined ? undefined : Math.max(0, Math.round(timer.dueMs - this.#dependencies.clock.nowMs()));
  }

  /** RFC 3261 §14.1: 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other side, in units of 10 ms. */
  #retryMs(): number {
    const { random } = this.#dependencies;
    return this.#owner.ownsCallId ? 2100 + 10 * random.below(191) : 10 * random.below(201);
  }

  #take(event: SessionEvent): void {
    // Most legs have none, and hear of it with each message.
    if (event.kind === 'not-agreed' && this.#session.phase === 'Off') return;
    const { next, effects } = step(this.#session, event);
    this.#session = next;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'start-timer':
        return effect.timer === 'refresh' ? this.#startRefresh(effect.afterMs) : this.#startDeadline(effect.afterMs);
      case 'stop-timer':
        return effect.timer === 'refresh' ? this.#stopRefresh() : this.#stopDeadline();
      case 'refresh':
        return this.#owner.refreshSession();
      case 'cancel-refresh':
        return this.#owner.cancelReinvite();
      case 'expire':
        return this.#owner.sessionExpired();
    }
  }

  #startRefresh(afterMs: number): void {
    this.#stopRefresh();
    this.#refresh = this.#dependencies.clock.after(afterMs, () => {
      this.#refresh = undefined;
      this.#take({ kind: 'refresh-due' });
    });
  }

  #startDeadline(afterMs: number): void {
    this.#stopDeadline();
    this.#deadline = this.#dependencies.clock.after(afterMs, () => {
      this.#deadline = undefined;
      this.#take({ kind: 'deadline' });
    });
  }

  #stopRefresh(): void {
    if (this.#refresh !== undefined) this.#dependencies.clock.cancel(this.#refresh);
    this.#refresh = undefined;
  }

  #stopDeadline(): void {
    if (this.#deadline !== undefined) this.#dependencies.clock.cancel(this.#deadline);
    this.#deadline = undefined;
  }
}
