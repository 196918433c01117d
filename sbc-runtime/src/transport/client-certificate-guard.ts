/**
 * Looks at what a TLS 1.2 client sends in clear text before OpenSSL works on it: OpenSSL verifies whatever chain it is sent, 300 ms of
 * them, before anybody is asked (docs/adr/0013). Pure, incremental, linear in the octets.
 */
import { costOfCertificate } from './client-certificate-cost.ts';
import { MAX_CHAIN } from './tls-verifier.ts';

export type GuardVerdict =
  /** Goes on looking; what it was shown is harmless. */
  | 'more'
  /** The client's certificates are harmless: no more need be shown. */
  | 'passed'
  /** Not the records of a TLS handshake. OpenSSL may say so to the peer, and must get nothing more. */
  | 'no-handshake'
  /** A certificate that cannot be read here: OpenSSL must not try. */
  | 'unreadable'
  | 'too-costly';

export interface GuardLimits {
  /** Octets of all that the peer sends up to its certificates, these included. */
  readonly maxHandshakeBytes: number;
}

// RFC 5246 §6.2.1.
const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const VERSION_MAJOR = 3;
const RECORD_HEAD = 5;
/** RFC 5246 §6.2.3. */
const MAX_RECORD = 16 * 1024 + 2048;
// RFC 5246 §7.4.
const MESSAGE_HEAD = 4;
const CERTIFICATE = 11;

/** Ten certificates of any kind that is allowed, but five with keys on P-521. */
const MAX_CHAIN_MICROS = 8000;

export class ClientCertificateGuard {
  readonly #limits: GuardLimits;
  /** Octets of the last `look` up to its verdict. */
  lookedAt = 0;
  #verdict: GuardVerdict = 'more';
  #seen = 0;
  readonly #recordHead = Buffer.alloc(RECORD_HEAD);
  #recordHeadLength = 0;
  /** Octets of the record that are still to come. */
  #recordRest = 0;
  readonly #messageHead = Buffer.alloc(MESSAGE_HEAD);
  #messageHeadLength = 0;
  /** Octets of the handshake message that are still to come. */
  #messageRest = 0;
  /** Where the message is the client's certificates. */
  #certificates: Buffer | undefined;

  constructor(limits: GuardLimits) {
    this.#limits = limits;
  }

  /** The next octets of the peer, which OpenSSL has not seen yet. After another verdict than `more` it stays with that. */
  look(octets: Buffer): GuardVerdict {
    let at = 0;
    while (at < octets.length && this.#verdict === 'more')
      at = this.#recordRest === 0 ? this.#readRecordHead(octets, at) : this.#readRecord(octets, at);
    this.lookedAt = at;
    this.#seen += at;
    // What comes behind the certificates is no more looked at, so neither counted.
    if (this.#verdict === 'more' && this.#seen > this.#limits.maxHandshakeBytes) this.#verdict = 'too-costly';
    return this.#verdict;
  }

  #readRecordHead(octets: Buffer, at: number): number {
    const end = at + Math.min(RECORD_HEAD - this.#recordHeadLength, octets.length - at);
    octets.copy(this.#recordHead, this.#recordHeadLength, at, end);
    this.#recordHeadLength += end - at;
    if (this.#recordHeadLength < RECORD_HEAD) return end;
    this.#recordHeadLength = 0;
    const [type = 0, major] = this.#recordHead;
    this.#recordRest = this.#recordHead.readUInt16BE(3);
    // An SSL 2.0 hello as well: its length stands elsewhere, so that OpenSSL would read on where we do not.
    if (type < CHANGE_CIPHER_SPEC || type > HANDSHAKE || major !== VERSION_MAJOR || this.#recordRest > MAX_RECORD)
      this.#verdict = 'no-handshake';
    return end;
  }

  #readRecord(octets: Buffer, at: number): number {
    const end = at + Math.min(this.#recordRest, octets.length - at);
    this.#recordRest -= end - at;
    if (this.#recordHead[0] !== HANDSHAKE) return end;
    for (let next = at; next < end && this.#verdict === 'more';)
      next = this.#messageRest === 0 ? this.#readMessageHead(octets, next, end) : this.#readMessage(octets, next, end);
    return end;
  }

  #readMessageHead(octets: Buffer, at: number, limit: number): number {
    const end = at + Math.min(MESSAGE_HEAD - this.#messageHeadLength, limit - at);
    octets.copy(this.#messageHead, this.#messageHeadLength, at, end);
    this.#messageHeadLength += end - at;
    if (this.#messageHeadLength < MESSAGE_HEAD) return end;
    this.#messageHeadLength = 0;
    this.#messageRest = this.#messageHead.readUIntBE(1, 3);
    if (this.#messageHead[0] !== CERTIFICATE) return end;
    if (this.#messageRest > this.#limits.maxHandshakeBytes) this.#verdict = 'too-costly';
    else if (this.#messageRest === 0) this.#verdict = 'unreadable';
    else this.#certificates = Buffer.allocUnsafe(this.#messageRest);
    return end;
  }

  #readMessage(octets: Buffer, at: number, limit: number): number {
    const end = at + Math.min(this.#messageRest, limit - at);
    const certificates = this.#certificates;
    if (certificates !== undefined) octets.copy(certificates, certificates.length - this.#messageRest, at, end);
    this.#messageRest -= end - at;
    if (certificates !== undefined && this.#messageRest === 0) {
      this.#verdict = judgeCertificates(certificates);
      this.#certificates = undefined;
    }
    return end;
  }
}

/** RFC 5246 §7.4.2: the length of the list, then each with its own. */
export function judgeCertificates(body: Buffer): 'passed' | 'unreadable' | 'too-costly' {
  if (body.length < 3 || body.readUIntBE(0, 3) !== body.length - 3) return 'unreadable';
  let count = 0;
  let micros = 0;
  for (let at = 3; at < body.length; count++) {
    if (count === MAX_CHAIN) return 'too-costly';
    if (at + 3 > body.length) return 'unreadable';
    const start = at + 3;
    at = start + body.readUIntBE(at, 3);
    if (at > body.length) return 'unreadable';
    const cost = costOfCertificate(body.subarray(start, at));
    if (cost === 'unreadable') return cost;
    micros += cost;
    if (micros > MAX_CHAIN_MICROS) return 'too-costly';
  }
  return 'passed';
}
