/** One TCP or TLS connection: bytes to messages, messages to bytes, and every limit on how a peer may use it. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { ConnectionFacts, Speakers } from './connection-facts.ts';
import { ConnectionUse } from './connection-use.ts';
import { StreamFramer } from './framing.ts';
import type { BrokenStream, FramerUser } from './framing.ts';
import type { TransportLimits } from './limits.ts';
import { kindOfText } from './message-kind.ts';
import { plainReason } from './plain-reason.ts';
import type { QueuesByAddress } from './queues-by-address.ts';
import { limitRekeying } from './rekeying.ts';
import type { Refusals, RefusalReason } from './refusals.ts';
import type { Tracer } from './tracer.ts';
import type { Flow } from './transport-user.ts';
import { workOf } from './turn-budget.ts';
import type { TurnBudget, Waiter } from './turn-budget.ts';

/** What all connections of a layer share. */
export interface ConnectionServices {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly refusals: Refusals;
  readonly tracer: Tracer | undefined;
  readonly limits: TransportLimits;
  readonly budget: TurnBudget;
  /** Accepted connections without an open exchange; who was used longest ago is first. */
  readonly idle: QueuesByAddress<StreamConnection>;
  onMessage(connection: StreamConnection, head: string, body: string): void;
  /** The connection closes by itself afterwards. */
  onBroken(connection: StreamConnection, problem: BrokenStream): void;
}

/** `lost`: why what was written may have reached nobody. */
type Settled = (lost: string | undefined) => void;

const PONG = '\r\n';

