/** Accepted sockets whose TLS handshake has not begun, for others of their address are on their way. First come, first served. */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../kernel/clock.ts';

export interface HandshakeQueueOptions {
  readonly clock: Clock;
  readonly limits: {
    /** Of all addresses together. */
    readonly maxHandshakes: number;
    /** Who waits for longer is given up. */
    readonly handshakeTimeoutMs: number;
  };
  /** Its place is gone; the socket is still open. */
  onTimeout(socket: Socket, address: string): void;
}

interface Waiting {
  readonly socket: Socket;
  readonly port: number;
  readonly timer: Timer;
}

export class HandshakeQueue {
  readonly #options: HandshakeQueueOptions;
  readonly #byAddress = new Map<string, Set<Waiting>>();
  #size = 0;

  constructor(options: HandshakeQueueOptions) {
    this.#options = options;
  }

  /** False where there is no place. */
  enter(socket: Socket, address: string, port: number): boolean {
    const { clock, limits, onTimeout } = this.#options;
    if (this.#size >= limits.maxHandshakes) return false;
    const timer = clock.after(limits.handshakeTimeoutMs, () => {
      this.#leave(address, waiting);
      onTimeout(socket, address);
    });
    const waiting: Waiting = { socket, port, timer };
    const queue = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, queue.add(waiting));
    this.#size += 1;
    // Who has gone by itself has not been kept waiting.
    socket.once('close', () => this.#leave(address, waiting));
    return true;
  }

  /** Whoever of the address has waited longest. */
  next(address: string): { readonly socket: Socket; readonly port: number } | undefined {
    for (const waiting of this.#byAddress.get(address) ?? []) {
      this.#leave(address, waiting);
      if (!waiting.socket.destroyed) return waiting;
    }
    return undefined;
  }

  /** Ends all that wait. */
  close(): void {
    for (const [address, queue] of this.#byAddress)
      for (const waiting of queue) {
        this.#leave(address, waiting);
        waiting.socket.destroy();
      }
  }

  #leave(address: string, waiting: Waiting): void {
    const queue = this.#byAddress.get(address);
    if (queue?.delete(waiting) !== true) return;
    this.#size -= 1;
    this.#options.clock.cancel(waiting.timer);
    if (queue.size === 0) this.#byAddress.delete(address);
  }
}
