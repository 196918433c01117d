/** What it costs to verify a signature with the key in a certificate: read from its DER, before OpenSSL makes a key of it. */
import { BIT_STRING, DerWalk, INTEGER, OBJECT_IDENTIFIER, SEQUENCE } from './der-walk.ts';
import { MAX_EXPONENT_BITS, MAX_MODULUS_BITS } from './tls-verifier.ts';

/** Microseconds of the build machine, 2026-11-23; Infinity: no peer has such a key. `unreadable`: OpenSSL might still read it, for it takes BER. */
export type CertificateCost = number | 'unreadable';

/** The content of OBJECT IDENTIFIERs. RFC 8017 appendix C; RFC 5480 §2.1.1; RFC 8410 §3. */
const oid = (hex: string) => Buffer.from(hex, 'hex');
const RSA = [oid('2a864886f70d010101'), oid('2a864886f70d01010a')] as const;
/** With a modulus and an exponent as long as they may be. */
const RSA_MICROS = 700;
const EC = oid('2a8648ce3d0201');
/** P-256, P-384, P-521. Curves over binary fields, which cost the most, are not among them. */
const CURVES = [
  [oid('2a8648ce3d030107'), 100],
  [oid('2b81040022'), 650],
  [oid('2b81040023'), 1400],
] as const;
/** Ed25519, Ed448. */
const EDWARDS = [
  [oid('2b6570'), 150],
  [oid('2b6571'), 600],
] as const;

/** The context tag of the version, which may be absent. */
const VERSION = 0xa0;

/** RFC 5280 §4.1. */
export function costOfCertificate(der: Buffer): CertificateCost {
  const outer = new DerWalk(der);
  if (!outer.next(SEQUENCE) || !outer.isAtEnd) return 'unreadable';
  const certificate = outer.inside();
  if (!certificate.next(SEQUENCE)) return 'unreadable';
  const fields = certificate.inside();
  if (fields.tag === VERSION && !fields.next(VERSION)) return 'unreadable';
  // Serial number, signature algorithm, issuer, validity, subject; then the key.
  if (!fields.next(INTEGER)) return 'unreadable';
  for (let field = 0; field < 5; field++) if (!fields.next(SEQUENCE)) return 'unreadable';
  return costOfKey(fields.inside());
}

function costOfKey(key: DerWalk): CertificateCost {
  if (!key.next(SEQUENCE)) return 'unreadable';
  const algorithm = key.inside();
  if (!algorithm.next(OBJECT_IDENTIFIER) || !key.next(BIT_STRING)) return 'unreadable';
  if (RSA.some((kind) => algorithm.is(kind))) return costOfRsa(key);
  if (!algorithm.is(EC)) return microsOf(EDWARDS, algorithm);
  // Parameters that are written out instead of named may describe any curve.
  return algorithm.next(OBJECT_IDENTIFIER) ? microsOf(CURVES, algorithm) : Infinity;
}

const microsOf = (known: typeof CURVES | typeof EDWARDS, found: DerWalk) =>
  known.find(([each]) => found.is(each))?.[1] ?? Infinity;

/** RFC 8017 appendix A.1.1, behind the octet that counts the unused bits of the BIT STRING. */
function costOfRsa(key: DerWalk): CertificateCost {
  const numbers = key.inside().octets[key.start] === 0 ? key.inside(1) : undefined;
  if (numbers?.next(SEQUENCE) !== true) return 'unreadable';
  const pair = numbers.inside();
  if (!pair.next(INTEGER)) return 'unreadable';
  const modulusBits = pair.bits;
  if (!pair.next(INTEGER)) return 'unreadable';
  return modulusBits > MAX_MODULUS_BITS || pair.bits > MAX_EXPONENT_BITS ? Infinity : RSA_MICROS;
}
