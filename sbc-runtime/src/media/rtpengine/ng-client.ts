/**
 * Client of RTPEngine's NG protocol over UDP. A request is one datagram, "cookie SP dictionary"; repeats carry the same
 * cookie, and RTPEngine answers those from its cache, so that a lost datagram never runs a command twice.
 */
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { Random } from '../../kernel/random.ts';
import { decodeBencode, encodeBencode, isDictionary } from './bencode.ts';
import type { BencodeDictionary } from './bencode.ts';
import type { NgSocket, OpenNgSocket } from './ng-socket.ts';

export type NgReply =
  /** RTPEngine's answer, whether it says ok or error. */
  | { readonly kind: 'answer'; readonly answer: BencodeDictionary }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface NgLimits {
  /** Requests sent and not yet answered. RTPEngine's receive buffer loses datagrams from about 256. */
  readonly maxInFlight: number;
  /** Requests that wait for their turn; one more is answered `unavailable` at once. */
  readonly maxQueued: number;
  /** From the first datagram of a request to giving up. */
  readonly timeoutMs: number;
  /** Until the first repeat; each further pause is twice as long. */
  readonly repeatAfterMs: number;
  /** A ping when nothing was answered for so long. */
  readonly pingEveryMs: number;
  /** Requests in a row without any answer before the relay counts as unavailable. */
  readonly timeoutsAllowed: number;
}

const ngLimits: NgLimits = {
  maxInFlight: 200,
  maxQueued: 1000,
  timeoutMs: 2000,
  repeatAfterMs: 100,
  pingEveryMs: 5000,
  timeoutsAllowed: 2,
};

export interface NgClientParams {
  readonly open: OpenNgSocket;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits?: Partial<NgLimits>;
}

/** What became of answers that nobody waited for. */
export interface IgnoredAnswers {
  /** No such request: late, repeated or forged. */
  stray: number;
  malformed: number;
}

/** UDP carries 65 507 octets; the cookie and the dictionary's frame take some. */
const MAX_COMMAND_BYTES = 65_000;
/** Between two pings to a relay that does not answer. */
const PING_AGAIN_AFTER_MS = 1000;
/** One may be left of the process before. */
const REFUSALS_TO_BE_GONE = 2;
const NO_ANSWER = 'The relay does not answer';

class NgRequest {
  readonly verb: string;
  readonly cookie: string;
  readonly datagram: Buffer;
  readonly done: (reply: NgReply) => void;
  sentAtMs = 0;
  nextPauseMs = 0;
  timer: Timer | undefined;

  constructor(verb: string, cookie: string, datagram: Buffer, done: (reply: NgReply) => void) {
    this.verb = verb;
    this.cookie = cookie;
    this.datagram = datagram;
    this.done = done;
  }
}

/**
 * ```
 *             first answer
 * Unavailable ───────────► Available
 *             ◄───────────
 *             `timeoutsAllowed` requests in a row timed out
 * ```
 */
export class NgClient {
  readonly ignored: IgnoredAnswers = { stray: 0, malformed: 0 };
  readonly #params: NgClientParams;
  readonly #limits: NgLimits;
  readonly #cookiePrefix: string;
  readonly #inFlight = new Map<string, NgRequest>();
  readonly #queue: NgRequest[] = [];
  #socket: NgSocket | undefined;
  #onAvailable: (isAvailable: boolean) => void = () => undefined;
  #onGone: () => void = () => undefined;
  /** Datagrams in a row that the relay's machine has sent back: no such port. */
  #refusedInARow = 0;
  #healthTimer: Timer | undefined;
  #isPinging = false;
  #isAvailable = false;
  #requests = 0;
  #timeoutsInARow = 0;
  #answeredAtMs = 0;

  constructor(params: NgClientParams) {
    this.#params = params;
    this.#limits = { ...ngLimits, ...params.limits };
    this.#cookiePrefix = params.random.token();
  }

