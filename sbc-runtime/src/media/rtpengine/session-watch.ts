/**
 * Notices that RTPEngine has lost sessions of ours: a process that was killed takes all of them along, and the one that is
 * started after it answers at once. One small query a second, about the oldest session, tells.
 *
 * A session is lost where RTPEngine does not know it and is younger than it. One that an old RTPEngine does not know was
 * given up for its silence (`--silent-timeout`): its call may be on hold for hours, and is none of our business.
 */
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { BencodeDictionary } from './bencode.ts';
import { queryCommand, statisticsCommand } from './flags.ts';
import type { NgReply } from './ng-client.ts';
import { isUnknown, uptimeSeconds } from './outcome.ts';

export interface SessionWatchParams {
  readonly clock: Clock;
  readonly log: Log;
  readonly isAvailable: () => boolean;
  /** A command of no session. */
  readonly request: (command: BencodeDictionary, done: (reply: NgReply) => void) => void;
  /** One in the order of its session's commands: a query never overtakes the offer that makes the session. */
  readonly requestOf: (name: string, command: BencodeDictionary, done: (reply: NgReply) => void) => void;
}

const LOOK_EVERY_MS = 1000;
/** Of thousands of sessions; the others wait, and so does no call. */
const ASKED_AT_ONCE = 50;

export class SessionWatch {
  readonly #params: SessionWatchParams;
  /** RTPEngine's names, and on the clock when each began; the oldest first. */
  readonly #began = new Map<string, number>();
  /** Taken over, and not asked about yet. */
  readonly #unseen = new Set<string>();
  #onLost: (names: readonly string[]) => void = () => undefined;
  #timer: Timer | undefined;
  #isLooking = false;
  #isClosed = false;

  constructor(params: SessionWatchParams) {
    this.#params = params;
  }

  get size(): number {
    return this.#began.size;
  }

  tellLost(onLost: (names: readonly string[]) => void): void {
    this.#onLost = onLost;
  }

  has(name: string): boolean {
    return this.#began.has(name);
  }

  begins(name: string): void {
    if (this.#began.has(name)) return;
    this.#began.set(name, this.#params.clock.nowMs());
    if (!this.#isLooking) this.#lookLater();
  }

  /** Begun by an earlier process: nobody has seen what became of it since. */
  takesOver(name: string): void {
    this.#unseen.add(name);
    this.begins(name);
  }

  ends(name: string): void {
    this.#began.delete(name);
    this.#unseen.delete(name);
    if (this.#began.size > 0 || this.#timer === undefined) return;
    this.#params.clock.cancel(this.#timer);
    this.#timer = undefined;
  }

  /** RTPEngine answers, for the first time or again. */
  available(): void {
    if (this.#began.size > 0) this.#look();
  }

  /** Nobody listens at its port: the process is gone, and all sessions with it. */
  gone(): void {
    this.#lost([...this.#began.keys()]);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#params.clock.cancel(this.#timer);
    this.#timer = undefined;
  }

  #lookLater(): void {
    if (this.#isClosed || this.#began.size === 0) return;
    this.#timer ??= this.#params.clock.after(LOOK_EVERY_MS, () => {
      this.#timer = undefined;
      this.#look();
    });
  }

  #look(): void {
    if (this.#isLooking) return;
    const oldest = this.#oldest();
    if (oldest === undefined || !this.#params.isAvailable()) {
      this.#lookLater();
      return;
    }
    this.#isLooking = true;
    if (this.#unseen.size > 0) {
      this.#seeUnseen();
      return;
    }
    this.#params.requestOf(oldest, queryCommand(oldest), (reply) => {
      if (isUnknown(reply) && this.#began.has(oldest)) this.#askAge(oldest);
      else this.#looked();
    });
  }

  /** One that ended in the last moments of the process before may stand in its journal still: it is lost, whatever its age. */
  #seeUnseen(): void {
    this.#ask([...this.#unseen], (lost) => {
      this.#lost(lost);
      this.#looked();
    });
  }

  #askAge(oldest: string): void {
    this.#params.request(statisticsCommand(), (reply) => {
      const seconds = reply.kind === 'answer' ? uptimeSeconds(reply.answer) : undefined;
      if (seconds === undefined) {
        this.#looked();
        return;
      }
      // Told in whole seconds, rounded down: it cannot have begun later than this.
      const bornMs = this.#params.clock.nowMs() - seconds * 1000;
      const older = [...this.#began].filter(([, beganMs]) => beganMs < bornMs).map(([name]) => name);
      // Given up for its silence; the next one stands for the others.
      if (older.length === 0) this.#began.delete(oldest);
      this.#ask(older, (lost) => {
        this.#lost(lost);
        this.#looked();
      });
    });
  }

  /** Which of them RTPEngine does not know. */
  #ask(names: readonly string[], done: (unknown: readonly string[]) => void): void {
    const unknown: string[] = [];
    let next = 0;
    let open = 0;
    const goOn = () => {
      if (next >= names.length && open === 0) done(unknown);
      for (let name = names[next]; name !== undefined && open < ASKED_AT_ONCE; name = names[next]) ask(name);
    };
    const ask = (name: string) => {
      next += 1;
      open += 1;
      this.#params.requestOf(name, queryCommand(name), (reply) => {
        open -= 1;
        if (isUnknown(reply)) unknown.push(name);
        else if (reply.kind === 'answer') this.#unseen.delete(name);
        goOn();
      });
    };
    goOn();
  }

  #looked(): void {
    this.#isLooking = false;
    this.#lookLater();
  }

  #lost(names: readonly string[]): void {
    const ours = names.filter((name) => this.#began.has(name));
    if (ours.length === 0) return;
    for (const name of ours) this.ends(name);
    this.#params.log.error('RTPEngine has lost media sessions: their calls end', { sessions: ours.length });
    this.#onLost(ours);
  }

  #oldest(): string | undefined {
    for (const name of this.#began.keys()) return name;
    return undefined;
  }
}
