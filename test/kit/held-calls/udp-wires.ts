/** A real UDP socket where agents have their virtual network: requests go where their URI says, responses where the request came from. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { methodOf, statusOf } from '../agent-text.ts';
import { Station, Wire, type Network } from '../network.ts';

/** Sources that one PBX knows. */
const MAX_SOURCES = 1000;

export interface UdpWiresOptions {
  readonly address: string;
  /** Default: 5060. */
  readonly port?: number;
  /** Looked up before DNS: name to address. Read at each request. */
  readonly hosts?: Readonly<Record<string, string>>;
}

export class UdpWires implements Pick<Network, 'wireFrom' | 'carryToSbc'> {
  readonly station: Station;
  readonly #options: UdpWiresOptions;
  readonly #socket: Socket = createSocket('udp4');
  readonly #sources = new Map<string, Wire>();
  readonly #nowhere: Wire;
  #isOpen = true;

  private constructor(options: UdpWiresOptions) {
    const { address, port = 5060 } = options;
    this.#options = options;
    const place = { address, port, protocol: 'UDP', hosts: [address], listener: 'pbx', trunks: [] } as const;
    this.station = new Station('pbx', place);
    this.#nowhere = new Wire(this.station, port, []);
    this.#socket.on('message', (datagram, from) => this.#onDatagram(datagram, from));
  }

  static async open(options: UdpWiresOptions): Promise<UdpWires> {
    const wires = new UdpWires(options);
    await new Promise<void>((resolve, reject) => {
      wires.#socket.once('error', reject);
      wires.#socket.bind(options.port ?? 5060, options.address, resolve);
    });
    wires.#socket.on('error', () => undefined);
    return wires;
  }

  /** A request finds its own way. */
  wireFrom(): Wire {
    return this.#nowhere;
  }

  carryToSbc(wire: Wire, text: string): void {
    if (statusOf(text) > 0) this.#send(text, wire.port, wire.address);
    else void this.#sendRequest(text);
  }

  close(): Promise<void> {
    this.#isOpen = false;
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  async #sendRequest(text: string): Promise<void> {
    const uri = text.slice(methodOf(text).length + 1, text.indexOf(' SIP/2.0\r\n'));
    const [, host = '', port = '5060'] = /^sip:(?:[^@]*@)?([^:;>?]+)(?::(\d+))?/.exec(uri) ?? [];
    const known = isIPv4(host) ? host : this.#options.hosts?.[host];
    if (known !== undefined) {
      this.#send(text, Number(port), known);
      return;
    }
    // Nobody there: it is repeated, and fails in its time.
    const found = await lookup(host, 4).catch(() => undefined);
    if (found) this.#send(text, Number(port), found.address);
  }

  #send(text: string, port: number, address: string): void {
    if (this.#isOpen) this.#socket.send(Buffer.from(text, 'latin1'), port, address, () => undefined);
  }

  #onDatagram(datagram: Buffer, from: RemoteInfo): void {
    const text = datagram.toString('latin1');
    if (!text.includes('\r\n\r\n')) return;
    const key = `${from.address}:${from.port}`;
    const wire = this.#sources.get(key) ?? new Wire(this.station, from.port, [], from.address);
    if (this.#sources.size < MAX_SOURCES) this.#sources.set(key, wire);
    this.station.onText(text, wire);
  }
}
