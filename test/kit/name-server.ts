/** A DNS server of a few names, on UDP: A and SRV records that a test may change while it runs (RFC 1035 §4, RFC 2782). */
import { createSocket, type Socket } from 'node:dgram';

const TYPE = { A: 1, SRV: 33 } as const;
const CLASS_IN = 1;
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;
const TTL_SECONDS = 60;
const HEADER_BYTES = 12;

export interface ServiceRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** What a name has, in the order of the answer. */
export interface Records {
  /** @default 60 */
  readonly ttlSeconds?: number;
  readonly addresses?: readonly string[];
  readonly services?: readonly ServiceRecord[];
}

interface Question {
  readonly name: string;
  readonly type: number;
  /** As it stands in the query, to be repeated in the answer. */
  readonly octets: Buffer;
}

export class NameServer {
  /** Names that were asked for, one for each query. */
  readonly asked: string[] = [];
  /** `is silent`: queries vanish. `fails`: SERVFAIL. */
  state: 'answers' | 'is silent' | 'fails' = 'answers';
  readonly #socket: Socket;
  readonly #names = new Map<string, Records>();

  private constructor(socket: Socket, names: Readonly<Record<string, string>>) {
    this.#socket = socket;
    for (const [name, address] of Object.entries(names)) this.set(name, { addresses: [address] });
    socket.on('message', (query, from) => {
      const answer = this.#answerTo(query);
      if (answer) socket.send(answer, from.port, from.address);
    });
  }

  /** `names`: name to address; every other question has no answer. Port 0: any that is free. */
  static start(address: string, port: number, names: Readonly<Record<string, string>>): Promise<NameServer> {
    return new Promise((resolve, reject) => {
      const socket = createSocket('udp4');
      socket.once('error', reject);
      socket.bind(port, address, () => resolve(new NameServer(socket, names)));
    });
  }

  /** `127.0.0.53:5353`, as a resolver wants it. */
  get address(): string {
    const { address, port } = this.#socket.address();
    return `${address}:${port}`;
  }

  /** From now on; undefined: the name is gone. */
  set(name: string, records: Records | undefined): void {
    if (records === undefined) this.#names.delete(name.toLowerCase());
    else this.#names.set(name.toLowerCase(), records);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  #answerTo(query: Buffer): Buffer | undefined {
    const question = questionOf(query);
    if (!question) return undefined;
    this.asked.push(question.name);
    if (this.state === 'is silent') return undefined;
    const records = this.state === 'fails' ? undefined : this.#names.get(question.name);
    const answers = records === undefined ? [] : answersOf(records, question.type);
    const header = Buffer.alloc(HEADER_BYTES);
    query.copy(header, 0, 0, 2);
    // Response, recursion desired and available; a name that we know has no error, also where a type has no record.
    const code = this.state === 'fails' ? SERVER_FAILURE : records === undefined ? NAME_ERROR : 0;
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    return Buffer.concat([header, question.octets, ...answers]);
  }
}

function questionOf(query: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const end = at + 5;
  if (query.length < end) return undefined;
  return {
    name: labels.join('.').toLowerCase(),
    type: query.readUInt16BE(at + 1),
    octets: query.subarray(HEADER_BYTES, end),
  };
}

function answersOf({ addresses = [], services = [], ttlSeconds = TTL_SECONDS }: Records, type: number): Buffer[] {
  const values = type === TYPE.A ? addresses.map(addressOctets) : type === TYPE.SRV ? services.map(serviceOctets) : [];
  return values.map((value) => {
    const head = Buffer.alloc(HEADER_BYTES);
    // The name of the question (RFC 1035 §4.1.4).
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(CLASS_IN, 4);
    head.writeUInt32BE(ttlSeconds, 6);
    head.writeUInt16BE(value.length, 10);
    return Buffer.concat([head, value]);
  });
}

const addressOctets = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

function serviceOctets({ priority, weight, port, target }: ServiceRecord): Buffer {
  const numbers = Buffer.alloc(6);
  for (const [at, number] of [priority, weight, port].entries()) numbers.writeUInt16BE(number, at * 2);
  const labels = target
    .split('.')
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([numbers, ...labels, Buffer.alloc(1)]);
}
