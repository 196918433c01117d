import assert from 'node:assert/strict';
import { test } from 'node:test';
import { teamsFault } from './teams-fault.ts';

const good = [
  'INVITE sip:+4989111111@sip.pstnhub.microsoft.com:5061;user=phone SIP/2.0',
  'Via: SIP/2.0/TLS sbc-0.example.com:5061;branch=z9hG4bK1;rport',
  'From: "1.2.3.4" <sip:+493055555@sbc-0.example.com>;tag=1',
  'To: <sip:+4989111111@sip.pstnhub.microsoft.com:5061;user=phone>',
  'Contact: <sip:sbc-0.example.com:5061;transport=tls>',
  'User-Agent: teams-sbc/1.2.3.4',
];
const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 203.0.113.10',
  'c=IN IP4 203.0.113.10',
  'm=audio 30000 RTP/SAVP 8 0 101',
  'a=sendrecv',
];
const request = (lines: readonly string[], body: readonly string[] = sdp) =>
  `${lines.join('\r\n')}\r\n\r\n${body.join('\r\n')}\r\n`;
const changed = (lines: readonly string[], from: string, to: string) => lines.map((line) => line.replace(from, to));

test('what Teams takes passes', () => {
  assert.equal(teamsFault(request(good)), undefined);
  const response = [
    'SIP/2.0 200 OK',
    'Via: SIP/2.0/TLS 52.114.132.46:5061',
    'RECORD-ROUTE: <sip:sip-du-a.pstnhub.microsoft.com;lr>',
  ];
  assert.equal(teamsFault(request([...response, 'Contact: <sip:sbc-0.example.com:5061>'])), undefined);
});

const faults: Record<string, string> = {
  'an address in Via': request(changed(good, 'TLS sbc-0.example.com', 'TLS 203.0.113.10')),
  'this machine in Via': request(changed(good, 'TLS sbc-0.example.com', 'TLS 127.0.0.1')),
  'any address in Contact': request(changed(good, 'sip:sbc-0.example.com:5061;', 'sip:0.0.0.0:5061;')),
  'IPv6 in a compact Contact': request(changed(good, 'Contact: <sip:sbc-0.example.com', 'm: <sip:[2001:db8::1]')),
  'an address in From': request(changed(good, '@sbc-0.example.com', '@10.0.0.2')),
  'an address in the request URI': request(
    changed(good, 'INVITE sip:+4989111111@sip.pstnhub.microsoft.com', 'INVITE sip:+49@52.114.132.46'),
  ),
  'an address in a Contact of a 200': request(['SIP/2.0 200 OK', 'Contact: <sip:203.0.113.10:5061;transport=tls>']),
  'a route of ours': request([...good, 'Record-Route: <sip:sbc-0.example.com;lr>']),
  'a route of ours in a response': request(['SIP/2.0 200 OK', 'Record-Route: <sip:sbc-0.example.com;lr>']),
  'sips:': request(changed(good, 'Contact: <sip:', 'Contact: <sips:')),
  'an empty user': request(changed(good, 'Contact: <sip:', 'Contact: <sip:@')),
  Replaces: request([...good, 'Replaces: a;to-tag=1;from-tag=2']),
  '100rel': request([...good, 'Require: 100rel']),
  'plain RTP': request(good, changed(sdp, 'RTP/SAVP', 'RTP/AVP')),
  'a payload type twice': request(good, changed(sdp, '8 0 101', '8 0 8')),
  'no address': request(good, changed(sdp, 'c=IN IP4 203.0.113.10', 'c=IN IP4 0.0.0.0')),
  'no port': request(good, changed(sdp, 'audio 30000', 'audio 0')),
  recvonly: request(good, changed(sdp, 'a=sendrecv', 'a=recvonly')),
};
for (const [what, text] of Object.entries(faults)) {
  test(`${what} is found`, () => assert.notEqual(teamsFault(text), undefined));
}
