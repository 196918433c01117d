/**
 * Turned-away messages and connections: every one counted, few answered; in the log one line a minute and address, and few
 * a second of all.
 */
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import { PerSecond } from '../kernel/per-second.ts';
import type { TransportProtocol } from '../sip/hop.ts';
import { OnceAMinute } from './once-a-minute.ts';

export type RefusalReason =
  | 'source-not-allowed'
  | 'source-port-zero'
  /** A datagram of a stranger that was not even answered: 403 would be longer than it. Counted beside `source-not-allowed`. */
  | 'answer-too-long'
  | 'certificate-refused'
  | 'handshake-failed'
  | 'handshake-timeout'
  | 'malformed'
  | 'too-large'
  | 'message-timeout'
  | 'too-many-connections'
  | 'too-many-connections-from-address'
  | 'too-many-connections-to-listener'
  | 'too-many-handshakes'
  | 'too-many-handshakes-from-address'
  /** More octets, certificates or longer exponents than an honest peer has. */
  | 'handshake-too-costly'
  /** The address had one that cost too much a short while ago. */
  | 'handshake-cool-down'
  | 'too-many-key-updates'
  | 'too-many-renegotiations'
  | 'too-many-pieces'
  | 'write-queue-full'
  /** A request over a connection that we dialled, from a peer that might not have dialled us. */
  | 'not-a-peer-that-may-call'
  /** Our own code threw on it: a bug. */
  | 'internal-error';

export interface Refusal {
  readonly protocol: TransportProtocol;
  readonly reason: RefusalReason;
  readonly listener: string;
  readonly address: string;
  readonly detail?: string;
}

export class Refusals {
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #answers: PerSecond;
  readonly #lines: OnceAMinute;

  constructor(dependencies: {
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
    readonly answersPerSecond: number;
  }) {
    this.#log = dependencies.log;
    this.#metrics = dependencies.metrics;
    this.#answers = new PerSecond(dependencies.clock, dependencies.answersPerSecond);
    this.#lines = new OnceAMinute(dependencies.clock);
  }

  count(refusal: Refusal): void {
    this.#metrics.refused(refusal.protocol, refusal.reason);
    if (!this.#lines.isDue(`${refusal.reason} ${refusal.address}`)) return;
    const { protocol, reason, listener, address, detail } = refusal;
    const leftOut = this.#lines.takeLeftOut();
    this.#log.warn('Refused a peer', { protocol, reason, listener, address, detail, leftOut });
  }

  /** True at most so often a second: an answer to a stranger is traffic that its forged source address gets. */
  mayAnswer(): boolean {
    return this.#answers.take();
  }
}
