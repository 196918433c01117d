/** TLS on an accepted socket, whose peer's certificates are looked at before OpenSSL verifies them. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { TLSSocketOptions } from 'node:tls';
import { ClientCertificateGuard } from './client-certificate-guard.ts';
import type { GuardLimits, GuardVerdict } from './client-certificate-guard.ts';
import type { HandshakeTap, HandshakeTaps } from './handshake-tap.ts';
import type { TurnBudget, Waiter } from './turn-budget.ts';

export type GuardRefusal = Exclude<GuardVerdict, 'more' | 'passed'>;

export interface Guarding {
  readonly taps: HandshakeTaps;
  readonly limits: GuardLimits;
  /** Chains that are let through wait for a later turn where this one is spent: many may come at once. */
  readonly budget: Pick<TurnBudget, 'isOver' | 'spend' | 'wait' | 'forget'>;
  onSecure(secure: TLSSocket): void;
  /** TLS itself has failed, or the socket below, before or after `onSecure`. It closes. */
  onError(error: Error): void;
  /** Once; OpenSSL gets nothing more. The socket, open or not, is the caller's to end. */
  onRefused(refusal: GuardRefusal): void;
}

/** A chain counts as so many messages in `TurnBudget`: four in a turn, fewer where they take long. */
const CHAIN_WORK = 64;

/** `socket`: nothing was taken of what it has read; that is looked at first. */
export function beginGuarded(socket: Socket, options: TLSSocketOptions, guarding: Guarding): void {
  const early: unknown = socket.read();
  const secure = new TLSSocket(socket, options);
  secure.once('secure', () => guarding.onSecure(secure));
  // As long as no server of Node's has the socket, this is where it tells of errors, and it closes nothing.
  secure.on('_tlsError', (error: Error) => {
    guarding.onError(error);
    secure.destroy(error);
  });
  const handshake = new GuardedHandshake(guarding, socket);
  const tap = guarding.taps.open(socket, secure, (octets) => handshake.read(octets));
  if (tap !== undefined) handshake.begin(tap);
  if (!(early instanceof Buffer)) return;
  if (tap !== undefined) handshake.read(early);
  else socket.unshift(early);
}

class GuardedHandshake implements Waiter {
  readonly #guarding: Guarding;
  readonly #guard: ClientCertificateGuard;
  readonly #socket: Socket;
  #tap: HandshakeTap | undefined;
  /** What ends the chain, while it waits for its turn. */
  #waiting: Buffer | undefined;
  readonly #onClose = () => {
    this.#guarding.budget.forget(this);
    this.#tap?.close();
  };

  constructor(guarding: Guarding, socket: Socket) {
    this.#guarding = guarding;
    this.#socket = socket;
    this.#guard = new ClientCertificateGuard(guarding.limits);
  }

  begin(tap: HandshakeTap): void {
    this.#tap = tap;
    this.#socket.once('close', this.#onClose);
  }

  read(octets: Buffer): void {
    // Read before it was held.
    if (this.#waiting !== undefined) {
      this.#waiting = Buffer.concat([this.#waiting, octets]);
      return;
    }
    const verdict = this.#guard.look(octets);
    if (verdict === 'more') this.#tap?.pass(octets);
    else if (verdict === 'passed') this.#letGo(octets);
    else {
      // OpenSSL tells a peer that speaks no TLS; of a chain that it must not verify it does not get the last octet.
      if (verdict === 'no-handshake') this.#tap?.pass(octets.subarray(0, this.#guard.lookedAt));
      this.#guarding.onRefused(verdict);
    }
  }

  goOn(): void {
    const octets = this.#waiting;
    this.#waiting = undefined;
    if (octets !== undefined && !this.#socket.destroyed) this.#letGo(octets);
  }

  #letGo(octets: Buffer): void {
    const { budget } = this.#guarding;
    if (budget.isOver) {
      this.#waiting = octets;
      this.#tap?.hold();
      budget.wait(this);
      return;
    }
    this.#socket.removeListener('close', this.#onClose);
    this.#tap?.close();
    this.#tap?.pass(octets);
    budget.spend(CHAIN_WORK);
  }
}
