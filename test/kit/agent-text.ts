/** Messages as texts, read and written with nothing but string functions: for agents that place very many calls. */
import type { Direction } from '../teams-simulator/media.ts';
import type { PartyIdentity } from './party-dialog.ts';

/** The first value of a header, as the SBC writes its name; empty where there is none. */
export function field(text: string, name: string): string {
  const at = text.indexOf(`\r\n${name}: `);
  if (at < 0) return '';
  const start = at + name.length + 4;
  return text.slice(start, text.indexOf('\r\n', start));
}

/** All lines of a header, names included, each with its line end. */
export function lines(text: string, name: string): string {
  let found = '';
  for (let at = text.indexOf(`\r\n${name}: `); at >= 0; at = text.indexOf(`\r\n${name}: `, at + 2))
    found += text.slice(at + 2, text.indexOf('\r\n', at + 2) + 2);
  return found;
}

/** A parameter behind `;name=`, up to the next delimiter; empty where there is none. */
export function parameter(value: string, name: string): string {
  const at = value.indexOf(`;${name}=`);
  if (at < 0) return '';
  const start = at + name.length + 2;
  let end = start;
  while (end < value.length && value[end] !== ';' && value[end] !== ',' && value[end] !== '>') end += 1;
  return value.slice(start, end);
}

/** What stands between `<` and `>`. */
export const angled = (value: string): string => value.slice(value.indexOf('<') + 1, value.indexOf('>'));

export const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);

/** 0 for a request. */
export const statusOf = (text: string): number => (text.startsWith('SIP/2.0 ') ? Number(text.slice(8, 11)) : 0);

export const methodOf = (text: string): string => text.slice(0, text.indexOf(' '));

/** Number and method. */
export function cseqOf(text: string): { readonly number: number; readonly method: string } {
  const value = field(text, 'CSeq');
  const space = value.indexOf(' ');
  return { number: Number(value.slice(0, space)), method: value.slice(space + 1) };
}

/** What answers an offer of this direction where nobody wants anything else. */
export const mirrored = (direction: Direction): Direction =>
  direction === 'sendonly' ? 'recvonly' : direction === 'recvonly' ? 'sendonly' : direction;

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly via: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  /** Lines, each with its line end. */
  readonly further: string;
  readonly body: string;
}

export function requestText(parts: RequestParts): string {
  const { method, uri, via, from, to, callId, cseq, further, body } = parts;
  return (
    `${method} ${uri} SIP/2.0\r\nVia: ${via}\r\nMax-Forwards: 70\r\nFrom: ${from}\r\nTo: ${to}\r\nCall-ID: ${callId}\r\n` +
    `CSeq: ${cseq} ${method}\r\n${further}${bodyText(body)}`
  );
}

/** Answers `request`, whose headers are as the SBC writes them. */
export function responseText(request: string, status: number, tag: string, further = '', body = ''): string {
  const to = field(request, 'To');
  const tagged = status === 100 || to.includes(';tag=') ? to : `${to};tag=${tag}`;
  return (
    `SIP/2.0 ${status} Reason\r\n${lines(request, 'Via')}From: ${field(request, 'From')}\r\nTo: ${tagged}\r\n` +
    `Call-ID: ${field(request, 'Call-ID')}\r\nCSeq: ${field(request, 'CSeq')}\r\n${further}${bodyText(body)}`
  );
}

/** CANCEL of an INVITE of ours, or the ACK of its refusal (RFC 3261 §9.1, §17.1.1.3). */
export function hopByHopText(method: 'ACK' | 'CANCEL', invite: string, to: string): string {
  return requestText({
    method,
    uri: invite.slice(7, invite.indexOf(' SIP/2.0')),
    via: field(invite, 'Via'),
    from: field(invite, 'From'),
    to,
    callId: field(invite, 'Call-ID'),
    cseq: cseqOf(invite).number,
    further: '',
    body: '',
  });
}

const bodyText = (body: string): string =>
  body === ''
    ? 'Content-Length: 0\r\n\r\n'
    : `Content-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

export const viaText = ({ via }: PartyIdentity, branch: string): string =>
  `SIP/2.0/${via.protocol} ${via.host}:${via.port ?? 5060};branch=${branch}${via.protocol === 'UDP' ? ';rport' : ''}`;
