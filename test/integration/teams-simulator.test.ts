import assert from 'node:assert/strict';
import type { TcpSocketConnectOpts } from 'node:net';
import { connect, createServer, type ConnectionOptions } from 'node:tls';
import { test, type TestContext } from 'node:test';
import { freeBlock } from '../kit/free-address.ts';
import { sharedPki } from '../kit/pki.ts';
import { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { LITTLE_FQDN as FQDN, LittleSbc } from './simulated-little-sbc.ts';

const pki = await sharedPki();

async function stage(t: TestContext) {
  const block = await freeBlock();
  const sbc = block.address(10);
  const microsoft = await pki.microsoft();
  const own = await pki.sbc(FQDN);
  const simulator = new TeamsSimulator({
    dataCentres: [
      { host: 'sip.pstnhub.microsoft.com', address: block.address(1) },
      { host: 'sip2.pstnhub.microsoft.com', address: block.address(2) },
    ],
    identity: microsoft,
    trust: pki.root,
    hosts: { [FQDN]: sbc },
  });
  await simulator.start();
  const little = new LittleSbc();
  const server = createServer({ cert: own.certificate, key: own.key, ca: pki.root, requestCert: true });
  server.on('secureConnection', (socket) => little.take(socket));
  await new Promise<void>((resolve) => server.listen(5061, sbc, resolve));
  t.after(async () => {
    await simulator.stop();
    server.close();
    block.release();
  });
  const dial = (identity: { certificate: string; key: string } = own) => {
    const { certificate: cert, key } = identity;
    const options: ConnectionOptions & Pick<TcpSocketConnectOpts, 'localAddress'> = {
      host: block.address(1),
      port: 5061,
      localAddress: sbc,
      servername: 'sip.pstnhub.microsoft.com',
      ca: pki.root,
      cert,
      key,
    };
    const socket = connect(options);
    little.take(socket);
    return socket;
  };
  return { block, simulator, little, dial };
}

const options = (contact: string) =>
  `OPTIONS sip:sip.pstnhub.microsoft.com:5061 SIP/2.0\r\nVia: SIP/2.0/TLS ${FQDN}:5061;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n` +
  `From: <sip:${FQDN}:5061>;tag=1\r\nTo: <sip:sip.pstnhub.microsoft.com:5061>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n${contact}Content-Length: 0\r\n\r\n`;

test('OPTIONS with the FQDN of the certificate are answered, and Microsoft sends its own to that Contact', async (t) => {
  const { simulator, little, dial } = await stage(t);
  dial().write(options(`Contact: <sip:${FQDN}:5061;transport=tls>\r\n`));
  const { message } = await little.hears(200);
  assert.equal(message.headers.to.params['tag'], undefined);
  assert.equal(message.headers['allow'], 'INVITE,ACK,OPTIONS,CANCEL,BYE,NOTIFY');
  assert.match(simulator.log.sent(200)[0]!.text, /\r\nCALL-ID: 1\r\n.*\r\nALLOW: /s);
  const theirs = await little.hears('OPTIONS');
  assert.equal(theirs.message.uri, `sip:${FQDN}:5061;transport=tls`);
});

for (const [why, contact, reason] of [
  [
    'an FQDN that the certificate does not cover',
    'Contact: <sip:other.example.com:5061>\r\n',
    /Provided Trunk FQDN 'other.example.com' is not allowed/,
  ],
  ['an IP address', 'Contact: <sip:192.0.2.1:5061>\r\n', /Provided Trunk FQDN '192.0.2.1' is not allowed/],
  ['neither Contact nor Record-Route', '', /Record-Route and Contact headers are missing/],
] as const) {
  test(`OPTIONS with ${why} are answered 403 with Microsoft's words`, async (t) => {
    const { little, dial } = await stage(t);
    dial().write(options(contact));
    const { message } = await little.hears(403);
    assert.match(String(message.headers['reason']), reason);
  });
}

test('a dialler without a certificate, or with one of another authority, is cut off', async (t) => {
  const { simulator, dial } = await stage(t);
  for (const identity of [{ certificate: '', key: '' }, await pki.leaf({ names: [FQDN], issuer: 'rogue' })]) {
    const socket = dial(identity);
    await new Promise((resolve) => socket.on('close', resolve));
  }
  const reasons = simulator.log.notes.filter((note) => note.kind === 'connection-refused').map((note) => note.detail);
  assert.equal(reasons.length, 2);
  assert.equal(reasons[0], 'no client certificate');
  assert.match(reasons[1] ?? '', /unknown authority/);
});

test('a certificate without clientAuth is accepted, as Microsoft does since public CAs stopped issuing it', async (t) => {
  const { little, dial } = await stage(t);
  dial(await pki.leaf({ names: [FQDN], usages: ['serverAuth'] })).write(options(`Contact: <sip:${FQDN}>\r\n`));
  const { message } = await little.hears(200);
  assert.equal(message.status, 200);
});

test('every request within a dialog comes on a connection of its own, from another data centre where asked', async (t) => {
  const { block, simulator, little } = await stage(t);
  const call = await simulator.call({ sbc: `${FQDN}:5061`, to: '+4930100' });
  await call.answered;
  await call.hold();
  assert.deepEqual(call.directions.teams, 'inactive');
  await call.bye({ from: 'sip2.pstnhub.microsoft.com' });
  const [invite, ack, bye] = [await little.hears('INVITE'), await little.hears('ACK'), await little.hears('BYE')];
  assert.equal(invite.message.uri, `sip:+4930100@${FQDN}:5061;user=phone;transport=tls`);
  assert.match(invite.message.content ?? '', /m=audio 50000 RTP\/SAVP .*a=crypto:1 AES_CM_128_HMAC_SHA1_80 /s);
  assert.notEqual(ack.connection, invite.connection);
  assert.equal(bye.remote, block.address(2));
  const connections = new Set(
    simulator.log.messages.filter((entry) => entry.direction === 'sent').map((entry) => entry.connection),
  );
  assert.equal(connections.size, 5, 'INVITE, ACK, re-INVITE, ACK, BYE');
});

test('a call from the SBC gets 100, 180 and 200 with an SRTP answer, and a BYE ends it', async (t) => {
  const { simulator, little, dial } = await stage(t);
  const invite = options(`Contact: <sip:${FQDN}:5061;transport=tls>\r\n`)
    .replaceAll('OPTIONS', 'INVITE')
    .replace('Content-Length: 0\r\n\r\n', '');
  const sdp =
    'v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/SAVP 8 97\r\na=rtpmap:97 telephone-event/8000\r\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:x\r\n';
  const answered = new Promise<void>((resolve) => {
    simulator.onCall = (call) => {
      call.ring();
      call.answer();
      void call.ended.then(() => resolve());
    };
  });
  const socket = dial();
  socket.write(`${invite}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`);
  for (const status of [100, 180, 200]) await little.hears(status);
  const { message } = await little.hears(200);
  assert.match(message.content ?? '', /m=audio 50000 RTP\/SAVP 8 97\r\n.*a=crypto:7 .*a=rtpmap:97 telephone-event/s);
  const to = `<sip:sip.pstnhub.microsoft.com:5061>;tag=${message.headers.to.params['tag']}`;
  socket.write(
    options('')
      .replaceAll('OPTIONS', 'BYE')
      .replace('z9hG4bK1', 'z9hG4bK2')
      .replace(/To: .*/, `To: ${to}`),
  );
  await answered;
  assert.equal(simulator.log.received('BYE').length, 1);
});
