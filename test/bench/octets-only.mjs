/**
 * octets-only.mjs ADDRESS PKI: what the platform costs. Moves each datagram of the PBX to Teams over one TLS connection, and each message of Teams back to the
 * address in its Via: no parser, no transaction, no call. Calls go through it whole, for both load generators accept what they sent themselves.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';

const [address, pki] = process.argv.slice(2);
const udp = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
let teams;
let held = '';

/** The load generators start when they like: tried until somebody answers. */
function dial() {
  const socket = connect({
    host: '127.0.0.20',
    port: 5061,
    servername: 'sip.pstnhub.microsoft.com',
    key: readFileSync(join(pki, 'sbc.key')),
    cert: readFileSync(join(pki, 'sbc.pem')),
    ca: readFileSync(join(pki, 'ca.pem')),
  });
  socket.setNoDelay(true);
  socket.once('error', () => setTimeout(dial, 200));
  socket.once('secureConnect', () => {
    teams = socket;
    socket.on('data', received);
  });
}

function received(chunk) {
  held += chunk.latin1Slice();
  for (let head = held.indexOf('\r\n\r\n'); head >= 0; head = held.indexOf('\r\n\r\n')) {
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(held.slice(0, head + 2))?.[1] ?? 0);
    const end = head + 4 + length;
    if (held.length < end) return;
    const [, host, port = '5060'] = /\r\nvia: SIP\/2\.0\/\w+ ([\d.]+)(?::(\d+))?/i.exec(held) ?? [];
    if (host !== undefined) udp.send(Buffer.from(held.slice(0, end), 'latin1'), Number(port), host);
    held = held.slice(end);
  }
}

udp.on('message', (datagram) => teams?.write(datagram));
udp.bind(5060, address, dial);
