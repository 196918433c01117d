/** The Via header (RFC 3261 §20.42, RFC 3581). */
import { isBlank, isToken, isTokenCode, parseDigits, skipBlanks, trimBlanks } from './characters.ts';
import type { Headers } from './headers.ts';
import { Params, scanHeaderParams } from './params.ts';
import { formatHostPort, parseHostPort } from './uri.ts';

export class Via {
  /** `UDP`, `TCP` and `TLS` in capitals; any other transport as it is written. */
  readonly protocol: string;
  /** The sent-by; IPv6 without brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** Shared with the message that this was read from: `clone` before a change. */
  readonly params: Params;

  constructor(protocol: string, host: string, port: number | undefined, params: Params = new Params()) {
    this.protocol = protocol;
    this.host = host;
    this.port = port;
    this.params = params;
  }

  /** RFC 3261 §8.1.1.7; undefined for peers of RFC 2543, who have none. */
  get branch(): string | undefined {
    const branch = this.params.get('branch');
    return branch === '' ? undefined : branch;
  }

  /** RFC 3261 §18.2.1, IPv6 without brackets. */
  get received(): string | undefined {
    const received = this.params.get('received');
    if (received === undefined || received === '') return undefined;
    return received.startsWith('[') && received.endsWith(']') ? received.slice(1, -1) : received;
  }

  /** RFC 3581 §4: `true` where the client asks for it and nobody has filled it in yet. */
  get rport(): number | true | undefined {
    const rport = this.params.get('rport');
    if (rport === undefined) return undefined;
    return rport === '' ? true : parseDigits(rport, 65535);
  }
}

/** One Via; undefined where malformed. */
export function parseVia(text: string): Via | undefined {
  const found = scanVia(text);
  return found === undefined || found.end < text.length ? undefined : found.via;
}

/** The first Via of a value that may be a comma-separated list. */
export function parseFirstVia(text: string): Via | undefined {
  return scanVia(text)?.via;
}

export function formatVia(via: {
  readonly protocol: string;
  readonly host: string;
  readonly port?: number | undefined;
  readonly params: Params;
}): string {
  return `SIP/2.0/${via.protocol} ${formatHostPort(via.host, via.port)}${via.params.toString()}`;
}

/** Writes `via` in the place of the topmost one, and keeps those that share its line (RFC 3261 §18.2.1: `received`). */
export function replaceTopVia(headers: Headers, via: Via): void {
  const line = headers.get('Via') ?? '';
  const end = scanVia(line)?.end ?? line.length;
  headers.replaceFirst('Via', formatVia(via) + line.slice(end));
}

function scanVia(text: string): { readonly via: Via; readonly end: number } | undefined {
  const protocolStart = endOfVersion(text);
  if (protocolStart < 0) return undefined;
  let protocolEnd = protocolStart;
  while (protocolEnd < text.length && isTokenCode(text.charCodeAt(protocolEnd))) protocolEnd++;
  const hostStart = skipBlanks(text, protocolEnd);
  if (hostStart === protocolEnd || protocolEnd === protocolStart) return undefined;
  let hostEnd = hostStart;
  while (hostEnd < text.length && !isSentByEnd(text.charCodeAt(hostEnd))) hostEnd++;
  const hostPort = parseSentBy(text, hostStart, hostEnd);
  if (hostPort === undefined) return undefined;
  const params = new Params();
  // RFC 4475 §3.1.2.1: a Via with `;;` is refused; the branch is too important to guess.
  const end = scanHeaderParams(text, hostEnd, params, true);
  if (end < 0) return undefined;
  const protocol = knownProtocol(text.slice(protocolStart, protocolEnd));
  return { via: new Via(protocol, hostPort.host, hostPort.port, params), end };
}

/** Behind `SIP/2.0/`, around whose slashes blanks are allowed (RFC 3261 §25.1 SLASH); -1 for anything else. */
function endOfVersion(text: string): number {
  if (text.startsWith('SIP/2.0/') && isTokenCode(text.charCodeAt(8))) return 8;
  const first = text.indexOf('/');
  const second = text.indexOf('/', first + 1);
  if (first < 0 || second < 0 || second > 64) return -1;
  if (trimBlanks(text, 0, first).toUpperCase() !== 'SIP' || trimBlanks(text, first + 1, second) !== '2.0') return -1;
  return skipBlanks(text, second + 1);
}

/** `host : port` may hold blanks around its colon. */
function parseSentBy(text: string, from: number, to: number): ReturnType<typeof parseHostPort> {
  let end = to;
  while (end > from && isBlank(text.charCodeAt(end - 1))) end--;
  const exact = parseHostPort(text, from, end);
  if (exact !== undefined || end - from > 512) return exact;
  const colon = text.lastIndexOf(':', end);
  if (colon <= from) return undefined;
  return parseHostPort(`${trimBlanks(text, from, colon)}:${trimBlanks(text, colon + 1, end)}`);
}

function isSentByEnd(code: number): boolean {
  return code === 0x3b || code === 0x2c;
}

function knownProtocol(text: string): string {
  if (text === 'UDP' || text === 'TLS' || text === 'TCP') return text;
  const upper = text.toUpperCase();
  return isToken(upper) && (upper === 'UDP' || upper === 'TCP' || upper === 'TLS') ? upper : text;
}
