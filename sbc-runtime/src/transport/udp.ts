/** A UDP listener: one socket that receives, and that everything over UDP leaves from. */
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import { kindOfText } from './message-kind.ts';
import type { Tracer } from './tracer.ts';
import type { Flow } from './transport-user.ts';

export interface UdpSocketOptions {
  readonly listener: string;
  readonly bindAddress: string;
  readonly port: number;
  /** SO_RCVBUF to ask for. */
  readonly receiveBufferBytes: number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracer: Tracer | undefined;
  onDatagram(socket: UdpSocket, datagram: Buffer, from: RemoteInfo): void;
}

/** A longer message is not sent: IPv4 carries 65 507 octets, less what its options take. */
export const MAX_DATAGRAM_OCTETS = 65_000;

/** What the kernel said of a datagram that is too long all the same. */
export const TOO_LARGE = 'too large for a datagram';

/** Of a probe: a zero octet, with which no message starts, and a token of `Random`. */
const PROBE_OCTETS = 25;

/** Told once, in the same turn or the next: undefined, or why the datagram did not leave. */
export type Sent = (problem: string | undefined) => void;

export class UdpSocket {
  readonly #options: UdpSocketOptions;
  readonly #socket: Socket;
  #isOpen = true;
  #probe: { readonly datagram: Buffer; readonly answered: () => void } | undefined;

  constructor(options: UdpSocketOptions) {
    this.#options = options;
    this.#socket = createSocket({
      type: isIPv6(options.bindAddress) ? 'udp6' : 'udp4',
      // A burst of calls waits in the kernel while we work; the default holds some fifty INVITEs.
      recvBufferSize: options.receiveBufferBytes,
      // Only literals are sent to: without this Node defers every datagram by a look-up of its own.
      lookup: literal,
    });
    this.#socket.on('message', (datagram, from) => {
      if (datagram.length === PROBE_OCTETS && this.#isProbe(datagram)) return;
      options.onDatagram(this, datagram, from);
    });
  }

  get listener(): string {
    return this.#options.listener;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  open(): Promise<void> {
    const { bindAddress, port, log, listener, receiveBufferBytes } = this.#options;
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind({ address: bindAddress, port, exclusive: true }, () => {
        this.#socket.removeListener('error', reject);
        // ICMP errors and the like: the transaction that waits for an answer times out.
        this.#socket.on('error', (error) =>
          log.warn('A UDP socket reported an error', { listener, error: error.message }),
        );
        log.info('UDP receive buffer', {
          listener,
          askedBytes: receiveBufferBytes,
          grantedBytes: this.#socket.getRecvBufferSize(),
        });
        resolve();
      });
    });
  }

  /** `flow`: for the trace. Without `sent` a failure is only counted by whoever waits for an answer. */
  send(flow: Flow, port: number, text: string, sent?: Sent): boolean {
    // Port 0 comes from a peer's Via or SRV record, and Node throws on it.
    if (!this.#isOpen || port < 1 || port > 65535 || text.length > MAX_DATAGRAM_OCTETS) return false;
    const { metrics, tracer } = this.#options;
    metrics.messageSent('UDP', kindOfText(text));
    tracer?.message('out', flow, text);
    const datagram = Buffer.from(text, 'latin1');
    if (sent === undefined) this.#socket.send(datagram, port, flow.address, ignore);
    else
      this.#socket.send(datagram, port, flow.address, (error) => sent(error === null ? undefined : problemOf(error)));
    return true;
  }

  /**
   * How long does a datagram wait in the receive buffer? Node knows no SO_TIMESTAMP: the socket sends itself a datagram,
   * behind those that wait, and calls `answered` when it reads it; never where the buffer was full. One at a time: the one before is forgotten.
   */
  probe(token: string, answered: () => void): void {
    if (!this.#isOpen) return;
    const { address, port } = this.#socket.address();
    const datagram = Buffer.from(`\0${token}`, 'latin1');
    this.#probe = { datagram, answered };
    this.#socket.send(datagram, port, reachable[address] ?? address, ignore);
  }

  /** Whoever knows the token sent it: we. */
  #isProbe(datagram: Buffer): boolean {
    if (this.#probe?.datagram.equals(datagram) !== true) return false;
    const { answered } = this.#probe;
    this.#probe = undefined;
    answered();
    return true;
  }

  close(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    this.#isOpen = false;
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }
}

const NOBODY: readonly string[] = [];

/** The path of one datagram: the socket it came in on, or leaves from, and the peer. */
export class UdpFlow implements Flow {
  readonly socket: UdpSocket;
  readonly address: string;
  readonly port: number;
  readonly trunks: readonly string[];
  readonly formerTrunks: readonly string[];
  /** Where responses to the request that came along here go (`stampVia`). */
  responsePort: number;

  constructor(
    socket: UdpSocket,
    address: string,
    port: number,
    trunks: readonly string[],
    formerTrunks: readonly string[] = NOBODY,
  ) {
    this.socket = socket;
    this.address = address;
    this.port = port;
    this.trunks = trunks;
    this.formerTrunks = formerTrunks;
    this.responsePort = port;
  }

  get protocol(): 'UDP' {
    return 'UDP';
  }
  get listener(): string {
    return this.socket.listener;
  }
  get isOpen(): boolean {
    return true;
  }
  get isReliable(): boolean {
    return false;
  }
}

const ignore = () => undefined;

function problemOf(error: NodeJS.ErrnoException): string {
  return error.code === 'EMSGSIZE' ? TOO_LARGE : error.message;
}

/** A socket that is bound to every address reaches itself at one of them. */
const reachable: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function literal(
  address: string,
  family: unknown,
  done: (error: Error | null, address: string, family: number) => void,
): void {
  done(null, address, typeof family === 'number' && family === 6 ? 6 : 4);
}
