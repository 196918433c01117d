/** TLS over what TCP accepts and dials. OpenSSL's verdict on the peer is not asked for: `tls-verifier.ts` gives it. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { TLSSocket, TLSSocketOptions } from 'node:tls';
import type { Clock, Timer } from '../kernel/clock.ts';
import { beginGuarded } from './guarded-handshake.ts';
import type { GuardRefusal } from './guarded-handshake.ts';
import { HandshakeDoor } from './handshake-door.ts';
import type { NoHandshake } from './handshake-door.ts';
import { HandshakeQueue } from './handshake-queue.ts';
import { HandshakeTaps } from './handshake-tap.ts';
import type { TransportLimits } from './limits.ts';
import { plainReason } from './plain-reason.ts';
import { DialAttempt, tcpOptions } from './tcp.ts';
import type { Dialled, TcpDial } from './tcp.ts';
import type { TlsIdentity, TlsProvider } from './tls-material.ts';
import { isCostly } from './tls-verifier.ts';
import type { TurnBudget } from './turn-budget.ts';

export interface TlsUpgraderOptions {
  readonly listener: string;
  readonly tls: TlsProvider;
  readonly clock: Clock;
  readonly limits: TransportLimits;
  readonly budget: TurnBudget;
  onSecure(socket: TLSSocket, address: string, port: number): void;
  onFailed(
    reason: 'handshake-failed' | 'handshake-timeout' | 'handshake-too-costly' | NoHandshake,
    address: string,
    detail: string,
  ): void;
}

/** A socket in its handshake. */
interface Handshake {
  readonly address: string;
  readonly port: number;
  readonly timer: Timer;
  problem: string;
}

/** Makes accepted sockets secure. It does not listen: sockets are handed to it once they were admitted. */
export class TlsUpgrader {
  readonly #options: TlsUpgraderOptions;
  readonly #handshakes = new Map<Socket, Handshake>();
  readonly #door: HandshakeDoor;
  readonly #queue: HandshakeQueue;
  readonly #taps = new HandshakeTaps();

  constructor(options: TlsUpgraderOptions) {
    this.#options = options;
    this.#door = new HandshakeDoor(options);
    this.#queue = new HandshakeQueue({
      clock: options.clock,
      limits: options.limits,
      onTimeout: (socket, address) => {
        options.onFailed('handshake-timeout', address, 'TLS handshake timed out before it began');
        socket.destroy();
      },
    });
  }

  upgrade(socket: Socket, address: string, port: number): void {
    const place = this.#door.enter(address);
    if (place === 'ok') {
      this.#begin(socket, address, port);
      return;
    }
    // A burst of honest connections is served a few at a time, for each handshake is a millisecond of work.
    if (place === 'too-many-handshakes-from-address' && this.#queue.enter(socket, address, port)) return;
    this.#options.onFailed(place, address, 'no TLS handshake now');
    socket.destroy();
  }

  /** The next one of the address, where one is waiting. */
  #letIn(address: string): boolean {
    const next = this.#queue.next(address);
    if (next !== undefined) this.upgrade(next.socket, address, next.port);
    return next !== undefined;
  }

  #begin(socket: Socket, address: string, port: number): void {
    const { clock, limits, budget } = this.#options;
    const timer = clock.after(limits.handshakeTimeoutMs, () => {
      if (this.#end(socket) === undefined) return;
      this.#options.onFailed('handshake-timeout', address, 'TLS handshake timed out');
      socket.destroy();
    });
    const handshake: Handshake = { address, port, timer, problem: 'the peer closed the connection' };
    this.#handshakes.set(socket, handshake);
    socket.once('close', () => {
      if (this.#end(socket) !== undefined) this.#options.onFailed('handshake-failed', address, handshake.problem);
    });
    beginGuarded(socket, this.#tlsOptions(), {
      taps: this.#taps,
      ...{ limits, budget },
      onSecure: (secure) => this.#secured(secure, socket),
      onError: (error) => (handshake.problem = plainReason(error)),
      onRefused: (refusal) => this.#refused(socket, handshake, refusal),
    });
  }

  /** Anew for each handshake: a replaced certificate counts from now on, and connections that stand keep the one they were made with. */
  #tlsOptions(): TLSSocketOptions {
    const { tls, listener } = this.#options;
    const secureContext = tls.defaultContext(listener);
    return {
      ...(secureContext !== undefined && { secureContext }),
      isServer: true,
      requestCert: true,
      rejectUnauthorized: false,
      SNICallback: (serverName, done) => done(null, tls.contextFor(listener, serverName)),
    };
  }

  /** Ends the handshakes on their way. */
  close(): void {
    this.#queue.close();
    for (const socket of this.#handshakes.keys()) {
      this.#end(socket);
      socket.destroy();
    }
  }

  #refused(socket: Socket, handshake: Handshake, refusal: GuardRefusal): void {
    if (refusal === 'too-costly') this.#tooCostly(handshake.address);
    else if (!socket.destroyed) {
      handshake.problem = refusal === 'unreadable' ? 'a certificate that cannot be read' : 'no TLS handshake';
      socket.destroy();
    }
  }

  /** Ends the other handshakes of the address as well: who has sent one such chain sends another. */
  #tooCostly(address: string): void {
    this.#door.coolDown(address);
    this.#options.onFailed('handshake-too-costly', address, 'more octets, certificates or longer keys than a peer has');
    for (const [socket, handshake] of this.#handshakes) {
      if (handshake.address !== address) continue;
      this.#end(socket);
      socket.destroy();
    }
    while (this.#letIn(address));
  }

  #secured(secure: TLSSocket, socket: Socket): void {
    const handshake = this.#end(socket);
    if (handshake !== undefined && !isCostly(peerChain(secure), this.#options.limits.maxHandshakeBytes)) {
      this.#options.onSecure(secure, handshake.address, handshake.port);
      return;
    }
    secure.on('error', () => undefined);
    secure.destroy();
    if (handshake !== undefined) this.#tooCostly(handshake.address);
  }

  #end(socket: Socket): Handshake | undefined {
    const handshake = this.#handshakes.get(socket);
    if (handshake === undefined) return undefined;
    this.#handshakes.delete(socket);
    this.#door.leave(handshake.address);
    this.#options.clock.cancel(handshake.timer);
    this.#letIn(handshake.address);
    return handshake;
  }
}

