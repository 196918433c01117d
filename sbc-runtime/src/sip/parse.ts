/**
 * Text from the network to messages (RFC 3261 §7, §18.3), with the judgement of RFC 4475: strict about what every layer
 * relies on, lenient about the rest. Never throws; linear in the length of the text.
 */
import { isToken, parseDigits, trimBlanks } from './characters.ts';
import { hasControlCharacters, splitHead } from './head.ts';
import type { Head } from './head.ts';
import type { Headers } from './headers.ts';
import { Request, Response } from './message.ts';
import type { Message } from './message.ts';
import { knownMethodIn } from './method-names.ts';
import { isSipUri, parseUri } from './uri.ts';
import { parseFirstVia } from './via.ts';

export type RefusalStatus = 400 | 416 | 505 | 513;

export type ParseResult =
  | { readonly ok: true; readonly message: Message }
  | {
      readonly ok: false;
      readonly status: RefusalStatus;
      /** What is wrong, in words that may stand as the reason phrase. */
      readonly reason: string;
      /** Present where it can be answered: not an ACK, and Via, From, To, Call-ID and CSeq are there. Nothing else holds. */
      readonly request?: Request;
    };

/** A datagram: the body is as long as Content-Length says and what follows is ignored; without one it is the rest. */
export function parseDatagram(text: string): ParseResult {
  let start = 0;
  // RFC 3261 §7.5: line breaks before the start line are skipped.
  while (text.charCodeAt(start) === 0x0d && text.charCodeAt(start + 1) === 0x0a) start += 2;
  const end = text.indexOf('\r\n\r\n', start);
  if (end < 0) return judge(text.slice(start), '', missingEmptyLine, false);
  return judge(text.slice(start, end), text.slice(end + 4), undefined, false);
}

/** A message from a stream, which the framer has cut by Content-Length; `head` is without the empty line at its end. */
export function parseHead(head: string, body: string): ParseResult {
  return judge(head, body, undefined, true);
}

interface Fault {
  readonly status: RefusalStatus;
  readonly reason: string;
}

const bad = (reason: string): Fault => ({ status: 400, reason });

const missingEmptyLine = bad('Missing Empty Line');
const controlCharacter = bad('Control Character In Header');
const malformedStartLine = bad('Malformed Start Line');
const malformedHeaderLine = bad('Malformed Header Line');
const unsupportedVersion: Fault = { status: 505, reason: 'Version Not Supported' };
const tooManyHeaders: Fault = { status: 513, reason: 'Too Many Header Lines' };
const malformedUri = bad('Malformed Request-URI');
const unsupportedScheme: Fault = { status: 416, reason: 'Unsupported URI Scheme' };
const repeatedHeader = bad('Repeated Header Field');
const methodMismatch = bad('CSeq Method Does Not Match');
const badMaxForwards = bad('Malformed Max-Forwards');
const badContact = bad('Malformed Contact');
const badContentLength = bad('Missing Or Wrong Content-Length');

/** RFC 5031 emergency services arrive as `urn:`; routing decides about them. */
const knownSchemes: ReadonlySet<string> = new Set(['sip', 'sips', 'tel', 'urn']);

/** RFC 3261 §7.3.1: headers without a list grammar stand once; two of them are two readings (RFC 4475 §3.3.8). */
const singletons: ReadonlySet<string> = new Set([
  'from',
  'to',
  'call-id',
  'cseq',
  'max-forwards',
  'content-length',
  'content-type',
]);

const MAX_CONTENT_LENGTH = 0x7fffffff;

function judge(headText: string, body: string, known: Fault | undefined, isStream: boolean): ParseResult {
  if (hasControlCharacters(headText)) return { ok: false, ...controlCharacter };
  const head = splitHead(headText);
  const length = bodyLength(head.headers, body, isStream);
  const message = startMessage(head, length === undefined || length === body.length ? body : body.slice(0, length));
  if (message === undefined) return { ok: false, ...malformedStartLine };
  const fault =
    known ??
    (message.isRequest ? requestLineFault(head.startLine, message) : undefined) ??
    headFault(head) ??
    headerFault(message) ??
    (length === undefined ? badContentLength : undefined);
  if (fault === undefined) return { ok: true, message };
  return message.isRequest && isAnswerable(message)
    ? { ok: false, ...fault, request: message }
    : { ok: false, ...fault };
}

