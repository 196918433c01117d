/** One TCP or TLS connection: bytes to messages, messages to bytes, and every limit on how a peer may use it. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { TransportProtocol } from '../sip/hop.ts';
import { StreamFramer } from './framing.ts';
import type { BrokenStream, FramerUser } from './framing.ts';
import type { TransportLimits } from './limits.ts';
import { exchangeOf, kindOfText } from './message-kind.ts';
import { plainReason } from './plain-reason.ts';
import type { Refusals, RefusalReason } from './refusals.ts';
import type { Tracer } from './tracer.ts';
import type { Flow } from './transport-user.ts';

/** What all connections of a layer share. */
export interface ConnectionServices {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly refusals: Refusals;
  readonly tracer: Tracer | undefined;
  readonly limits: TransportLimits;
  onMessage(connection: StreamConnection, head: string, body: string): void;
  /** The connection closes by itself afterwards. */
  onBroken(connection: StreamConnection, problem: BrokenStream): void;
}

export interface ConnectionFacts {
  readonly protocol: Exclude<TransportProtocol, 'UDP'>;
  readonly direction: 'accepted' | 'dialled';
  readonly listener: string;
  /** The trunk on whose behalf it was dialled; undefined on an accepted one. */
  readonly dialledFor: { readonly trunk: string; readonly host: string } | undefined;
  /** The peer. */
  readonly address: string;
  readonly port: number;
  readonly trunks: readonly string[];
  readonly formerTrunks: readonly string[];
  readonly acceptsRequests: boolean;
  /** TLS: the peer's certificates, to be judged again when the rules change. */
  readonly chain: readonly X509Certificate[];
  /** TLS: SHA-256 of our own certificate on it. */
  readonly ownFingerprint: string | undefined;
  /** False: the peer may still refuse our certificate (TLS 1.3). */
  readonly isSettled: boolean;
}

/** For whom the peer may speak on a connection. */
export type Speakers = Pick<ConnectionFacts, 'trunks' | 'formerTrunks' | 'acceptsRequests'>;

/** `lost`: why what was written may have reached nobody. */
type Settled = (lost: string | undefined) => void;

const PONG = '\r\n';

export class StreamConnection implements Flow, FramerUser {
  readonly facts: ConnectionFacts;
  readonly isReliable = true;
  trunks: readonly string[];
  formerTrunks: readonly string[];
  acceptsRequests: boolean;
  readonly #socket: Socket;
  readonly #services: ConnectionServices;
  readonly #framer: StreamFramer;
  #isOpen = true;
  #problem = 'the peer closed the connection';
  #isCorked = false;
  #messageTimer: Timer | undefined;
  #settleTimer: Timer | undefined;
  #waiting: Settled[] | undefined;
  readonly #openedMs: number;
  #lastUsedMs: number;
  #retiredAtMs: number | undefined;
  #hasReceived = false;
  /** Requests without a final response, either way. Approximate: what repeats over a reliable transport counts twice. */
  #exchanges = 0;

