/** One TLS connection of the simulator: counted, recorded, cut into messages. */
import type { TLSSocket } from 'node:tls';
import type { Message } from 'sip';
import type { SimulatorLog } from './log.ts';
import { Framer, read, render } from './wire.ts';

export interface DataCentre {
  /** `sip.pstnhub.microsoft.com` */
  readonly host: string;
  readonly address: string;
  /** Default: 5061. */
  readonly port?: number;
  /** The proxy's own name, in Record-Route and Contact. Default: `sip-du-a-<first label>.pstnhub.microsoft.com`. */
  readonly proxyHost?: string;
}

interface ConnectionUse {
  readonly id: number;
  readonly dataCentre: DataCentre;
  readonly log: SimulatorLog;
  /** DNS names in the SBC's certificate. */
  readonly certificateNames: readonly string[];
  readonly onMessage: (message: Message, connection: Connection) => void;
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

  constructor(socket: TLSSocket, use: ConnectionUse) {
    this.id = use.id;
    this.dataCentre = use.dataCentre;
    this.certificateNames = use.certificateNames;
    this.peer = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.#socket = socket;
    this.#log = use.log;
    this.#note('connection-opened', `${this.peer} ${socket.getProtocol() ?? ''}`);
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#note('connection-closed', this.peer);
      use.onClose(this);
    });
    socket.on('data', (chunk: string) => {
      try {
        for (const text of this.#framer.push(chunk)) this.#onText(text, use.onMessage);
      } catch (error) {
        this.#note('unreadable', error instanceof Error ? error.message : String(error));
        socket.destroy();
      }
    });
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

  #onText(text: string, onMessage: ConnectionUse['onMessage']): void {
    const message = read(text);
    if (!message) {
      this.#note('unreadable', text.slice(0, 200));
      return;
    }
    const { id, peer, dataCentre } = this;
    this.#log.record({ direction: 'received', connection: id, dataCentre: dataCentre.host, peer, text, message });
    onMessage(message, this);
  }

  #note(kind: 'connection-opened' | 'connection-closed' | 'unreadable', detail: string): void {
    this.#log.note({ kind, connection: this.id, dataCentre: this.dataCentre.host, detail });
  }
}
