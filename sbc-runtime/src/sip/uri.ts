/** SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966); the text is not unescaped, so it can be written back as it was. */
import { COLON, SEMICOLON, isHostName, isIpv6Text, isTokenCode, parseDigits } from './characters.ts';
import { Params, scanUriParams } from './params.ts';

export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** As written, with everything before `@`: `+4989;ext=12`, `bob%20x`. Absent: `sip:sip.pstnhub.microsoft.com`. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly params: Params;
  /** What follows `?`, not taken apart: RFC 3261 §19.1.5 forbids it in a Request-URI. */
  readonly headers?: string | undefined;
}

export interface TelUri {
  readonly scheme: 'tel';
  readonly number: string;
  readonly params: Params;
}

/** Any other scheme, in lower case, with the text after its colon. */
export interface OtherUri {
  readonly scheme: string;
  readonly rest: string;
}

export type Uri = SipUri | TelUri | OtherUri;

/** RFC 3966 §3, with the letters that some dial. */
const telNumber = /^[+0-9A-Za-z*#\-.()%]+$/;

/** Undefined for text that is no URI. Case of scheme and parameter names does not matter. */
export function parseUri(text: string): Uri | undefined {
  const colon = endOfScheme(text);
  if (colon < 0 || !isUriText(text, colon + 1)) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme === 'sip' || scheme === 'sips') return parseSipUri(scheme, text, colon + 1);
  if (scheme === 'tel') return parseTelUri(text, colon + 1);
  return { scheme, rest: text.slice(colon + 1) };
}

export function isSipUri(uri: Uri | undefined): uri is SipUri {
  return uri !== undefined && 'host' in uri;
}

export function isTelUri(uri: Uri | undefined): uri is TelUri {
  return uri !== undefined && 'number' in uri;
}

export function formatUri(uri: Uri): string {
  if (isTelUri(uri)) return `tel:${uri.number}${uri.params.toString()}`;
  if (!isSipUri(uri)) return `${uri.scheme}:${uri.rest}`;
  const password = uri.password === undefined ? '' : `:${uri.password}`;
  const user = uri.user === undefined ? '' : `${uri.user}${password}@`;
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${user}${formatHostPort(uri.host, uri.port)}${uri.params.toString()}${headers}`;
}

/** `192.0.2.1:5060`, `[2001:db8::1]`, `sbc.example.com`. */
export function formatHostPort(host: string, port: number | undefined): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}

/** Reads `host[:port]` in `text` from `from` up to `to`; undefined where malformed. */
export function parseHostPort(
  text: string,
  from = 0,
  to = text.length,
): { readonly host: string; readonly port: number | undefined } | undefined {
  const isBracketed = text.charCodeAt(from) === 0x5b;
  const hostEnd = isBracketed ? text.indexOf(']', from) : endOfHost(text, from, to);
  if (hostEnd < 0 || hostEnd > to) return undefined;
  const host = isBracketed ? text.slice(from + 1, hostEnd) : text.slice(from, hostEnd);
  if (!(isBracketed ? isIpv6Text(host) : isHostName(host))) return undefined;
  const after = isBracketed ? hostEnd + 1 : hostEnd;
  if (after === to) return { host, port: undefined };
  if (text.charCodeAt(after) !== COLON) return undefined;
  const port = parseDigits(text.slice(after + 1, to), 65535);
  return port === undefined || port === 0 ? undefined : { host, port };
}

function parseSipUri(scheme: 'sip' | 'sips', text: string, from: number): SipUri | undefined {
  const at = text.indexOf('@', from);
  const hostStart = at < 0 ? from : at + 1;
  let hostEnd = hostStart;
  while (hostEnd < text.length && !isParamsStart(text.charCodeAt(hostEnd))) hostEnd++;
  const hostPort = parseHostPort(text, hostStart, hostEnd);
  if (hostPort === undefined || at === from) return undefined;
  const params = new Params();
  const paramsEnd = scanUriParams(text, hostEnd, params);
  const headers = paramsEnd < text.length ? text.slice(paramsEnd + 1) : undefined;
  if (at < 0) return { scheme, host: hostPort.host, port: hostPort.port, params, headers };
  const colon = text.indexOf(':', from);
  const hasPassword = colon >= 0 && colon < at;
  const user = text.slice(from, hasPassword ? colon : at);
  const password = hasPassword ? text.slice(colon + 1, at) : undefined;
  return { scheme, user, password, host: hostPort.host, port: hostPort.port, params, headers };
}

function parseTelUri(text: string, from: number): TelUri | undefined {
  const semicolon = text.indexOf(';', from);
  const end = semicolon < 0 ? text.length : semicolon;
  const params = new Params();
  const number = text.slice(from, end);
  if (!telNumber.test(number) || scanUriParams(text, end, params) !== text.length) return undefined;
  return { scheme: 'tel', number, params };
}

function isParamsStart(code: number): boolean {
  return code === SEMICOLON || code === 0x3f;
}

function endOfHost(text: string, from: number, to: number): number {
  const colon = text.indexOf(':', from);
  return colon < 0 || colon > to ? to : colon;
}

/** The position of the colon that ends a scheme (RFC 3986 §3.1); -1 where there is none. */
function endOfScheme(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COLON) return at > 0 ? at : -1;
    if (!isTokenCode(code)) return -1;
  }
  return -1;
}

/** No space, control character, quote or angle bracket: each would end the URI where it is written. */
function isUriText(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code === 0x22 || code === 0x3c || code === 0x3e || code === 0x7f) return false;
  }
  return from < text.length;
}
