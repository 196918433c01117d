/** For tests: what no TLS library sends. A client of TLS 1.2 that writes records of its own once the handshake is over. */
import { createCipheriv, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { Issued } from './authority.ts';

// RFC 5246 §6.2.1.
export const HANDSHAKE = 22;
export const APPLICATION = 23;

/** RFC 5246 §7.4.1.2: the head of a ClientHello without anything in it. */
export const HELLO = Buffer.from([1, 0, 0, 0]);

const SUITE = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256';
const VERSION = [3, 3] as const;

export interface RecordWriter {
  readonly socket: Socket;
  /** The octets of one record: type, clear text. */
  record(type: number, clear: Buffer): Buffer;
}

/** Resolves once the handshake is over: from then on the socket is the test's alone. */
export async function recordWriter(
  place: { readonly host: string; readonly port: number; readonly localAddress: string },
  own: Pick<Issued, 'pem' | 'key'>,
): Promise<RecordWriter> {
  const socket = connectTcp(place);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const heard: Buffer[] = [];
  const between = new Duplex({
    read: () => undefined,
    write: (octets: Buffer, _encoding, done) => void socket.write(octets, done),
  });
  const receive = (chunk: Buffer) => {
    heard.push(chunk);
    between.push(chunk);
  };
  socket.on('data', receive);
  const secure = connect({
    socket: between,
    cert: own.pem,
    key: own.key,
    ciphers: SUITE,
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  });
  let secrets = '';
  secure.on('keylog', (line: Buffer) => (secrets = line.toString('latin1')));
  await once(secure, 'secureConnect');
  socket.removeListener('data', receive);
  socket.resume();
  return { socket, record: sealer(secrets, Buffer.concat(heard)) };
}

function sealer(keyLog: string, fromServer: Buffer): RecordWriter['record'] {
  const [, clientRandom = '', master = ''] = keyLog.trim().split(' ');
  // Behind the heads of record and message, and the version.
  const serverRandom = fromServer.subarray(11, 43);
  const seed = Buffer.concat([serverRandom, Buffer.from(clientRandom, 'hex')]);
  const block = expand(Buffer.from(master, 'hex'), Buffer.concat([Buffer.from('key expansion'), seed]), 40);
  const [key, salt] = [block.subarray(0, 16), block.subarray(32, 36)];
  // Finished was number 0.
  let sequence = 1n;
  return (type, clear) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(sequence++);
    // RFC 5288 §3.
    const cipher = createCipheriv('aes-128-gcm', key, Buffer.concat([salt, number]));
    cipher.setAAD(Buffer.concat([number, head(type, clear.length)]));
    const sealed = Buffer.concat([number, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
    return Buffer.concat([head(type, sealed.length), sealed]);
  };
}

const head = (type: number, length: number) => Buffer.from([type, ...VERSION, length >> 8, length & 0xff]);

/** RFC 5246 §5. */
function expand(secret: Buffer, seed: Buffer, length: number): Buffer {
  const hmac = (text: Buffer) => createHmac('sha256', secret).update(text).digest();
  let chained = seed;
  let expanded = Buffer.alloc(0);
  while (expanded.length < length) {
    chained = hmac(chained);
    expanded = Buffer.concat([expanded, hmac(Buffer.concat([chained, seed]))]);
  }
  return expanded.subarray(0, length);
}
