/** Measures how late we are while calls come in, and lets in the share of them that `overload.ts` decides. */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import { calm, nextOverload, type OverloadState } from './overload.ts';

/**
 * Sends something along the way that messages take, behind those that wait there. Our own timers tell only half: a turn of
 * Node's loop reads at most 32 datagrams, so that they stay on time while seconds of calls wait in the socket's buffer.
 */
export interface WaitProbe {
  /** `answered` is called when it has come through; never where it is lost. False: there is no such way. */
  ask(answered: () => void): boolean;
}

export interface CallGateDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly probe: WaitProbe;
}

const PERIOD_MS = 20;
/** While nothing waits: each question is a datagram there and back. */
const CALM_PERIOD_MS = 100;
/** From here on it is asked as often as under overload. */
const WATCHFUL_MS = 20;
/** What the clock's ticks alone may add. */
const TICK_MS = 10;
/** Without a call for so many periods nothing is measured. */
const QUIET_PERIODS = 10;
const LOST_MS = 1000;
/** So many in a row, and the way itself is broken: nothing is concluded until one comes through. */
const MAX_LOST = 5;

export class CallGate {
  readonly #deps: CallGateDeps;
  #state: OverloadState = calm;
  #timer: Timer | undefined;
  #quietPeriods = 0;
  /** Grows with each call by what the share lacks of 1; a whole one is a call refused. */
  #debt = 0;
  #askedAtMs: number | undefined;
  /** Of the last one: it holds until the next one comes through or is under way for longer. */
  #tripMs = 0;
  /** Before the first one came through, silence says nothing. */
  #lost = MAX_LOST;
  #enteredAtMs = 0;
  #refused = 0;

  constructor(deps: CallGateDeps) {
    this.#deps = deps;
  }

  get isOverloaded(): boolean {
    return this.#state.isOverloaded;
  }

  /** Once for each new call. False: it is to be refused, at the least cost. */
  admits(): boolean {
    this.#quietPeriods = 0;
    if (this.#timer === undefined) this.#next();
    const { share } = this.#state;
    if (share === 1) return true;
    this.#debt += 1 - share;
    if (this.#debt < 1) return true;
    this.#debt -= 1;
    this.#refused += 1;
    this.#deps.metrics.callEnded('refused', 'our-error', 'overload', undefined);
    return false;
  }

  #next(): void {
    const isWatchful = this.#state.isOverloaded || this.#state.sampledMs >= WATCHFUL_MS;
    this.#timer = this.#deps.clock.after(isWatchful ? PERIOD_MS : CALM_PERIOD_MS, () => this.#measure());
  }

  #measure(): void {
    const nowMs = this.#deps.clock.nowMs();
    const tickLateMs = nowMs - (this.#timer?.dueMs ?? nowMs) - TICK_MS;
    this.#step(nowMs, Math.max(0, tickLateMs, this.#tripMs, this.#openProbeMs(nowMs)));
    if (this.#askedAtMs === undefined) this.#ask(nowMs);
    this.#quietPeriods += 1;
    if (this.#quietPeriods < QUIET_PERIODS || this.#state.isOverloaded) this.#next();
    else this.#timer = undefined;
  }

  /** How long the one that is on its way has been so. */
  #openProbeMs(nowMs: number): number {
    if (this.#askedAtMs === undefined) return 0;
    const openMs = nowMs - this.#askedAtMs;
    const isTrusted = this.#lost < MAX_LOST;
    if (openMs >= LOST_MS) {
      this.#askedAtMs = undefined;
      this.#lost += 1;
    }
    return isTrusted ? openMs : 0;
  }

  #ask(nowMs: number): void {
    const isOnItsWay = this.#deps.probe.ask(() => {
      this.#tripMs = this.#deps.clock.nowMs() - nowMs;
      this.#lost = 0;
      if (this.#askedAtMs === nowMs) this.#askedAtMs = undefined;
    });
    this.#askedAtMs = isOnItsWay ? nowMs : undefined;
  }

  #step(nowMs: number, lateMs: number): void {
    const wasOverloaded = this.#state.isOverloaded;
    this.#state = nextOverload(this.#state, { atMs: nowMs, lateMs });
    if (this.#state.isOverloaded === wasOverloaded) return;
    if (wasOverloaded) {
      const lastedMs = Math.round(nowMs - this.#enteredAtMs);
      this.#deps.log.info('Overload is over', { refused: this.#refused, lastedMs });
      return;
    }
    this.#enteredAtMs = nowMs;
    this.#refused = 0;
    this.#debt = 0;
    this.#deps.log.warn('Overload: some new calls are refused', { lateMs: Math.round(lateMs) });
  }
}
