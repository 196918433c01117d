/** Well-formed messages of every kind that the mutations start from, alone and inside a call that stands. */
import { torture, tortureCases } from './rfc4475-reactions.ts';
import type { Dice } from '../mutation.ts';

export interface Sender {
  readonly protocol: 'UDP' | 'TLS';
  /** Host and port of Via and Contact. */
  readonly sentBy: string;
  /** Host and port of the SBC in a Request-URI. */
  readonly sbc: string;
}

/** A call that stands, as its caller sees it. */
export interface StandingCall {
  readonly callId: string;
  /** With tags. */
  readonly from: string;
  readonly to: string;
  /** Request-URI. */
  readonly target: string;
  sequence: number;
}

const SDP = [
  'v=0',
  'o=pbx 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 40000 RTP/AVP 8 0 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=ptime:20',
  'a=sendrecv',
  '',
].join('\r\n');

const METHODS = [
  ...['OPTIONS', 'INVITE', 'INVITE', 'INVITE', 'BYE', 'CANCEL', 'ACK', 'REGISTER', 'SUBSCRIBE', 'NOTIFY'],
  ...['REFER', 'MESSAGE', 'INFO', 'UPDATE', 'PRACK', 'PUBLISH', 'XYZZY'],
];
const IN_DIALOG = ['INVITE', 'INVITE', 'ACK', 'UPDATE', 'INFO', 'NOTIFY', 'REFER', 'OPTIONS', 'PRACK', 'MESSAGE'];

interface Parts {
  readonly uri: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly sequence: number;
}

export function requestText(method: string, { protocol, sentBy }: Sender, id: string, parts: Parts): string {
  const body = method === 'INVITE' || method === 'UPDATE' ? SDP : '';
  return [
    `${method} ${parts.uri} SIP/2.0`,
    `Via: SIP/2.0/${protocol} ${sentBy};branch=z9hG4bK${id};rport`,
    'Max-Forwards: 70',
    `From: ${parts.from}`,
    `To: ${parts.to}`,
    `Call-ID: ${parts.callId}`,
    `CSeq: ${parts.sequence} ${method}`,
    `Contact: <sip:fuzz@${sentBy}${protocol === 'TLS' ? ';transport=tls' : ''}>`,
    'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS',
    'Supported: timer, 100rel, replaces',
    ...(method === 'REFER' ? [`Refer-To: <sip:+4989@${sentBy}>`] : []),
    ...(method === 'PRACK' ? ['RAck: 1 1 INVITE'] : []),
    ...(method === 'NOTIFY' ? ['Event: refer', 'Subscription-State: active'] : []),
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

const FURTHER_LINES = [
  ...[
    'Session-Expires: 90;refresher=uac',
    'Session-Expires: 1800',
    'Min-SE: 4000',
    'Require: timer',
    'Require: 100rel',
  ],
  ...[
    'Supported: 100rel',
    'Replaces: x;to-tag=1;from-tag=2',
    'Referred-By: <sip:a@b.c>',
    'Event: refer;id=1',
    'Privacy: id',
  ],
  ...['P-Asserted-Identity: <tel:+4989>', 'History-Info: <sip:+49@x.y>;index=1', 'Reason: Q.850;cause=16', 'Join: x'],
  ...[
    'Proxy-Authorization: Digest username="a"',
    'Diversion: <sip:+49@x.y>',
    'Refer-Sub: false',
    'Subject: x',
    'Expires: 1',
  ],
];

/** The next message to hurt, whole. */
export function baseMessage(dice: Dice, sender: Sender, id: string, call: StandingCall | undefined): string {
  let text = plainMessage(dice, sender, id, call);
  // Calls without an offer.
  if (text.startsWith('INVITE ') && dice.below(4) === 0)
    text = text.replace(
      /Content-Type: application\/sdp\r\nContent-Length: \d+\r\n\r\n[^]*/,
      'Content-Length: 0\r\n\r\n',
    );
  for (let left = dice.pick([0, 0, 1, 2]); left > 0; left--)
    text = text.replace('\r\n', () => `\r\n${dice.pick(FURTHER_LINES)}\r\n`);
  return text;
}

function plainMessage(dice: Dice, sender: Sender, id: string, call: StandingCall | undefined): string {
  const kind = dice.below(10);
  if (kind === 0) return torture(dice.pick(tortureCases).name);
  if (kind === 1) return responseToNothing(dice, sender, id);
  if (call !== undefined && kind < 6) {
    call.sequence += 1;
    const { target: uri, from, to, callId, sequence } = call;
    return requestText(dice.pick(IN_DIALOG), sender, id, { uri, from, to, callId, sequence });
  }
  return requestText(dice.pick(METHODS), sender, id, {
    uri: `sip:+498912345@${sender.sbc}`,
    from: `"Fuzz" <sip:+4930@${sender.sentBy}>;tag=f${id}`,
    to: `<sip:+498912345@${sender.sbc}>${dice.below(8) === 0 ? ';tag=unknown' : ''}`,
    callId: `fuzz-${id}@${sender.sentBy}`,
    sequence: 1 + dice.below(100),
  });
}

function responseToNothing(dice: Dice, { protocol, sentBy, sbc }: Sender, id: string): string {
  const method = dice.pick(METHODS);
  return [
    `SIP/2.0 ${dice.pick([100, 180, 183, 200, 202, 302, 401, 407, 486, 487, 491, 503, 603])} Whatever`,
    `Via: SIP/2.0/${protocol} ${sbc};branch=z9hG4bK${id}`,
    `From: <sip:+4930@${sbc}>;tag=f${id}`,
    `To: <sip:+498912345@${sentBy}>;tag=t${id}`,
    `Call-ID: fuzz-${id}@${sbc}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:fuzz@${sentBy}>`,
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}
