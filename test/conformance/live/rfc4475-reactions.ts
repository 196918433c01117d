/** The 49 torture messages of RFC 4475, as npm `sip` ships them, and what the live process does with each. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const folder = join(dirname(createRequire(import.meta.url).resolve('sip')), 'test', 'messages');

export function torture(name: string): string {
  const text = readFileSync(join(folder, `${name}.dat`)).toString('latin1');
  // The file lacks its empty line, which the message of the RFC has.
  if (name === 'baddn') return `${text.trimEnd()}\r\n\r\n`;
  // The RFC writes three messages of one client with one branch: the later ones would be copies of the first.
  return name === 'cparam02' || name === 'regescrt' ? text.replace('z9hG4bKkdjuw', `z9hG4bK${name}`) : text;
}

/**
 * `404`, `100 486`: the statuses that come back, in order. `counted`: nothing comes back, and it is counted as malformed.
 * `stray`: a response to nothing, counted. `silent`: an ACK, to nothing. `waits`: on a stream, the rest is waited for.
 * A `.` behind it: the connection ends.
 */
export type Reaction = string;

export interface TortureCase {
  /** RFC 4475. */
  readonly section: string;
  readonly name: string;
  /** From a known PBX, for which every request URI is a number to call. */
  readonly udp: Reaction;
  /** From Microsoft. */
  readonly tls: Reaction;
  readonly why: string;
}

const row = (section: string, name: string, udp: Reaction, tls: Reaction, why: string): TortureCase => ({
  ...{ section, name, udp, tls, why },
});

export const tortureCases: readonly TortureCase[] = [
  // 3.1.1 Valid messages
  row('3.1.1.1', 'wsinv', '100 481', '100 481', 'its To tag is of no dialog of ours'),
  row('3.1.1.2', 'intmeth', '501', '501', 'a method of odd letters'),
  row('3.1.1.3', 'esc01', '100 486', '100 404', 'escapes are part of a user name; the name is not of our trunk'),
  row('3.1.1.4', 'escnull', '405', '405', 'no registrar'),
  row('3.1.1.5', 'esc02', '501', '501', 'an escape in a method is no escape'),
  row('3.1.1.6', 'lwsdisp', '200', '404', 'no blank before the angle bracket'),
  row('3.1.1.7', 'longreq', '100 486', '100 404', 'long values of every kind'),
  row(
    '3.1.1.8',
    'dblreq',
    '405',
    '405 100 400 .',
    'UDP: octets behind the body are no message; TLS: they are, and not the last',
  ),
  row('3.1.1.9', 'semiuri', '200', '404', 'a semicolon in a user name'),
  row('3.1.1.10', 'transports', '200', '404', 'Vias of every transport'),
  row('3.1.1.11', 'mpart01', '405', '405', 'MESSAGE with a multipart of octets'),
  row('3.1.1.12', 'unreason', 'stray', 'stray', 'a reason phrase in UTF-8'),
  row('3.1.1.13', 'noreason', 'stray', 'stray', 'an empty reason phrase'),
  // 3.1.2 Invalid messages
  row('3.1.2.1', 'badinv01', 'counted', 'counted', 'its Via cannot be read: there is nowhere to answer to'),
  row('3.1.2.2', 'clerr', '400', 'waits', 'Content-Length beyond the end: on a stream the end may come'),
  row('3.1.2.3', 'ncl', '400', '400 .', 'a negative Content-Length: the stream cannot be followed'),
  row('3.1.2.4', 'scalar02', '400', '400', 'scalars beyond their range'),
  row('3.1.2.5', 'scalarlg', 'counted', 'counted', 'the same in a response'),
  row('3.1.2.6', 'quotbal', '400', '400', 'a quote that never closes'),
  row('3.1.2.7', 'ltgtruri', '400', '400', 'a Request-URI in angle brackets'),
  row('3.1.2.8', 'lwsruri', '400', '400', 'blanks in a Request-URI'),
  row('3.1.2.9', 'lwsstart', '400', '400', 'several blanks in the start line'),
  row('3.1.2.10', 'trws', '200', '404', 'blanks at the end of the start line do no harm'),
  row('3.1.2.11', 'escruri', '400', '400', 'headers in a Request-URI'),
  row('3.1.2.12', 'baddate', '100 486', '100 404', 'Date is nobody’s business here'),
  row('3.1.2.13', 'regbadct', '400', '400', 'a Contact that must be in brackets'),
  row('3.1.2.14', 'badaspec', '200', '404', 'blanks in angle brackets do no harm'),
  row('3.1.2.15', 'baddn', '200', '404', 'a name that must be quoted'),
  row('3.1.2.16', 'badvers', 'counted', 'counted', 'its Via is of that version as well and cannot be read'),
  row('3.1.2.17', 'mismatch01', '400', '400', 'CSeq names another method'),
  row('3.1.2.18', 'mismatch02', '400', '400', 'the same with an unknown method'),
  row('3.1.2.19', 'bigcode', 'counted', 'counted', 'a status of ten digits'),
  // 3.2 Transaction layer
  row('3.2.1', 'badbranch', '200', '404', 'a branch that is nothing but the cookie'),
  // 3.3 Application layer
  row('3.3.1', 'insuf', 'counted', 'counted', 'no Call-ID, From and To: there is no answer to that'),
  row('3.3.2', 'unkscm', '416', '416', 'an unknown scheme'),
  row('3.3.3', 'novelsc', '416', '416', 'a scheme that is none of SIP'),
  row('3.3.4', 'unksm2', '405', '405', 'unknown schemes in To, From and Contact are no matter of ours'),
  row('3.3.5', 'bext01', '420', '420', 'Require, and Proxy-Require'),
  row('3.3.6', 'invut', '100 415', '100 404', 'a body of an unknown type'),
  row('3.3.7', 'regaut01', '405', '405', 'an unknown authentication scheme'),
  row('3.3.8', 'multi01', '400', '400', 'headers that must stand once stand twice'),
  row('3.3.9', 'mcl01', '400', '400 .', 'two Content-Lengths: the stream cannot be followed'),
  row('3.3.10', 'bcast', 'stray', 'stray', 'a response with a Via of broadcast is not sent on'),
  row('3.3.11', 'zeromf', '200', '404', 'Max-Forwards 0 has reached whom it was for'),
  row('3.3.12', 'cparam01', '405', '405', 'an unknown Contact parameter'),
  row('3.3.13', 'cparam02', '405', '405', 'an unknown URI parameter'),
  row('3.3.14', 'regescrt', '405', '405', 'an escaped header in a Contact URI'),
  row('3.3.15', 'sdp01', '100 486', '100 404', 'Accept that names no SDP'),
  // 3.4 Backward compatibility
  row('3.4.1', 'inv2543', '100 400', '400 .', 'no Contact; on a stream no Content-Length'),
];
