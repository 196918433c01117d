#!/usr/bin/env node
// Plays Microsoft Teams for load tests: TLS server with mutual TLS that answers every INVITE with 180 and, 1 ms later,
// 200, and every BYE and OPTIONS with 200. No dependencies. One process, several connections.
//   node teams-uas.mjs ADDRESS PORT PKI_DIRECTORY [--no-sdp] [--gap=MS]      between 180 and 200; default 1
// SIGUSR2 prints the counts as one line of JSON, SIGTERM prints them and ends it.
// It stands in for `sipp -t l1 -sf teams-uas.xml`, because Debian 12's sipp has no TLS. Same messages, same order.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';

const [address, port, pki, ...flags] = process.argv.slice(2);
const gapMs = Number(flags.find((flag) => flag.startsWith('--gap='))?.slice(6) ?? 1);
const sdp = flags.includes('--no-sdp')
  ? ''
  : [
      'v=0',
      `o=- 1 1 IN IP4 ${address}`,
      's=session',
      `c=IN IP4 ${address}`,
      'b=CT:10000000',
      't=0 0',
      'm=audio 6000 RTP/SAVP 8 101',
      'a=rtcp-mux',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-16',
      'a=ptime:20',
      'a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ|2^31',
      '',
    ].join('\r\n');
const contact = `Contact: <sip:api-du-b-euwe.pstnhub.microsoft.com:${port};transport=tls;x-i=2d6f>\r\n`;
const trailer = 'Allow: INVITE, ACK, OPTIONS, CANCEL, BYE, NOTIFY\r\nServer: Microsoft.PSTNHub.SIPProxy bench\r\n';
// `unencrypted`: INVITEs whose offer is not RTP/SAVP with a crypto line, that is, which no relay has turned into Teams' kind of media.
const counts = { connections: 0, invite: 0, ack: 0, bye: 0, options: 0, other: 0, unencrypted: 0 };
let tags = 0;

/** The header lines that a response copies from its request (RFC 3261 §8.2.6.2), with our tag on To. */
function copied(head, tag, withRecordRoute) {
  let lines = '';
  for (const line of head.split('\r\n')) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    if (name === 'via' || name === 'from' || name === 'call-id' || name === 'cseq') lines += line + '\r\n';
    else if (name === 'record-route' && withRecordRoute) lines += line + '\r\n';
    else if (name === 'to') lines += line + (tag && !line.includes(';tag=') ? `;tag=${tag}` : '') + '\r\n';
  }
  return lines;
}

function respond(socket, status, head, { tag, withRecordRoute = false, body = '' } = {}) {
  const type = body ? 'Content-Type: application/sdp\r\n' : '';
  socket.write(
    `SIP/2.0 ${status}\r\n${copied(head, tag, withRecordRoute)}${contact}${trailer}${type}Content-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}

function onMessage(socket, head, body) {
  const method = head.slice(0, head.indexOf(' ')).toLowerCase();
  if (method in counts) counts[method]++;
  else counts.other++;
  if (method === 'invite') {
    if (!/^m=audio \d+ RTP\/SAVP /m.test(body) || !body.includes('\na=crypto:')) counts.unencrypted++;
    const tag = `T${process.pid}x${++tags}`;
    respond(socket, '180 Ringing', head, { tag, withRecordRoute: true });
    // Later by a tick, as with sipp and with people: both in one read would spare the SBC a wake-up.
    setTimeout(() => respond(socket, '200 OK', head, { tag, withRecordRoute: true, body: sdp }), gapMs);
  } else if (method === 'bye' || method === 'options') {
    respond(socket, '200 OK', head, { tag: `O${++tags}` });
  }
}

/** Cuts the byte stream into messages by Content-Length (RFC 3261 §18.3) and skips keep-alive CRLFs between them. */
function onConnection(socket) {
  counts.connections++;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  let pending = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    pending += chunk;
    for (;;) {
      while (pending.startsWith('\r\n')) pending = pending.slice(2);
      const end = pending.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = pending.slice(0, end);
      const length = Number(/\r\n(?:content-length|l)[ \t]*:[ \t]*(\d+)/i.exec(head)?.[1] ?? 0);
      if (pending.length < end + 4 + length) return;
      const body = pending.slice(end + 4, end + 4 + length);
      pending = pending.slice(end + 4 + length);
      onMessage(socket, head, body);
    }
  });
}

const file = (name) => readFileSync(`${pki}/${name}`);
createServer(
  { cert: file('teams.pem'), key: file('teams.key'), ca: file('ca.pem'), requestCert: true, minVersion: 'TLSv1.2' },
  onConnection,
).listen(Number(port), address, () => console.log('ready'));
const print = () => console.log(JSON.stringify(counts));
process.on('SIGUSR2', print);
process.on('SIGTERM', () => {
  print();
  process.exit(0);
});
