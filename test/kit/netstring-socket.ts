/** baresip's control channel (module ctrl_tcp): JSON in netstrings, answers matched by token, events in between. */
import { connect, type Socket } from 'node:net';

export interface ControlMessage {
  readonly event?: boolean;
  readonly response?: boolean;
  readonly ok?: boolean;
  readonly data?: string;
  readonly token?: string;
  /** `CALL_INCOMING`, `CALL_ESTABLISHED`, `CALL_CLOSED`, … */
  readonly type?: string;
  readonly class?: string;
  readonly direction?: string;
  readonly peeruri?: string;
  readonly id?: string;
  readonly param?: string;
}

export class NetstringSocket {
  readonly #socket: Socket;
  readonly #onMessage: (message: ControlMessage) => void;
  #pending = Buffer.alloc(0);

  private constructor(socket: Socket, onMessage: (message: ControlMessage) => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => socket.destroy());
  }

  static open(port: number, address: string, onMessage: (message: ControlMessage) => void): Promise<NetstringSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, address);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new NetstringSocket(socket, onMessage));
      });
    });
  }

  send(message: object): void {
    const text = JSON.stringify(message);
    this.#socket.write(`${Buffer.byteLength(text)}:${text},`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const colon = this.#pending.indexOf(0x3a);
      if (colon < 0) return;
      const length = Number(this.#pending.toString('latin1', 0, colon));
      const end = colon + 1 + length;
      if (this.#pending.length < end + 1) return;
      const text = this.#pending.toString('utf8', colon + 1, end);
      this.#pending = this.#pending.subarray(end + 1);
      this.#onMessage(JSON.parse(text) as ControlMessage);
    }
  }
}