export class StreamConnection implements Flow, FramerUser, Waiter {
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
  readonly #use: ConnectionUse<StreamConnection>;
  #retiredAtMs: number | undefined;
  #retiredIdleMs: number;
  /** Since then we write no more, and still read. */
  #leavingSinceMs: number | undefined;
  #hasReceived = false;
  /** Chunks since the last message, or the last sweep. */
  #pieces = 0;

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
    const idle = facts.direction === 'accepted' ? services.idle : undefined;
    this.#use = new ConnectionUse(this, idle, this.#openedMs);
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
    socket.on('end', () => this.#ended());
    if (socket instanceof TLSSocket)
      limitRekeying(socket, services.limits, (what) => services.clock.after(0, () => this.#refuseAndClose(what)));
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
      this.#refuseAndClose('write-queue-full');
      return false;
    }
    const kind = kindOfText(text);
    this.#services.metrics.messageSent(this.facts.protocol, kind);
    this.#services.tracer?.message('out', this, text);
    this.#writeSoon(text);
    this.#use.count(kind);
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
    this.#use.count(kind);
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

  /** Leaves for a newer one, as if retired: where no exchange is open on it and it was silent for so long. False: it stays. */
  giveWay(silentMs: number): boolean {
    const nowMs = this.#services.clock.nowMs();
    if (!this.#isOpen || this.#use.exchanges > 0 || this.#use.silentMs(nowMs) < silentMs) return false;
    this.#leave();
    return true;
  }

  /** Closes it if its time has come. */
  sweep(nowMs: number): void {
    const { limits } = this.#services;
    this.#pieces = 0;
    if (!this.#isOpen) {
      // Closing for a whole sweep: the peer does not take the last octets, or does not close its side.
      if (this.#leavingSinceMs === undefined || nowMs - this.#leavingSinceMs >= limits.sweepMs) this.#socket.destroy();
      return;
    }
    const isBrief = this.facts.isForResponse === true && this.#use.exchanges === 0;
    if (this.#use.silentMs(nowMs) >= (isBrief ? limits.responseIdleMs : limits.idleTimeoutMs)) this.close();
    else if (
      !this.#hasReceived &&
      this.facts.direction === 'accepted' &&
      // Who has proved itself by a certificate may wait for its first call.
      this.facts.chain.length === 0 &&
      nowMs - this.#openedMs >= limits.firstMessageTimeoutMs
    )
      this.#refuseAndClose('message-timeout');
    else this.#leaveIfDue(nowMs);
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
    const { budget } = this.#services;
    this.#services.onMessage(this, head, body);
    if (budget.spend(workOf(head.length + body.length))) this.#framer.pause();
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
    const { budget, clock } = this.#services;
    this.#use.note(clock.nowMs());
    if (this.#waiting !== undefined) this.#settle(undefined);
    if (budget.isOver) this.#framer.pause();
    const before = this.#framer.messages;
    this.#framer.push(chunk);
    const hasCompleted = before !== this.#framer.messages;
    if (hasCompleted) this.#pieces = 0;
    // Octet by octet a message costs far more than at once, and pausing does not help: Node reads 64 KiB ahead.
    else if (++this.#pieces > this.#services.limits.maxPieces) this.#refuseAndClose('too-many-pieces');
    else if (budget.spend(chunk.length >>> 12)) this.#framer.pause();
    if (this.#framer.isPaused) this.#wait();
    this.#watchProgress(hasCompleted);
  }

  /** Over the budget: what was read is kept, no more is read until `goOn`. */
  #wait(): void {
    this.#socket.pause();
    this.#services.budget.wait(this);
  }

  goOn(): void {
    const before = this.#framer.messages;
    this.#framer.goOn();
    if (this.#framer.isPaused) this.#wait();
    else if (this.#socket.readableEnded) this.closeAfter(undefined);
    else this.#socket.resume();
    if (this.#socket.readableEnded && this.#socket.closed && !this.#framer.isPaused) this.#closed();
    this.#watchProgress(before !== this.#framer.messages);
  }

  /** Answers need a new connection from now on; but none is sent before what came ahead of the end is handed out. */
  #ended(): void {
    if (!this.#framer.isPaused) this.closeAfter(undefined);
    else {
      this.#isOpen = false;
      this.#use.end();
      this.#leavingSinceMs ??= this.#services.clock.nowMs();
    }
  }

  /** A timer only while we wait for the rest of a message: most come in one chunk and never start one. */
  #watchProgress(hasCompleted: boolean): void {
    const isMidMessage = this.#isOpen && this.#framer.isMidMessage;
    if (this.#messageTimer !== undefined && (hasCompleted || !isMidMessage)) {
      this.#services.clock.cancel(this.#messageTimer);
      this.#messageTimer = undefined;
    }
    if (!isMidMessage || this.#framer.isPaused || this.#messageTimer !== undefined) return;
    const { clock, limits } = this.#services;
    this.#messageTimer = clock.after(limits.messageTimeoutMs, () => this.#refuseAndClose('message-timeout'));
  }

  /** What is written in one turn of the event loop leaves in one system call, and on TLS in one record. */
  #writeSoon(text: string): void {
    this.#use.note(this.#services.clock.nowMs());
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

  #leaveIfDue(nowMs: number): void {
    if (this.#retiredAtMs === undefined || !this.#isOpen) return;
    const { retiredGraceMs, retiredMaxMs } = this.#services.limits;
    const retiredMs = nowMs - this.#retiredAtMs;
    const isQuiet = this.#use.silentMs(nowMs) >= this.#retiredIdleMs || retiredMs >= retiredGraceMs;
    if ((this.#use.exchanges === 0 && isQuiet) || retiredMs >= retiredMaxMs) this.#leave();
  }

  /** What the peer sends until it has seen our FIN is still taken; answers to it go over another connection. */
  #leave(): void {
    this.#isOpen = false;
    this.#use.end();
    this.#leavingSinceMs = this.#services.clock.nowMs();
    this.#socket.end();
  }

  #refuseAndClose(reason: RefusalReason): void {
    const { protocol, listener, address } = this;
    this.#services.refusals.count({ protocol, reason, listener, address });
    this.close();
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
    this.#use.end();
    this.#framer.stop();
    this.#services.budget.forget(this);
    if (this.#messageTimer !== undefined) this.#services.clock.cancel(this.#messageTimer);
    this.#messageTimer = undefined;
  }

  #closed(): void {
    if (this.#socket.readableEnded && this.#framer.isPaused) return;
    this.#stop();
    this.#services.metrics.connectionClosed(this.facts.protocol, this.facts.direction);
    this.#settle(this.#problem);
  }
}

const uncork = (connection: StreamConnection) => connection.uncork();
