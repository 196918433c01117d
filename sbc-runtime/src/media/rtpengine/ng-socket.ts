/** The datagrams between us and one RTPEngine, as a dependency; the real one is a connected UDP socket. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface NgSocketUser {
  /** A datagram from the relay's own address, as latin1. */
  onDatagram(text: string): void;
  /** The socket complained: most often that nobody listens at the relay's port (ICMP port unreachable). */
  onError(error: Error): void;
}

export interface NgSocket {
  send(datagram: Buffer): void;
  close(): void;
}

/** Opens a socket that speaks to one relay alone. */
export type OpenNgSocket = (user: NgSocketUser) => NgSocket;

/** Room for the answers that arrive while the event loop is busy: 200 requests in flight, 4 KiB each, twice. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/**
 * Connected: the kernel drops what comes from any other address, tells us when nobody listens, and a send needs no
 * look-up of the address. `relay.address` is an IP address.
 */
export function udpNgSocket(relay: { readonly address: string; readonly port: number }): OpenNgSocket {
  return (user) => new UdpNgSocket(relay, user);
}

/** Kept while the socket connects: a turn of the event loop, for a literal address. */
const MAX_WAITING = 256;

class UdpNgSocket implements NgSocket {
  readonly #relay: { readonly address: string; readonly port: number };
  readonly #user: NgSocketUser;
  readonly #socket: Socket;
  readonly #waiting: Buffer[] = [];
  readonly #onSent: (error: Error | null) => void;
  #state: 'Unconnected' | 'Connecting' | 'Connected' | 'Closed' = 'Unconnected';

  constructor(relay: { readonly address: string; readonly port: number }, user: NgSocketUser) {
    this.#relay = relay;
    this.#user = user;
    this.#socket = createSocket({
      type: isIPv6(relay.address) ? 'udp6' : 'udp4',
      recvBufferSize: RECEIVE_BUFFER_BYTES,
    });
    // A datagram that could not be sent is a lost one: it is repeated, or its request times out.
    this.#onSent = (error) => {
      if (error !== null) this.#report(error);
    };
    // Stays after `close`: an 'error' event without a listener would end the process.
    this.#socket.on('error', (error) => {
      this.#report(error);
    });
    this.#socket.on('message', (datagram) => {
      if (this.#state !== 'Closed') user.onDatagram(datagram.toString('latin1'));
    });
  }

  send(datagram: Buffer): void {
    if (this.#state === 'Connected') {
      this.#socket.send(datagram, this.#onSent);
      return;
    }
    if (this.#state === 'Closed') return;
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(datagram);
    if (this.#state === 'Unconnected') this.#connect();
  }

  close(): void {
    if (this.#state === 'Closed') return;
    this.#state = 'Closed';
    this.#waiting.length = 0;
    this.#socket.close();
  }

  /** Tried again by the next datagram where it fails, as without a route to the relay. */
  #connect(): void {
    this.#state = 'Connecting';
    this.#socket.connect(this.#relay.port, this.#relay.address, (error?: Error) => {
      if (this.#state === 'Closed') return;
      this.#state = error === undefined ? 'Connected' : 'Unconnected';
      const waiting = this.#waiting.splice(0);
      if (error !== undefined) this.#report(error);
      else for (const datagram of waiting) this.send(datagram);
    });
  }

  #report(error: Error): void {
    if (this.#state !== 'Closed') this.#user.onError(error);
  }
}
