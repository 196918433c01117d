/** One TCP or TLS connection: bytes to messages, messages to bytes, and every limit on how a peer may use it. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Hop, TransportProtocol } from '../sip/hop.ts';
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
  #retiredIdleMs: number;
  /** Since then we write no more, and still read. */
  #leavingSinceMs: number | undefined;
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
    this.#retiredIdleMs = services.limits.retiredIdleMs;
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
    this.#services.metrics.messageSent(this.facts.protocol, kind);
    this.#services.tracer?.message('out', this, text);
    this.#writeSoon(text);
    this.#count(kind);
    if (this.isRetired) this.#leaveIfDue(this.#services.clock.nowMs());
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
    // Behind what the message brings about: the ACK of a refusal belongs on this connection.
    if (this.isRetired) process.nextTick(() => this.#leaveIfDue(this.#services.clock.nowMs()));
  }

  /** The rules have changed. */
  nowSpeaksFor({ trunks, formerTrunks, acceptsRequests }: Speakers): void {
    this.trunks = trunks;
    this.formerTrunks = formerTrunks;
    this.acceptsRequests = acceptsRequests;
  }

  /**
   * Takes no new requests of ours, and closes: at once where it is idle, else as soon as no exchange is open on it. Calls
   * do not hold it, for requests inside a dialog find another connection.
   */
  retire(): void {
    const nowMs = this.#services.clock.nowMs();
    this.#retiredAtMs ??= nowMs;
    this.#leaveIfDue(nowMs);
  }

  /** `retire` without a moment of quiet first: the peer has asked for it, or says nothing any more. */
  retireAtOnce(): void {
    this.#retiredIdleMs = 0;
    this.retire();
  }

  /** Whether it is the connection, or one of several, that we dialled for this hop. */
  isDialledFor({ protocol, listener, trunk, host, port }: Hop): boolean {
    const { dialledFor } = this.facts;
    return (
      dialledFor?.trunk === trunk &&
      dialledFor.host === host &&
      this.facts.protocol === protocol &&
      this.facts.listener === listener &&
      (port === undefined || this.facts.port === port)
    );
  }

  /** Closes it if its time has come. */
  sweep(nowMs: number): void {
    const { limits } = this.#services;
    if (!this.#isOpen) {
      // Closing for a whole sweep: the peer does not take the last octets, or does not close its side.
      if (this.#leavingSinceMs === undefined || nowMs - this.#leavingSinceMs >= limits.sweepMs) this.#socket.destroy();
      return;
    }
    if (nowMs - this.#lastUsedMs >= limits.idleTimeoutMs) this.close();
    else if (
      !this.#hasReceived &&
      this.facts.direction === 'accepted' &&
      // Who has proved itself by a certificate may wait for its first call.
      this.facts.chain.length === 0 &&
      nowMs - this.#openedMs >= limits.firstMessageTimeoutMs
    ) {
      this.#refuse('message-timeout');
      this.close();
    } else this.#leaveIfDue(nowMs);
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
    if (!this.#isOpen && this.#leavingSinceMs === undefined) return;
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

  #leaveIfDue(nowMs: number): void {
    if (this.#retiredAtMs === undefined || !this.#isOpen) return;
    const { retiredGraceMs, retiredMaxMs } = this.#services.limits;
    const retiredMs = nowMs - this.#retiredAtMs;
    const isQuiet = nowMs - this.#lastUsedMs >= this.#retiredIdleMs || retiredMs >= retiredGraceMs;
    if ((this.#exchanges === 0 && isQuiet) || retiredMs >= retiredMaxMs) this.#leave();
  }

  /** What the peer sends until it has seen our FIN is still taken; answers to it go over another connection. */
  #leave(): void {
    this.#isOpen = false;
    this.#leavingSinceMs = this.#services.clock.nowMs();
    this.#socket.end();
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
