/** One TLS connection of the simulator: counted, recorded, cut into messages. */
import type { TLSSocket } from 'node:tls';
import type { Message } from 'sip';
import type { SimulatorLog } from './log.ts';
import { Framer, isProperStart, read, readBehindStart, render } from './wire.ts';

export interface DataCentre {
  /** `sip.pstnhub.microsoft.com` */
  readonly host: string;
  readonly address: string;
  /** Default: 5061. */
  readonly port?: number;
  /** The proxy's own name, in Record-Route and Contact. Default: `sip-du-a-<first label>.pstnhub.microsoft.com`. */
  readonly proxyHost?: string;
}

/** What came in: a message, with its text for whoever compares bytes. */
export interface Arrival {
  readonly message: Message;
  readonly text: string;
  readonly connection: Connection;
  /** The start line is not what RFC 3261 §7.1 wants: only an answer can be given. */
  readonly isMalformed: boolean;
}

interface ConnectionUse {
  readonly id: number;
  readonly dataCentre: DataCentre;
  readonly log: SimulatorLog;
  /** Who opened it. */
  readonly openedBy: 'teams' | 'sbc';
  /** DNS names in the SBC's certificate. */
  readonly certificateNames: readonly string[];
  readonly onMessage: (arrival: Arrival) => void;
  readonly onClose: (connection: Connection) => void;
}

export class Connection {
  readonly id: number;
  readonly dataCentre: DataCentre;
  readonly certificateNames: readonly string[];
  readonly peer: string;
  readonly #socket: TLSSocket;
  readonly #log: SimulatorLog;
  readonly #framer = new Framer();
  readonly #onMessage: ConnectionUse['onMessage'];

  constructor(socket: TLSSocket, use: ConnectionUse) {
    this.id = use.id;
    this.dataCentre = use.dataCentre;
    this.certificateNames = use.certificateNames;
    this.peer = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.#socket = socket;
    this.#log = use.log;
    this.#onMessage = use.onMessage;
    // Node: `servername` is false where the peer asked for no name.
    const asked = (socket as { servername?: string | false }).servername;
    const words = `${this.peer} ${socket.getProtocol() ?? ''} by ${use.openedBy} for ${asked || 'no name'}`;
    this.#note('connection-opened', words);
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#note('connection-closed', this.peer);
      use.onClose(this);
    });
    socket.on('data', (chunk: string) => this.#onText(chunk));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  send(message: Message): void {
    const text = render(message);
    const { id, peer, dataCentre } = this;
    this.#log.record({ direction: 'sent', connection: id, dataCentre: dataCentre.host, peer, text, message });
    this.#socket.write(text, 'latin1');
  }

  /** At once, as a lost connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  #onText(chunk: string): void {
    if (this.#socket.destroyed) return;
    try {
      for (const text of this.#framer.push(chunk)) this.#onWhole(text);
    } catch (error) {
      this.#note('unreadable', error instanceof Error ? error.message : String(error));
      this.#socket.destroy();
    }
  }

  #onWhole(text: string): void {
    const isMalformed = !isProperStart(text);
    const message = isMalformed ? readBehindStart(text) : read(text);
    if (isMalformed || !message) this.#note('unreadable', text.slice(0, 200));
    if (!message) return;
    const { id, peer, dataCentre } = this;
    this.#log.record({ direction: 'received', connection: id, dataCentre: dataCentre.host, peer, text, message });
    this.#onMessage({ message, text, connection: this, isMalformed });
  }

  #note(kind: 'connection-opened' | 'connection-closed' | 'unreadable', detail: string): void {
    this.#log.note({ kind, connection: this.id, dataCentre: this.dataCentre.host, detail });
  }
}
