/** A DNS server of a few names for phones that ask DNS only: A records; every other question has no answer (RFC 1035 §4). */
import { createSocket, type Socket } from 'node:dgram';

const TYPE_A = 1;
const CLASS_IN = 1;
const NAME_ERROR = 3;

export class NameServer {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static start(address: string, port: number, names: Readonly<Record<string, string>>): Promise<NameServer> {
    return new Promise((resolve, reject) => {
      const socket = createSocket('udp4');
      socket.once('error', reject);
      socket.on('message', (query, from) => {
        const answer = answerTo(query, names);
        if (answer) socket.send(answer, from.port, from.address);
      });
      socket.bind(port, address, () => resolve(new NameServer(socket)));
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }
}

function answerTo(query: Buffer, names: Readonly<Record<string, string>>): Buffer | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const end = at + 5;
  if (query.length < end) return undefined;
  const type = query.readUInt16BE(at + 1);
  const address = names[labels.join('.').toLowerCase()];
  const isAnswered = address !== undefined && type === TYPE_A;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // Response, recursion desired and available; a name that we know has no error, also where a type has no record.
  header.writeUInt16BE(0x8180 | (address === undefined ? NAME_ERROR : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isAnswered ? 1 : 0, 6);
  const question = query.subarray(12, end);
  if (!isAnswered) return Buffer.concat([header, question]);
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(60, 6);
  record.writeUInt16BE(4, 10);
  for (const [index, octet] of address.split('.').entries()) record[12 + index] = Number(octet);
  return Buffer.concat([header, question, record]);
}
