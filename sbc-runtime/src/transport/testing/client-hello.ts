/** For tests: what a TLS client offers, read from its first octets (RFC 8446 §4.1.2). */

export interface ClientHello {
  readonly suites: readonly number[];
  /** Of the extension supported_versions. */
  readonly versions: readonly number[];
}

const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
const VERSION_AND_RANDOM = 34;
const SUPPORTED_VERSIONS = 43;

export function readClientHello(octets: Buffer): ClientHello {
  let at = RECORD_HEADER + HANDSHAKE_HEADER + VERSION_AND_RANDOM;
  at += 1 + octets.readUInt8(at);
  const suites = numbers(octets.subarray(at + 2, at + 2 + octets.readUInt16BE(at)));
  at += 2 + octets.readUInt16BE(at);
  at += 1 + octets.readUInt8(at);
  const end = at + 2 + octets.readUInt16BE(at);
  at += 2;
  let versions: number[] = [];
  while (at < end) {
    const length = octets.readUInt16BE(at + 2);
    if (octets.readUInt16BE(at) === SUPPORTED_VERSIONS) versions = numbers(octets.subarray(at + 5, at + 4 + length));
    at += 4 + length;
  }
  return { suites, versions };
}

const numbers = (octets: Buffer) =>
  Array.from({ length: octets.length / 2 }, (_, index) => octets.readUInt16BE(index * 2));