/** The octets of the body that belong to the message; undefined where Content-Length is malformed or too long. */
function bodyLength(headers: Headers, body: string, isStream: boolean): number | undefined {
  const value = headers.get('Content-Length');
  if (value === undefined) {
    // RFC 3261 §18.3 demands it on streams. Interop: some leave it out where there is no body.
    return isStream && headers.has('Content-Type') ? undefined : body.length;
  }
  const length = parseDigits(value, MAX_CONTENT_LENGTH);
  if (length === undefined || length > body.length || (isStream && length < body.length)) return undefined;
  return length;
}

/** Undefined where there is nothing to answer: no readable method, or no readable status. */
function startMessage(head: Head, body: string): Message | undefined {
  const line = head.startLine;
  if (startsWithVersion(line)) return startResponse(line, head.headers, body);
  const methodEnd = line.indexOf(' ');
  if (methodEnd < 1) return undefined;
  const known = knownMethodIn(line, 0, methodEnd);
  const method = known ?? line.slice(0, methodEnd);
  const uriEnd = line.indexOf(' ', methodEnd + 1);
  const uri = line.slice(methodEnd + 1, uriEnd < 0 ? line.length : uriEnd);
  return known !== undefined || isToken(method) ? new Request(method, uri, head.headers, body) : undefined;
}

/** RFC 3261 §7.1: in any spelling. No method has a slash. */
function startsWithVersion(line: string): boolean {
  return line.charCodeAt(3) === 0x2f && (line.startsWith('SIP/') || line.slice(0, 4).toUpperCase() === 'SIP/');
}

function startResponse(line: string, headers: Headers, body: string): Response | undefined {
  const status = parseDigits(line.slice(8, 11), 699);
  // RFC 4475 §3.1.1.13: the phrase may be empty.
  if (!isVersionTwo(line) || status === undefined || status < 100) return undefined;
  if (line.length > 11 && line.charCodeAt(11) !== 0x20) return undefined;
  return new Response(status, trimBlanks(line, 12), headers, body);
}

function isVersionTwo(line: string): boolean {
  return line.startsWith('SIP/2.0 ') || line.slice(0, 8).toUpperCase() === 'SIP/2.0 ';
}

function requestLineFault(line: string, request: Request): Fault | undefined {
  const versionStart = request.method.length + request.uri.length + 2;
  // RFC 4475 §3.1.2.13: blanks after the version do no harm; anywhere else they do.
  const version = trimBlanks(line, versionStart);
  if (version !== 'SIP/2.0' && version.toUpperCase() !== 'SIP/2.0') {
    return isSipVersion(version) ? unsupportedVersion : malformedStartLine;
  }
  const uri = parseUri(request.uri);
  if (uri === undefined) return malformedUri;
  if (!knownSchemes.has(uri.scheme)) return unsupportedScheme;
  // RFC 3261 §19.1.5: headers are not allowed in a Request-URI.
  return isSipUri(uri) && uri.headers !== undefined ? malformedUri : undefined;
}

function isSipVersion(version: string): boolean {
  const dot = version.indexOf('.');
  if (dot < 0 || version.length > 16 || version.slice(0, 4).toUpperCase() !== 'SIP/') return false;
  return (
    parseDigits(version.slice(4, dot), 1e9) !== undefined && parseDigits(version.slice(dot + 1), 1e9) !== undefined
  );
}

function headFault(head: Head): Fault | undefined {
  if (head.isTooLarge) return tooManyHeaders;
  if (head.isMalformed) return malformedHeaderLine;
  return head.headers.hasRepeated(singletons) ? repeatedHeader : undefined;
}

/** What every layer relies on. The values parsed here stay with the message. */
function headerFault(message: Message): Fault | undefined {
  const { headers } = message;
  const name = message.firstUnreadable();
  if (name !== undefined) return bad(`Missing Or Malformed ${name}`);
  if (headers.has('Max-Forwards') && message.maxForwards === undefined) return badMaxForwards;
  if (!message.isRequest) return undefined;
  if (message.cseq.method !== message.method) return methodMismatch;
  return headers.has('Contact') && message.contact === undefined ? badContact : undefined;
}

/** RFC 3261 §17.1.1.3: an ACK is never answered. */
function isAnswerable(request: Request): boolean {
  const { headers } = request;
  return (
    request.method !== 'ACK' &&
    parseFirstVia(headers.get('Via') ?? '') !== undefined &&
    headers.has('From') &&
    headers.has('To') &&
    headers.has('Call-ID') &&
    headers.has('CSeq')
  );
}
