/** The pathLenConstraint of a CA certificate (RFC 5280 §4.2.1.9), which Node reads but does not tell. */
import type { X509Certificate } from 'node:crypto';

/** OBJECT IDENTIFIER 2.5.29.19, basicConstraints. */
const BASIC_CONSTRAINTS = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x13]);
const BOOLEAN_TRUE = [0x01, 0x01, 0xff] as const;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** How many CA certificates may stand between this one and a leaf; Infinity where it does not say. */
export function pathLength(certificate: X509Certificate): number {
  const { raw } = certificate;
  const found = raw.indexOf(BASIC_CONSTRAINTS);
  if (found === -1) return Infinity;
  // SEQUENCE { OID, critical BOOLEAN, OCTET STRING { SEQUENCE { cA BOOLEAN, pathLenConstraint INTEGER } } }, all short.
  let at = skipTrue(raw, found + BASIC_CONSTRAINTS.length);
  if (raw[at] !== OCTET_STRING || raw[at + 2] !== SEQUENCE) return Infinity;
  const end = at + 4 + (raw[at + 3] ?? 0);
  at = skipTrue(raw, at + 4);
  return at < end && raw[at] === INTEGER && raw[at + 1] === 1 ? (raw[at + 2] ?? 0) : Infinity;
}

function skipTrue(raw: Buffer, at: number): number {
  return BOOLEAN_TRUE.every((octet, offset) => raw[at + offset] === octet) ? at + BOOLEAN_TRUE.length : at;
}
