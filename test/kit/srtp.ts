/**
 * SRTP with AES_CM_128_HMAC_SHA1_80 (RFC 3711, RFC 4568), written for the tests alone: what RTPEngine and we say about keys
 * is judged by packets that somebody else encrypts.
 */
import { createCipheriv, createHmac } from 'node:crypto';

const HEADER = 12;
const TAG = 10;
const KEY = 16;
const SALT = 14;

interface SessionKeys {
  readonly cipher: Buffer;
  readonly auth: Buffer;
  readonly salt: Buffer;
}

/** `inline`: the base64 of an a=crypto line, master key and salt. */
function sessionKeys(inline: string): SessionKeys {
  const master = Buffer.from(inline, 'base64');
  if (master.length !== KEY + SALT)
    throw new Error(`Cannot use a key of ${master.length} octets: must be ${KEY + SALT}`);
  const derive = (label: number, length: number): Buffer => {
    // RFC 3711 §4.3.1 with a key derivation rate of 0.
    const iv = Buffer.concat([master.subarray(KEY), Buffer.alloc(2)]);
    iv[7] = (iv[7] ?? 0) ^ label;
    return aesCounter(master.subarray(0, KEY), iv, Buffer.alloc(length));
  };
  return { cipher: derive(0, KEY), auth: derive(1, 20), salt: derive(2, SALT) };
}

function aesCounter(key: Buffer, iv: Buffer, text: Buffer): Buffer {
  return createCipheriv('aes-128-ctr', key, iv).update(text);
}

/** RFC 3711 §4.1.1; encrypts and decrypts. */
function crypt({ cipher, salt }: SessionKeys, packet: Buffer, rollover: number): Buffer {
  const iv = Buffer.concat([salt, Buffer.alloc(2)]);
  const mask = Buffer.alloc(16);
  packet.copy(mask, 4, 8, 12);
  mask.writeUInt32BE(rollover, 8);
  packet.copy(mask, 12, 2, 4);
  for (let at = 0; at < 16; at++) iv[at] = (iv[at] ?? 0) ^ (mask[at] ?? 0);
  return Buffer.concat([packet.subarray(0, HEADER), aesCounter(cipher, iv, packet.subarray(HEADER))]);
}

function tagOf({ auth }: SessionKeys, encrypted: Buffer, rollover: number): Buffer {
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(rollover);
  return createHmac('sha1', auth).update(encrypted).update(counter).digest().subarray(0, TAG);
}

/** PCMA without extensions. */
export function rtpPacket(ssrc: number, sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(8, 1);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE((sequence * 160) >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

/** Encrypts one stream. A new key begins with a rollover counter of 0, whatever the sequence number (RFC 3711 §3.3.1). */
export class SrtpSender {
  readonly #keys: SessionKeys;
  readonly #mki: Buffer;
  #rollover = 0;
  #last: number | undefined;

  /** `mki`: put into every packet, as `|1:1` in the a=crypto line announces it. */
  constructor(inline: string, mki?: number) {
    this.#keys = sessionKeys(inline);
    this.#mki = mki === undefined ? Buffer.alloc(0) : Buffer.of(mki);
  }

  get rollover(): number {
    return this.#rollover;
  }

  seal(packet: Buffer): Buffer {
    const sequence = packet.readUInt16BE(2);
    if (this.#last !== undefined && sequence < this.#last) this.#rollover += 1;
    this.#last = sequence;
    const encrypted = crypt(this.#keys, packet, this.#rollover);
    return Buffer.concat([encrypted, this.#mki, tagOf(this.#keys, encrypted, this.#rollover)]);
  }
}

/** Decrypts one stream, and takes nothing that fails its check. */
export class SrtpReceiver {
  readonly #keys: SessionKeys;
  #rollover = 0;
  #last: number | undefined;

  constructor(inline: string) {
    this.#keys = sessionKeys(inline);
  }

  get rollover(): number {
    return this.#rollover;
  }

  /** The RTP packet; undefined where key or rollover counter are not the sender's. */
  open(sealed: Buffer): Buffer | undefined {
    const encrypted = sealed.subarray(0, -TAG);
    const sequence = encrypted.readUInt16BE(2);
    const hasWrapped = this.#last !== undefined && sequence + 0x8000 < this.#last;
    const rollover = this.#rollover + (hasWrapped ? 1 : 0);
    if (!tagOf(this.#keys, encrypted, rollover).equals(sealed.subarray(-TAG))) return undefined;
    this.#rollover = rollover;
    this.#last = sequence;
    return crypt(this.#keys, encrypted, rollover);
  }
}
