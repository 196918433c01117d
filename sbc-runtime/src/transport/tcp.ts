/** TCP: accepting with admission before the first octet is read, and dialling with a time limit. */
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import type { TransportProtocol } from '../sip/hop.ts';
import { plainAddress } from './cidr-set.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { TransportLimits } from './limits.ts';
import { plainReason } from './plain-reason.ts';
import type { Refusals } from './refusals.ts';

/** Octets read in one turn; a burst of messages is worked off at once. */
const READ_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 30_000;

export interface AcceptorOptions {
  readonly listener: string;
  readonly protocol: Exclude<TransportProtocol, 'UDP'>;
  readonly bindAddress: string;
  readonly port: number;
  readonly table: ConnectionTable;
  readonly refusals: Refusals;
  isAllowed(listener: string, address: string): boolean;
  onSocket(socket: Socket, address: string, port: number): void;
  onError(error: Error): void;
}

/** Listens; hands over sockets whose source is allowed and for which there is a place. */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #server: Server;

  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#server = createServer(
      // Without noDelay each message waits for the acknowledgement of the one before it: 40 ms.
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, highWaterMark: READ_BYTES },
      (socket) => this.#accept(socket),
    );
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  open(): Promise<void> {
    const { bindAddress, port, onError } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: bindAddress, port, exclusive: true }, () => {
        this.#server.removeListener('error', reject);
        this.#server.on('error', onError);
        resolve();
      });
    });
  }

  /** Takes no more connections; those that stand stay. */
  close(): void {
    this.#server.close();
  }

  #accept(socket: Socket): void {
    // A reset between accept and here: without a listener it would end the process.
    socket.on('error', () => undefined);
    const { listener, protocol, table, refusals } = this.#options;
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    const address = plainAddress(remoteAddress);
    const place = this.#options.isAllowed(listener, address)
      ? table.takePlace(listener, address)
      : 'source-not-allowed';
    if (place !== 'ok') {
      refusals.count({ protocol, reason: place, listener, address });
      socket.destroy();
      return;
    }
    socket.once('close', () => table.leavePlace(listener, address));
    this.#options.onSocket(socket, address, remotePort);
  }
}

export interface TcpDial {
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
}

export type Dialled<S> =
  | { readonly ok: true; readonly socket: S }
  /** `isConnected`: TCP was there, what came on top of it failed. */
  | { readonly ok: false; readonly reason: string; readonly isConnected: boolean };

export function tcpOptions(dial: TcpDial) {
  return {
    host: dial.address,
    port: dial.port,
    localAddress: dial.localAddress,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    highWaterMark: READ_BYTES,
  };
}

/** `done` is called once. */
export function dialTcp(
  dial: TcpDial,
  clock: Clock,
  limits: TransportLimits,
  done: (dialled: Dialled<Socket>) => void,
): DialAttempt<Socket> {
  const socket = connect(tcpOptions(dial));
  const attempt = new DialAttempt(socket, clock, done);
  attempt.limit(limits.connectTimeoutMs, 'connection timed out');
  socket.once('connect', () => attempt.succeed());
  return attempt;
}

/** One socket on its way: whatever comes first, success, error, close or time limit, decides. */
export class DialAttempt<S extends Socket> {
  readonly socket: S;
  readonly #clock: Clock;
  readonly #done: (dialled: Dialled<S>) => void;
  #isDecided = false;
  #isConnected = false;
  #timer: ReturnType<Clock['after']> | undefined;
  readonly #onError = (error: Error) => this.fail(plainReason(error));
  readonly #onClose = () => this.fail('the peer closed the connection');

  constructor(socket: S, clock: Clock, done: (dialled: Dialled<S>) => void) {
    this.socket = socket;
    this.#clock = clock;
    this.#done = done;
    socket.once('connect', () => {
      this.#isConnected = true;
    });
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** A new time limit in the place of the one before. */
  limit(afterMs: number, reason: string): void {
    if (this.#timer !== undefined) this.#clock.cancel(this.#timer);
    this.#timer = this.#clock.after(afterMs, () => this.fail(reason));
  }

  succeed(): void {
    if (!this.#decide()) return;
    this.#done({ ok: true, socket: this.socket });
    // Kept until the connection's own listeners are there.
    this.socket.removeListener('error', this.#onError);
    this.socket.removeListener('close', this.#onClose);
  }

  fail(reason: string): void {
    if (!this.#decide()) return;
    this.socket.destroy();
    this.#done({ ok: false, reason, isConnected: this.#isConnected });
  }

  #decide(): boolean {
    if (this.#isDecided) return false;
    this.#isDecided = true;
    if (this.#timer !== undefined) this.#clock.cancel(this.#timer);
    return true;
  }
}
