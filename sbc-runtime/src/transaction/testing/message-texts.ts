/** For tests: messages of a peer, as text. */
import { Headers } from '../../sip/headers.ts';
import { Request } from '../../sip/message.ts';

export interface Asked {
  readonly branch?: string;
  readonly sentBy?: string;
  readonly toTag?: string;
  readonly fromTag?: string;
  readonly callId?: string;
  readonly cseq?: number;
}

/** A request of the peer, such as `peerRequest('INVITE')`. */
export function peerRequest(method: string, asked: Asked = {}): string {
  const branch = asked.branch ?? 'z9hG4bKpeer1';
  return [
    `${method} sip:+4989123@192.0.2.1 SIP/2.0`,
    `Via: SIP/2.0/UDP ${asked.sentBy ?? '192.0.2.2:5060'}${branch === '' ? '' : `;branch=${branch}`}`,
    'Max-Forwards: 70',
    `From: <sip:alice@example.com>;tag=${asked.fromTag ?? 'alice'}`,
    `To: <sip:bob@example.com>${asked.toTag === undefined ? '' : `;tag=${asked.toTag}`}`,
    `Call-ID: ${asked.callId ?? 'call-1'}`,
    `CSeq: ${asked.cseq ?? 1} ${method}`,
    'Contact: <sip:alice@192.0.2.2>',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}

/** The peer's response to a message that we sent. */
export function peerResponse(request: { readonly headers: Headers }, status: number, toTag = 'bob'): string {
  const { headers } = request;
  const to = headers.get('To') ?? '';
  return [
    `SIP/2.0 ${status} Whatever`,
    `Via: ${headers.get('Via') ?? ''}`,
    `From: ${headers.get('From') ?? ''}`,
    `To: ${to.includes(';tag=') || status === 100 ? to : `${to};tag=${toTag}`}`,
    `Call-ID: ${headers.get('Call-ID') ?? ''}`,
    `CSeq: ${headers.get('CSeq') ?? ''}`,
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}

/** A request that we send. */
export function ourRequest(method: string): Request {
  return new Request(
    method,
    'sip:bob@192.0.2.2',
    Headers.from([
      ['Route', '<sip:edge1.example.com;lr>'],
      ['Route', '<sip:edge2.example.com;lr>'],
      ['Max-Forwards', '70'],
      ['From', '<sip:us@192.0.2.1>;tag=us'],
      ['To', '<sip:bob@example.com>'],
      ['Call-ID', 'our-call'],
      ['CSeq', `7 ${method}`],
      ['Contact', '<sip:192.0.2.1>'],
    ]),
  );
}