  constructor(socket: Socket, facts: ConnectionFacts, services: ConnectionServices) {
    this.facts = facts;
    this.trunks = facts.trunks;
    this.formerTrunks = facts.formerTrunks;
    this.acceptsRequests = facts.acceptsRequests;
    this.#socket = socket;
    this.#services = services;
    this.#framer = new StreamFramer(this, services.limits);
    this.#openedMs = services.clock.nowMs();
    this.#lastUsedMs = this.#openedMs;
    if (!facts.isSettled) {
      this.#waiting = [];
      this.#settleTimer = services.clock.after(services.limits.settleMs, () => this.#settle(undefined));
    }
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', (error) => {
      this.#problem = plainReason(error);
      this.close();
    });
    // The peer writes no more, and Node does not either: what is still to be answered needs a new connection.
    socket.on('end', () => this.closeAfter(undefined));
    socket.on('close', () => this.#closed());
    services.metrics.connectionOpened(facts.protocol, facts.direction);
  }

  get protocol(): 'TCP' | 'TLS' {
    return this.facts.protocol;
  }
  get address(): string {
    return this.facts.address;
  }
  get port(): number {
    return this.facts.port;
  }
  get listener(): string {
    return this.facts.listener;
  }
  get isOpen(): boolean {
    return this.#isOpen;
  }
  get isSettled(): boolean {
    return this.#waiting === undefined;
  }
  get isRetired(): boolean {
    return this.#retiredAtMs !== undefined;
  }

  /** False where the connection is gone, or its peer does not read. */
  write(text: string): boolean {
    if (!this.#isOpen) return false;
    if (this.#socket.writableLength + text.length > this.#services.limits.maxWriteQueueBytes) {
      this.#refuse('write-queue-full');
      this.close();
      return false;
    }
    const kind = kindOfText(text);
    this.#count(kind);
    this.#services.metrics.messageSent(this.facts.protocol, kind);
    this.#services.tracer?.message('out', this, text);
    this.#writeSoon(text);
    return true;
  }

  /** Once: at the peer's first octet, after a moment of silence, or when the peer has closed without a word. */
  whenSettled(settled: Settled): void {
    if (this.#waiting === undefined) settled(undefined);
    else this.#waiting.push(settled);
  }

  /** A message of that kind was received. */
  noteReceived(kind: string): void {
    this.#hasReceived = true;
    this.#count(kind);
  }

  /** The rules have changed. */
  nowSpeaksFor({ trunks, formerTrunks, acceptsRequests }: Speakers): void {
    this.trunks = trunks;
    this.formerTrunks = formerTrunks;
    this.acceptsRequests = acceptsRequests;
  }

  /** Takes no new requests of ours; closes when no exchange is open on it. */
  retire(): void {
    this.#retiredAtMs ??= this.#services.clock.nowMs();
  }

  /** Closes it if its time has come. */
  sweep(nowMs: number): void {
    if (!this.#isOpen) {
      // Closing for a whole sweep: the peer does not take the last octets.
      this.#socket.destroy();
      return;
    }
    const { limits } = this.#services;
    const idleMs = nowMs - this.#lastUsedMs;
    if (idleMs >= limits.idleTimeoutMs) this.close();
    else if (
      !this.#hasReceived &&
      this.facts.direction === 'accepted' &&
      nowMs - this.#openedMs >= limits.firstMessageTimeoutMs
    ) {
      this.#refuse('message-timeout');
      this.close();
    } else if (this.#retiredAtMs !== undefined && this.#exchanges === 0) {
      if (idleMs >= limits.retiredIdleMs || nowMs - this.#retiredAtMs >= limits.retiredMaxMs) this.close();
    }
  }

  close(): void {
    this.#stop();
    this.#socket.destroy();
  }

  /** Closes once `text`, a last response, is written. */
  closeAfter(text: string | undefined): void {
    if (text !== undefined) this.write(text);
    this.#stop();
    this.#socket.destroySoon();
  }

  onMessage(head: string, body: string): void {
    this.#services.onMessage(this, head, body);
  }

  onPing(): void {
    if (this.#isOpen && this.#socket.writableLength + PONG.length <= this.#services.limits.maxWriteQueueBytes)
      this.#writeSoon(PONG);
  }

  onBroken(problem: BrokenStream): void {
    this.#services.onBroken(this, problem);
  }

  #received(chunk: Buffer): void {
    if (!this.#isOpen) return;
    this.#lastUsedMs = this.#services.clock.nowMs();
    if (this.#waiting !== undefined) this.#settle(undefined);
    const wasMidMessage = this.#framer.isMidMessage;
    const before = this.#framer.messages;
    this.#framer.push(chunk);
    this.#watchProgress(wasMidMessage, before !== this.#framer.messages);
  }

  /** A timer only while a message is incomplete: most come in one chunk and never start one. */
  #watchProgress(wasMidMessage: boolean, hasCompleted: boolean): void {
    const isMidMessage = this.#isOpen && this.#framer.isMidMessage;
    if (isMidMessage && wasMidMessage && !hasCompleted) return;
    if (this.#messageTimer !== undefined) {
      this.#services.clock.cancel(this.#messageTimer);
      this.#messageTimer = undefined;
    }
    if (!isMidMessage) return;
    this.#messageTimer = this.#services.clock.after(this.#services.limits.messageTimeoutMs, () => {
      this.#refuse('message-timeout');
      this.close();
    });
  }

  /** What is written in one turn of the event loop leaves in one system call, and on TLS in one record. */
  #writeSoon(text: string): void {
    this.#lastUsedMs = this.#services.clock.nowMs();
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(uncork, this);
    }
    this.#socket.write(text, 'latin1');
  }

  uncork(): void {
    this.#isCorked = false;
    this.#socket.uncork();
  }

  #count(kind: string): void {
    this.#exchanges = Math.max(0, this.#exchanges + exchangeOf(kind));
  }

  #refuse(reason: RefusalReason): void {
    const { protocol, listener, address } = this.facts;
    this.#services.refusals.count({ protocol, reason, listener, address });
  }

  #settle(lost: string | undefined): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    if (this.#settleTimer !== undefined) this.#services.clock.cancel(this.#settleTimer);
    for (const settled of waiting) settled(lost);
  }

  #stop(): void {
    this.#isOpen = false;
    this.#framer.stop();
    if (this.#messageTimer !== undefined) this.#services.clock.cancel(this.#messageTimer);
    this.#messageTimer = undefined;
  }

  #closed(): void {
    this.#stop();
    this.#services.metrics.connectionClosed(this.facts.protocol, this.facts.direction);
    this.#settle(this.#problem);
  }
}

const uncork = (connection: StreamConnection) => connection.uncork();