export interface TlsDial extends TcpDial {
  /** The name that was asked for; SNI unless it is a literal. */
  readonly host: string;
  readonly identity: TlsIdentity;
}

/** The clear text of one TLS record is at most as long (RFC 8446 §5.1). */
const RECORD_BYTES = 16 * 1024;

/**
 * `done` is called once, after the handshake; the peer's certificate is not judged yet. A chunk of `data` holds until its listeners
 * return, no longer.
 */
export function dialTls(
  dial: TlsDial,
  clock: Clock,
  limits: TransportLimits,
  done: (dialled: Dialled<TLSSocket>) => void,
): DialAttempt<TLSSocket> {
  const options = {
    ...tcpOptions(dial),
    secureContext: dial.identity.context,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    // RFC 6066 §3: an IP literal is no server name.
    ...(isIP(dial.host) === 0 && { servername: dial.host }),
    onread: { buffer: Buffer.allocUnsafeSlow(RECORD_BYTES), callback: onBytes },
  };
  const socket = connect(options);
  /** What is read lies in one buffer: a new one for each read costs a tenth of all that reading costs. */
  function onBytes(length: number, buffer: Uint8Array): boolean {
    const octets = Buffer.from(buffer.buffer, buffer.byteOffset, length);
    if (!socket.emit('data', octets)) socket.destroy(new Error('nobody reads from the connection'));
    return true;
  }
  const attempt = new DialAttempt(socket, clock, done);
  attempt.limit(limits.connectTimeoutMs, 'connection timed out');
  socket.once('connect', () => attempt.limit(limits.handshakeTimeoutMs, 'TLS handshake timed out'));
  socket.once('secureConnect', () => attempt.succeed());
  return attempt;
}

/** The leaf first, then all that the peer sent, in its order. */
export function peerChain(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (
    let next = socket.getPeerX509Certificate();
    next !== undefined && chain.length <= MAX_SENT;
    next = next.issuerCertificate
  )
    chain.push(next);
  return chain;
}

/** One more than the verifier looks at, so that it can tell. */
const MAX_SENT = 11;
