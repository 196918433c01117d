/** For tests: certificates that nobody issues. Their signatures are noise: OpenSSL works through them all the same. */
import { randomBytes } from 'node:crypto';

/** The DER of one element. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const bitString = (content: Buffer) => der(0x03, Buffer.from([0]), content);
const ATTRIBUTES: Readonly<Record<string, string>> = { CN: '550403', O: '55040a' };
/** Lines as Node writes them, `O=…` and `CN=…`. */
const name = (text: string) =>
  sequence(
    ...text.split('\n').map((line) => {
      const [attribute = '', value = ''] = line.split('=');
      return der(0x31, sequence(oid(ATTRIBUTES[attribute] ?? ''), der(0x0c, Buffer.from(value))));
    }),
  );
const time = (text: string) => der(0x17, Buffer.from(text));
const NULL = der(0x05);
const SHA256_WITH_RSA = sequence(oid('2a864886f70d01010b'), NULL);
const CA = der(0xa3, sequence(sequence(oid('551d13'), der(0x04, sequence(der(0x01, Buffer.from([0xff])))))));

/** `octets` of them, the first and the last bit set: a modulus as well as an exponent. */
export function oddNumber(octets: number): Buffer {
  const number = randomBytes(octets);
  number[0] = (number[0] ?? 0) | 0x80;
  number[octets - 1] = (number[octets - 1] ?? 0) | 1;
  return number;
}

const unsigned = (number: Buffer) => der(0x02, Buffer.from([0]), number);

export const rsaKey = (modulus: Buffer, exponent: Buffer, algorithm = '2a864886f70d010101') =>
  sequence(sequence(oid(algorithm), NULL), bitString(sequence(unsigned(modulus), unsigned(exponent))));

/** `curve`: the OBJECT IDENTIFIER. */
export const ecKey = (curve: string, point: Buffer) =>
  sequence(sequence(oid('2a8648ce3d0201'), oid(curve)), bitString(point));

/** A key of another kind; `parameters` as they stand in its algorithm. */
export const otherKey = (algorithm: string, key: Buffer, ...parameters: readonly Buffer[]) =>
  sequence(sequence(oid(algorithm), ...parameters), bitString(key));

export interface ForgedOptions {
  /** `CN=…`, as `X509Certificate` has it: one attribute a line. */
  readonly subject: string;
  readonly issuer: string;
  /** SubjectPublicKeyInfo. */
  readonly key: Buffer;
  /** @default RSA with SHA-256, 384 octets: as long as the issuer's modulus has to be, or OpenSSL computes nothing */
  readonly signature?: Buffer;
  /** AlgorithmIdentifier. @default RSA with SHA-256 */
  readonly algorithm?: Buffer;
  /** @default an authority */
  readonly extensions?: Buffer;
}

export function forgedCertificate(options: ForgedOptions): Buffer {
  const { subject, issuer, key, signature = noise(384), algorithm = SHA256_WITH_RSA, extensions = CA } = options;
  return sequence(
    sequence(
      der(0xa0, der(0x02, Buffer.from([2]))),
      der(0x02, randomBytes(8).fill(1, 0, 1)),
      algorithm,
      name(issuer),
      sequence(time('200101000000Z'), time('490101000000Z')),
      name(subject),
      key,
      extensions,
    ),
    algorithm,
    bitString(signature),
  );
}

/** Less than any modulus of that length. */
export const noise = (octets: number) => randomBytes(octets).fill(1, 0, 1);

export const pemOf = (certificate: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;

/** So many authorities, the lowest of them called `first`, each with another key of RSA whose exponent is almost as long as its modulus. */
export function costlyChain(first: string, count: number, octets = 384): string {
  return Array.from({ length: count }, (_, at) =>
    pemOf(
      forgedCertificate({
        subject: at === 0 ? first : `CN=Costly ${at}`,
        issuer: `CN=Costly ${at + 1}`,
        key: rsaKey(oddNumber(octets), oddNumber(octets).fill(0x7f, 0, 1)),
        signature: noise(octets),
      }),
    ),
  ).join('');
}