  /** False from the start until the first answer. */
  get available(): boolean {
    return this.#isAvailable;
  }

  /** Requests that wait for an answer or for their turn. */
  get size(): number {
    return this.#inFlight.size + this.#queue.length;
  }

  /**
   * Opens the socket and pings. `onAvailable` is told each change of `available`; `onGone`, after it, where nobody listens
   * at the relay's port: its process has ended.
   */
  start(onAvailable: (isAvailable: boolean) => void, onGone: () => void = () => undefined): void {
    if (this.#socket !== undefined) return;
    this.#onAvailable = onAvailable;
    this.#onGone = onGone;
    this.#socket = this.#params.open({
      onDatagram: (text) => {
        this.#onDatagram(text);
      },
      onError: (error) => {
        this.#onSocketError(error);
      },
    });
    this.#ping();
  }

  /** Ends every request that is still open as `unavailable`. */
  close(): void {
    if (this.#socket === undefined) return;
    this.#socket.close();
    this.#socket = undefined;
    this.#isAvailable = false;
    this.#stopTimer(this.#healthTimer);
    const open = [...this.#inFlight.values(), ...this.#queue.splice(0)];
    this.#inFlight.clear();
    for (const request of open) {
      this.#stopTimer(request.timer);
      request.done({ kind: 'unavailable', reason: 'The client was closed' });
    }
  }

  /**
   * Sends `command` (its member `command` is the verb). `done` is called exactly once, never from within this call.
   * `unavailable` at once while the relay is unavailable, or where too many requests wait.
   */
  request(command: BencodeDictionary, done: (reply: NgReply) => void): void {
    const refusal = this.#refusal();
    if (refusal === undefined) this.#admit(command, done);
    else queueMicrotask(() => done({ kind: 'unavailable', reason: refusal }));
  }

  #refusal(): string | undefined {
    if (this.#socket === undefined) return 'The client is closed';
    if (!this.#isAvailable) return NO_ANSWER;
    return this.#queue.length >= this.#limits.maxQueued ? 'Too many requests wait for the relay' : undefined;
  }

  #admit(command: BencodeDictionary, done: (reply: NgReply) => void): void {
    const cookie = `${this.#cookiePrefix}_${(this.#requests += 1)}`;
    const datagram = Buffer.from(`${cookie} ${encodeBencode(command)}`, 'latin1');
    if (datagram.length > MAX_COMMAND_BYTES) {
      queueMicrotask(() =>
        done({ kind: 'unavailable', reason: `The request is longer than ${MAX_COMMAND_BYTES} octets` }),
      );
      return;
    }
    const verb = typeof command['command'] === 'string' ? command['command'] : '';
    const request = new NgRequest(verb, cookie, datagram, done);
    if (this.#inFlight.size < this.#limits.maxInFlight) this.#send(request);
    else this.#queue.push(request);
  }

  #send(request: NgRequest): void {
    request.sentAtMs = this.#params.clock.nowMs();
    request.nextPauseMs = this.#limits.repeatAfterMs;
    this.#inFlight.set(request.cookie, request);
    this.#transmit(request);
  }

  #transmit(request: NgRequest): void {
    const { clock } = this.#params;
    const leftMs = request.sentAtMs + this.#limits.timeoutMs - clock.nowMs();
    if (leftMs <= 0) {
      this.#onTimeout(request);
      return;
    }
    this.#socket?.send(request.datagram);
    const pauseMs = Math.min(request.nextPauseMs, leftMs);
    request.nextPauseMs *= 2;
    request.timer = clock.after(pauseMs, () => {
      this.#transmit(request);
    });
  }

  #onDatagram(text: string): void {
    const space = text.indexOf(' ');
    const request = this.#inFlight.get(text.slice(0, Math.max(space, 0)));
    if (request === undefined) {
      this.ignored.stray += 1;
      this.#params.metrics.refused('UDP', 'relay-stray-answer');
      return;
    }
    const answer = decodeBencode(text.slice(space + 1));
    if (!isDictionary(answer)) {
      this.ignored.malformed += 1;
      this.#params.metrics.refused('UDP', 'relay-malformed-answer');
      return;
    }
    this.#onAnswer(request, answer);
  }

  /** A process that hangs keeps its port: this one is gone. Its requests may still be answered by the next. */
  #onSocketError(error: Error): void {
    const { log } = this.#params;
    if (log.debugEnabled) log.debug('Relay socket error', { error: error.message });
    if (!('code' in error) || error.code !== 'ECONNREFUSED') return;
    this.#refusedInARow += 1;
    if (this.#refusedInARow !== REFUSALS_TO_BE_GONE) return;
    this.#setAvailable(false);
    this.#onGone();
    this.#ping();
  }

  #onAnswer(request: NgRequest, answer: BencodeDictionary): void {
    const { clock, metrics } = this.#params;
    this.#timeoutsInARow = 0;
    this.#refusedInARow = 0;
    this.#answeredAtMs = clock.nowMs();
    const outcome = answer['result'] === 'ok' || answer['result'] === 'pong' ? 'ok' : 'error';
    metrics.relayRequest(request.verb, outcome, this.#answeredAtMs - request.sentAtMs);
    this.#setAvailable(true);
    this.#finish(request, { kind: 'answer', answer });
  }

  #onTimeout(request: NgRequest): void {
    this.#timeoutsInARow += 1;
    this.#params.metrics.relayRequest(request.verb, 'timeout', this.#limits.timeoutMs);
    if (this.#timeoutsInARow >= this.#limits.timeoutsAllowed) this.#setAvailable(false);
    const reason = `The relay did not answer "${request.verb}" within ${this.#limits.timeoutMs} ms`;
    this.#finish(request, { kind: 'unavailable', reason });
    if (request.verb !== 'ping') this.#ping();
  }

  #finish(request: NgRequest, reply: NgReply): void {
    this.#stopTimer(request.timer);
    if (!this.#inFlight.delete(request.cookie)) return;
    const next = this.#inFlight.size < this.#limits.maxInFlight ? this.#queue.shift() : undefined;
    if (next !== undefined) this.#send(next);
    request.done(reply);
  }

  #setAvailable(isAvailable: boolean): void {
    if (this.#isAvailable === isAvailable) return;
    this.#isAvailable = isAvailable;
    // What waits would time out one after the other; what is in flight may still be answered.
    if (!isAvailable)
      for (const request of this.#queue.splice(0)) request.done({ kind: 'unavailable', reason: NO_ANSWER });
    this.#onAvailable(isAvailable);
  }

  /** One ping at a time, outside the limits: health must be found out when the queue is full as well. */
  #ping(): void {
    if (this.#isPinging || this.#socket === undefined) return;
    this.#isPinging = true;
    this.#stopTimer(this.#healthTimer);
    const cookie = `${this.#cookiePrefix}_${(this.#requests += 1)}`;
    const datagram = Buffer.from(`${cookie} d7:command4:pinge`, 'latin1');
    this.#send(
      new NgRequest('ping', cookie, datagram, (reply) => {
        this.#isPinging = false;
        this.#checkAfter(reply.kind === 'answer' ? this.#limits.pingEveryMs : PING_AGAIN_AFTER_MS);
      }),
    );
  }

  #checkAfter(afterMs: number): void {
    const { clock } = this.#params;
    if (this.#socket === undefined) return;
    this.#healthTimer = clock.after(afterMs, () => {
      const quietMs = clock.nowMs() - this.#answeredAtMs;
      if (this.#isAvailable && quietMs < this.#limits.pingEveryMs) this.#checkAfter(this.#limits.pingEveryMs - quietMs);
      else this.#ping();
    });
  }

  #stopTimer(timer: Timer | undefined): void {
    if (timer !== undefined) this.#params.clock.cancel(timer);
  }
}
