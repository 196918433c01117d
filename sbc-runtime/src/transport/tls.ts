/** TLS over what TCP accepts and dials. OpenSSL's verdict on the peer is not asked for: `tls-verifier.ts` gives it. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../kernel/clock.ts';
import { HandshakeDoor } from './handshake-door.ts';
import type { NoHandshake } from './handshake-door.ts';
import { HandshakeQueue } from './handshake-queue.ts';
import type { TransportLimits } from './limits.ts';
import { plainReason } from './plain-reason.ts';
import { DialAttempt, tcpOptions } from './tcp.ts';
import type { Dialled, TcpDial } from './tcp.ts';
import type { TlsIdentity, TlsProvider } from './tls-material.ts';
import { isCostly } from './tls-verifier.ts';

export interface TlsUpgraderOptions {
  readonly listener: string;
  readonly tls: TlsProvider;
  readonly clock: Clock;
  readonly limits: TransportLimits;
  onSecure(socket: TLSSocket, address: string, port: number): void;
  onFailed(
    reason: 'handshake-failed' | 'handshake-timeout' | 'handshake-too-costly' | NoHandshake,
    address: string,
    detail: string,
  ): void;
}

/** A socket in its handshake. */
interface Handshake {
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
  readonly timer: Timer;
  problem: string;
}

/** Makes accepted sockets secure. It does not listen: sockets are handed to it once they were admitted. */
export class TlsUpgrader {
  readonly #options: TlsUpgraderOptions;
  readonly #server: Server;
  readonly #handshakes = new Map<string, Handshake>();
  readonly #door: HandshakeDoor;
  readonly #queue: HandshakeQueue;
  #look: Timer | undefined;

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
    this.#server = createServer({
      ...options.tls.defaultOptions(options.listener),
      requestCert: true,
      rejectUnauthorized: false,
      // Our clock limits handshakes; Node's own limit must not come before it.
      handshakeTimeout: options.limits.handshakeTimeoutMs * 10,
      SNICallback: (serverName, done) => done(null, options.tls.contextFor(options.listener, serverName)),
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      socket.on('error', () => undefined);
      const handshake = this.#handshakes.get(keyOf(socket));
      if (handshake !== undefined) handshake.problem = plainReason(error);
      socket.destroy();
    });
  }

  /** For handshakes from now on; connections that stand keep the certificate they were made with. */
  reload(): void {
    const options = this.#options.tls.defaultOptions(this.#options.listener);
    if (options !== undefined) this.#server.setSecureContext(options);
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
    const key = keyOf(socket);
    const timer = this.#options.clock.after(this.#options.limits.handshakeTimeoutMs, () => {
      if (this.#end(key) === undefined) return;
      this.#options.onFailed('handshake-timeout', address, 'TLS handshake timed out');
      socket.destroy();
    });
    this.#handshakes.set(key, { socket, address, port, timer, problem: 'the peer closed the connection' });
    socket.once('close', () => {
      const handshake = this.#end(key);
      if (handshake === undefined) return;
      if (socket.bytesRead > this.#options.limits.maxHandshakeBytes) this.#tooCostly(address);
      else this.#options.onFailed('handshake-failed', address, handshake.problem);
    });
    this.#server.emit('connection', socket);
    this.#look ??= this.#options.clock.after(this.#options.limits.handshakeLookMs, () => this.#lookThrough());
  }

  /** Ends the handshakes on their way. */
  close(): void {
    this.#queue.close();
    for (const [key, { socket }] of this.#handshakes) {
      this.#end(key);
      socket.destroy();
    }
    if (this.#look !== undefined) this.#options.clock.cancel(this.#look);
    this.#look = undefined;
  }

  /** A long chain arrives in pieces: it is not waited for, since OpenSSL verifies all of it before we are asked. */
  #lookThrough(): void {
    const { clock, limits } = this.#options;
    this.#look = undefined;
    for (const { socket, address } of this.#handshakes.values())
      if (socket.bytesRead > limits.maxHandshakeBytes) this.#tooCostly(address);
    if (this.#handshakes.size > 0) this.#look = clock.after(limits.handshakeLookMs, () => this.#lookThrough());
  }

  /** Ends the other handshakes of the address as well: each would cost the same. */
  #tooCostly(address: string): void {
    this.#door.coolDown(address);
    this.#options.onFailed('handshake-too-costly', address, 'more octets, certificates or longer keys than a peer has');
    for (const [key, handshake] of this.#handshakes) {
      if (handshake.address !== address) continue;
      this.#end(key);
      handshake.socket.destroy();
    }
    while (this.#letIn(address));
  }

  #secured(socket: TLSSocket): void {
    const handshake = this.#end(keyOf(socket));
    if (handshake !== undefined && !isCostly(peerChain(socket), this.#options.limits.maxHandshakeBytes)) {
      this.#options.onSecure(socket, handshake.address, handshake.port);
      return;
    }
    socket.on('error', () => undefined);
    socket.destroy();
    if (handshake !== undefined) this.#tooCostly(handshake.address);
  }

  #end(key: string): Handshake | undefined {
    const handshake = this.#handshakes.get(key);
    if (handshake === undefined) return undefined;
    this.#handshakes.delete(key);
    this.#door.leave(handshake.address);
    this.#options.clock.cancel(handshake.timer);
    this.#letIn(handshake.address);
    if (this.#handshakes.size === 0 && this.#look !== undefined) {
      this.#options.clock.cancel(this.#look);
      this.#look = undefined;
    }
    return handshake;
  }
}

/** The secure socket and the one below it have the same peer. */
const keyOf = (socket: Socket) => `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;

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
